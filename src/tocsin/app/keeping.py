"""What the end of an event means for its vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tocsin.loop.detect import queries as detect
from tocsin.loop.detect.facts import EventEnded
from tocsin.loop.detect.queries import EventLine
from tocsin.loop.verify import queries as verify
from tocsin.loop.verify.facts import EventClosed
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.seal import vault
from tocsin.terms.event import EventState

__all__ = ["on_event_closed", "on_event_ended", "sweep"]

CLOSED, SURVIVOR_CLOSED = "the event was closed", "the event that it was merged into was closed"


def on_event_ended(facts: Sequence[EventEnded], now: datetime) -> None:
    """Its signals are over: people may still be in shelters, so that the vault has its days until somebody closes the event."""
    for fact in facts:
        vault.note_ended(fact.event, now=now)


def on_event_closed(facts: Sequence[EventClosed], now: datetime) -> None:
    """Somebody closed it: the vault is destroyed, unless an assessment keeps it."""
    for fact in facts:
        vault.destroy(fact.event, CLOSED, now=now)


def sweep(*, now: datetime) -> int:
    """The same by looking: a vault that was written to while its event was being closed, or whose event went on in another one,
    ends with it; and whatever has outlived its event or its assessment. How many were destroyed."""
    kept = vault.living()
    if not kept:
        return 0
    ends = _ends(kept)
    closed = {line.event for line in verify.dossiers(EVERYWHERE, set(ends.values()) | set(kept)).values()
              if line.closed_at is not None}  # fmt: skip
    over = {
        line.id for line in detect.events(EVERYWHERE, set(ends.values())).values() if line.state is EventState.ENDED
    }
    done = 0
    for event in kept:
        if event in closed or ends[event] in closed:
            done += vault.destroy(event, CLOSED if event in closed else SURVIVOR_CLOSED, now=now)
        elif ends[event] in over:
            vault.note_ended(event, now=now)
    return done + vault.sweep(now=now)


def _ends(events: Sequence[str]) -> dict[str, str]:
    """For each event the one in which it goes on, itself where it was merged into none."""
    ends = {event: event for event in events}
    known: Mapping[str, EventLine] = detect.events(EVERYWHERE, events)
    for _hop in range(8):  # a merge joins two that live; longer chains are rare
        moved = {
            event: known[end].merged_into for event, end in ends.items() if end in known and known[end].merged_into
        }
        if not moved:
            break
        ends |= {event: into for event, into in moved.items() if into}
        known = {**known, **detect.events(EVERYWHERE, set(ends.values()) - set(known))}
    return ends
