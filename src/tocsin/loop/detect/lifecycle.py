"""States of signals and events and the moves between them. Pure. Only the engine makes these moves."""

from __future__ import annotations

import enum

from tocsin.terms.event import EventState
from tocsin.terms.signal import Change, Finality

__all__ = ["EVENT_MOVES", "SIGNAL_MOVES", "SignalState", "event_may", "signal_after"]


class SignalState(enum.StrEnum):
    """NONE: never seen. PROVISIONAL: said on what had arrived. RAISED: its condition holds at some level, finally. CLEARED:
    over for good; a new onset is a new signal. RETRACTED: late data did not bear it out; it never was."""

    NONE = "none"
    PROVISIONAL = "provisional"
    RAISED = "raised"
    CLEARED = "cleared"
    RETRACTED = "retracted"


SIGNAL_MOVES: dict[tuple[SignalState, Change, Finality], SignalState] = {
    (SignalState.NONE, Change.RAISED, Finality.FINAL): SignalState.RAISED,
    (SignalState.RAISED, Change.CHANGED, Finality.FINAL): SignalState.RAISED,
    (SignalState.RAISED, Change.CLEARED, Finality.FINAL): SignalState.CLEARED,
    (SignalState.NONE, Change.RAISED, Finality.PROVISIONAL): SignalState.PROVISIONAL,
    (SignalState.PROVISIONAL, Change.CHANGED, Finality.PROVISIONAL): SignalState.PROVISIONAL,
    (SignalState.PROVISIONAL, Change.RAISED, Finality.FINAL): SignalState.RAISED,  # confirmed, at whatever level
    (SignalState.PROVISIONAL, Change.RETRACTED, Finality.PROVISIONAL): SignalState.RETRACTED,
    (SignalState.RAISED, Change.CHANGED, Finality.PROVISIONAL): SignalState.RAISED,  # a higher level is said ahead
    (SignalState.RAISED, Change.RETRACTED, Finality.PROVISIONAL): SignalState.RAISED,  # and taken back
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


def signal_after(state: SignalState, change: Change, finality: Finality = Finality.FINAL) -> SignalState | None:
    """The state after a change; None where the change cannot follow."""
    return SIGNAL_MOVES.get((state, change, finality))


def event_may(before: EventState | None, after: EventState) -> bool:
    """Whether an event may go from one state to the other. ENDED and MERGED are final."""
    return (before, after) in EVENT_MOVES
