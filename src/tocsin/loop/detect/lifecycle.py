"""States of signals and events and the moves between them. Pure. Only the engine makes these moves."""

from __future__ import annotations

import enum

from tocsin.terms.event import EventState
from tocsin.terms.signal import Change

__all__ = ["EVENT_MOVES", "SIGNAL_MOVES", "SignalState", "event_may", "signal_after"]


class SignalState(enum.StrEnum):
    """NONE: never seen. RAISED: its condition holds at some level. CLEARED: over for good; a new onset is a new signal."""

    NONE = "none"
    RAISED = "raised"
    CLEARED = "cleared"


SIGNAL_MOVES: dict[tuple[SignalState, Change], SignalState] = {
    (SignalState.NONE, Change.RAISED): SignalState.RAISED,
    (SignalState.RAISED, Change.CHANGED): SignalState.RAISED,
    (SignalState.RAISED, Change.CLEARED): SignalState.CLEARED,
}

EVENT_MOVES: frozenset[tuple[EventState | None, EventState]] = frozenset(
    {
        (None, EventState.PROPOSED),
        (None, EventState.OPEN),
        (None, EventState.MERGED),  # two events met in the batch in which the later one began
        (None, EventState.ENDED),  # began and ended within one batch
        (EventState.PROPOSED, EventState.PROPOSED),
        (EventState.PROPOSED, EventState.OPEN),
        (EventState.PROPOSED, EventState.ENDED),
        (EventState.PROPOSED, EventState.MERGED),
        (EventState.OPEN, EventState.OPEN),
        (EventState.OPEN, EventState.ENDED),
        (EventState.OPEN, EventState.MERGED),
    }
)


def signal_after(state: SignalState, change: Change) -> SignalState | None:
    """The state after a change; None where the change cannot follow."""
    return SIGNAL_MOVES.get((state, change))


def event_may(before: EventState | None, after: EventState) -> bool:
    """Whether an event may go from one state to the other. ENDED and MERGED are final."""
    return (before, after) in EVENT_MOVES
