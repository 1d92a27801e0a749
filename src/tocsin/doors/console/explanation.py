"""Why an event has its level, and what changed it: the engine's keys (engine/grade.py, engine/event_change.py) in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.terms.event import LevelPart

__all__ = ["Names", "because_words", "factor_words", "part_words"]


@dataclass(frozen=True, slots=True)
class Names:
    """How things are called on this page: a signal, an event, a facility, a level by rank."""

    signal: Callable[[str], str]
    event: Callable[[str], str]
    facility: Callable[[str], str]
    level: Callable[[int], str]


def factor_words(factor: str) -> str:
    """The factor of a part of the explanation."""
    return {"intensity": _("Intensity"), "exposure": _("Exposure"), "certainty": _("Certainty"),
            "result": _("Level of the event")}.get(factor, factor)  # fmt: skip


def part_words(part: LevelPart, names: Names) -> str:
    """One part as a sentence."""
    key, _colon, rest = part.because.partition(":")
    value = _value(part, names)
    if key == "signal":
        return _("{value}: highest level among its signals, {signal}").format(
            value=value, signal=names.signal(rest.rpartition(":")[0])
        )
    if key == "facility":
        return _("{value}: {facility} is near").format(value=value, facility=names.facility(rest))
    if key == "streams":
        number = ngettext("{n} independent stream", "{n} independent streams", int(rest)).format(n=int(rest))
        return _("{value}: {streams}").format(value=value, streams=number)
    if key == "cascade":
        return _("{value}: {because}").format(value=value, because=because_words(part.because, names))
    if key == "sum":
        return _("{value}: the sum of the parts is rank {n}").format(value=value, n=rest)
    return f"{value}: {part.because}"


def because_words(because: str, names: Names) -> str:
    """Why an event changed."""
    key, _colon, rest = because.partition(":")
    said: Mapping[str, Callable[[], str]] = {
        "signal": lambda: _("Signal {signal}").format(signal=names.signal(rest)),
        "confirmed": lambda: _("The late data confirm {signal}").format(signal=names.signal(rest)),
        "retracted": lambda: _("The late data do not bear out {signal}").format(signal=names.signal(rest)),
        "gap": lambda: _("All signals cleared and the waiting time passed"),
        "parent": lambda: _("The event that proposed it ended: {event}").format(event=names.event(rest)),
        "merged": lambda: _("It met another event and became one with it: {event}").format(event=names.event(rest)),
        "cascade": lambda: _("Expected at {facility} as a consequence of another event").format(
            facility=names.facility(rest.rpartition(":")[2])
        ),
    }
    return said[key]() if key in said else because


def _value(part: LevelPart, names: Names) -> str:
    if part.factor in ("intensity", "result") and part.value.isdigit():
        return names.level(int(part.value))
    number = int(part.value) if part.value.lstrip("+-").isdigit() else None
    if number == 0:
        return _("No change")
    return part.value if number is None else ngettext("{n} rank", "{n} ranks", abs(number)).format(n=part.value)
