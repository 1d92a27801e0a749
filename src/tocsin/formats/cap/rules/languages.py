"""Rules about the infos of one message beside each other (R24, R25): languages agree, and say it in their own words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from tocsin.formats.cap.message import Alert, Info
from tocsin.formats.cap.rules.checking import Checking
from tocsin.formats.cap.rules.envelope import ROOT

__all__ = ["check_languages"]


def check_languages(checking: Checking, alert: Alert) -> None:
    """R24 and R25; nothing to do for a single info."""
    if len(alert.infos) < 2:
        return
    by_language: dict[str, list[tuple[int, Info]]] = defaultdict(list)
    for number, info in enumerate(alert.infos, 1):
        by_language[info.spoken.lower()].append((number, info))
    for told in by_language.values():
        if len(told) > 1:
            _contradiction(checking, told)
    if len(by_language) > 1:
        _agreement(checking, list(by_language.values()))
        _translation(checking, alert)


def _target(info: Info) -> object:
    """Where it is about, without words and without order."""
    return frozenset(
        part for area in info.areas for part in (*area.polygons, *area.circles, *area.geocodes, ("from", area.altitude),
                                                 ("to", area.ceiling))
    )  # fmt: skip


# What must be the same whatever the language. The event's name and the areas' names are words and differ.
_SAME: tuple[tuple[str, Callable[[Info], object]], ...] = (
    ("category", lambda info: frozenset(info.categories)),
    ("urgency, severity and certainty", lambda info: (info.urgency, info.severity, info.certainty)),
    ("effective, onset and expires", lambda info: (info.effective, info.onset, info.expires)),
    ("responseType", lambda info: frozenset(info.response_types)),
    ("eventCode", lambda info: frozenset(info.event_codes)),
    ("area", _target),
)


def _agreement(checking: Checking, groups: list[list[tuple[int, Info]]]) -> None:
    """Each language as a whole: several infos of a language are compared as a set with those of another."""
    for what, part in _SAME:
        first = {part(info) for _, info in groups[0]}
        for told in groups[1:]:
            if {part(info) for _, info in told} != first:
                number, info = told[0]
                checking.add("R24", f"{ROOT}/cap:info[{number}]",
                             f"{what} of {info.spoken} differs from that of {groups[0][0][1].spoken}")  # fmt: skip


def _contradiction(checking: Checking, told: list[tuple[int, Info]]) -> None:
    """Two infos in one language about the same event, place and time must not give it two levels."""
    seen: dict[object, Info] = {}
    for number, info in told:
        about = (info.event, frozenset(info.event_codes), _target(info), tuple(area.area_desc for area in info.areas),
                 info.effective, info.onset, info.expires, info.audience)  # fmt: skip
        other = seen.setdefault(about, info)
        if (other.urgency, other.severity, other.certainty) != (info.urgency, info.severity, info.certainty):
            checking.add(
                "R24", f"{ROOT}/cap:info[{number}]", "it gives another level than an earlier info in its language"
            )


def _translation(checking: Checking, alert: Alert) -> None:
    said: dict[str, str] = {}
    for number, info in enumerate(alert.infos, 1):
        text = info.description or info.headline
        if text and said.setdefault(text, info.spoken) != info.spoken:
            checking.add("R25", f"{ROOT}/cap:info[{number}]", f"it says in {info.spoken} what was said in {said[text]}")
