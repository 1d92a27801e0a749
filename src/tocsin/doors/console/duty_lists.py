"""Lists of the duty page: which events stand in it and in which order, which are pinned, and what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.lines import EventOnPage, events_on_page
from tocsin.doors.console.standing import standings
from tocsin.loop.detect import queries as detect
from tocsin.loop.detect.queries import EventLine
from tocsin.loop.verify import queries as verify

__all__ = ["DutyFacts", "Pair", "duty_events", "duty_facts", "pinned"]

PINNED_AT_MOST = 12
Pair = tuple[EventLine, EventOnPage]


@dataclass(frozen=True, slots=True)
class DutyFacts:
    """How many events of the list are unacknowledged, have something overdue, are unverified."""

    unacknowledged: int
    overdue: int
    unverified: int


def duty_events(frame: Frame) -> list[Pair]:
    """Events that go on, then those that are over with an open file: nobody's before somebody's, the highest level, then the
    oldest (screens.md, screen 1)."""
    live = detect.open_events(frame.scope)
    known = {line.id for line in live}
    open_files = [file.event for file in verify.open_dossiers(frame.scope) if file.event not in known]
    lines = [*live, *detect.events(frame.scope, open_files).values()]
    found = standings(frame.scope, [line.id for line in lines], frame.language)
    shown = events_on_page(lines, frame.words, frame.register, frame.language, found)
    return sorted(zip(lines, shown, strict=True), key=_order)


def _order(pair: Pair) -> tuple[bool, bool, int, int, str]:
    line, event = pair
    return not event.is_open, not event.standing.is_unacknowledged, -line.level, line.began_us, line.id


def pinned(frame: Frame, events: Sequence[EventOnPage]) -> list[EventOnPage]:
    """Loud events of the pinned ranks, the most severe and oldest first."""
    loud = [event for event in events if event.is_loud and event.level >= frame.words.pinned_rank]
    return sorted(loud, key=lambda event: (-event.level, event.began_us))[:PINNED_AT_MOST]


def duty_facts(events: Sequence[EventOnPage]) -> DutyFacts:
    """What stands beside the counts of levels."""
    return DutyFacts(
        unacknowledged=sum(event.standing.is_unacknowledged for event in events),
        overdue=sum(event.standing.overdue_us is not None for event in events),
        unverified=sum(event.standing.verdict == "unverified" for event in events),
    )
