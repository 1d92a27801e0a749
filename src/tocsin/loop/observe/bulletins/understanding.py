"""What a message says in our words: which hazard, how high, from when to when; and its own words by language. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.formats.cap import Alert, Info, ends_at, starts_at
from tocsin.formats.sms import shown
from tocsin.loop.observe.bulletins.feed import Speaks
from tocsin.terms.level import Scheme

__all__ = ["LONGEST", "Said", "rank_of", "said", "texts_of", "words_in"]

LONGEST = timedelta(days=31)  # what the log takes of one bulletin
_LEVELS = ("Minor", "Moderate", "Severe", "Extreme")  # of CAP, from the least; anything else is Unknown
_COLOURS = ("colour", "color", "colorcode", "awareness_level", "alertlevel", "alert_level")
_LANGUAGES = 16
_CUT = {"event": 200, "headline": 300, "sender_name": 200, "area": 600, "description": 6000, "instruction": 6000,
        "grading": 300, "contact": 300, "web": 500}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """One hazard of a message ("" where its feed may speak for none of these events), with the infos that say it."""

    hazard: str
    rank: int
    begins: datetime
    until: datetime
    infos: tuple[Info, ...]


def said(alert: Alert, speaks: Sequence[Speaks], scheme: Scheme, holds_for: timedelta) -> list[Said]:
    """One line a hazard, the highest first. Infos of one hazard in several languages are one; the highest level counts, and
    the longest period. What is Unknown counts as high (R59)."""
    by_hazard = _by_hazard(alert, speaks)
    found = []
    for hazard, infos in by_hazard.items():
        begins = min(starts_at(alert, info) for info in infos)
        until = min(max(ends_at(alert, info, holds_for) for info in infos), begins + LONGEST)
        found.append(Said(hazard, max(rank_of(info, scheme) for info in infos), begins, until, tuple(infos)))
    return sorted(found, key=lambda one: (-one.rank, one.hazard))


def _by_hazard(alert: Alert, speaks: Sequence[Speaks]) -> dict[str, list[Info]]:
    """The infos that speak of each hazard. One whose event no declaration names goes with the only hazard that is named, where
    it says the same in another language (R24)."""
    found: dict[str, list[Info]] = {}
    unnamed = []
    for info in alert.infos:
        hazards = _hazards(info, speaks)
        unnamed += [] if hazards else [info]
        for hazard in hazards:
            found.setdefault(hazard, []).append(info)
    spoken = {info.spoken.lower() for infos in found.values() for info in infos}
    only = next(iter(found)) if len(found) == 1 else ""
    for info in unnamed:
        found.setdefault(only if info.spoken.lower() not in spoken else "", []).append(info)
    return found


def rank_of(info: Info, scheme: Scheme) -> int:
    """The rank on our scheme: that of a colour that it names, where the scheme has it, and never less than what severity says.
    Unknown, with no colour either, is the highest (R59)."""
    ranks = len(scheme.levels)
    named = [rank for rank in (_colour(pair.value, scheme) for pair in info.parameters
                               if pair.name.lower() in _COLOURS) if rank]  # fmt: skip
    if info.severity not in _LEVELS:
        return max(named, default=ranks)
    by_level = 1 + round(_LEVELS.index(info.severity) * (ranks - 1) / (len(_LEVELS) - 1))
    return max([by_level, *named])


def texts_of(alert: Alert) -> dict[str, dict[str, str]]:
    """Its words by language as it spells them, without what turns the direction of writing (R31); long ones are cut."""
    texts: dict[str, dict[str, str]] = {}
    for info in alert.infos:
        if info.spoken in texts or len(texts) >= _LANGUAGES:
            continue
        area = "; ".join(dict.fromkeys(area.area_desc for area in info.areas if area.area_desc))
        words = {"event": info.event, "headline": info.headline, "sender_name": info.sender_name, "area": area,
                 "description": info.description, "instruction": info.instruction, "grading": _grading(info),
                 "contact": info.contact, "web": info.web}  # fmt: skip
        texts[info.spoken[:40]] = {key: _cut(shown(value), _CUT[key]) for key, value in words.items()}
    return texts


def _grading(info: Info) -> str:
    """How the authority itself grades it, in its own words."""
    own = [pair.value for pair in info.parameters if pair.name.lower() in _COLOURS]
    return " · ".join(part for part in (*own, info.severity, info.urgency, info.certainty) if part)


def words_in(languages: Iterable[str], language: str) -> str:
    """Which of these languages a reader of ``language`` (``zh-hans``, ``en``) gets: his own, else English, else the first."""
    told = list(languages)
    for wanted in (language[:2], "en"):
        for one in told:
            if one.lower().startswith(wanted):
                return one
    return told[0] if told else ""


def _hazards(info: Info, speaks: Sequence[Speaks]) -> list[str]:
    names = {_plain(info.event), *(f"{_plain(pair.name)}={_plain(pair.value)}" for pair in info.event_codes), "*"}
    return list(dict.fromkeys(part.hazard for part in speaks if names & {_plain(event) for event in part.events}))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _colour(value: str, scheme: Scheme) -> int:
    words = re.split(r"[^a-z_]+", value.casefold())
    return max((level.rank for level in scheme.levels if level.code in words), default=0)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
