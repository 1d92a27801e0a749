"""States of a call-out and of each area that it calls, and the moves between them. Pure. That a moment passed unanswered is no
state: it is a mark, set once, that stays."""

from __future__ import annotations

import enum

__all__ = ["AREA_MOVES", "AreaState", "CallOutState", "Heard", "How", "Rung", "Why", "may_become"]


class CallOutState(enum.StrEnum):
    """RUNNING: what it is about holds, so whoever has not answered is called. OVER: nobody is called any more."""

    RUNNING = "running"
    OVER = "over"


class AreaState(enum.StrEnum):
    """WAITING: nobody has answered. REACHED: a human did. UNREACHED: it was over before anybody answered. WITHDRAWN: it was
    no longer needed (cancelled, a higher call-out took over, the area is not concerned any more)."""

    WAITING = "waiting"
    REACHED = "reached"
    UNREACHED = "unreached"
    WITHDRAWN = "withdrawn"


class How(enum.StrEnum):
    """How a human answered: a key on the telephone, the button under the link, the code sent back, or a call made by hand."""

    KEY = "key"
    LINK = "link"
    REPLY = "reply"
    BY_HAND = "by_hand"


class Rung(enum.StrEnum):
    """Who is called, in this order: the post responsible for the area, its deputies, the post above."""

    WARDEN = "warden"
    DEPUTY = "deputy"
    UPPER = "upper"


class Heard(enum.StrEnum):
    """What a gateway says of a call that no human answered. None of these is an answer (ADR 18)."""

    MACHINE = "machine"
    ENGAGED = "engaged"
    NO_ANSWER = "no_answer"
    CONNECTED = "connected"  # something lifted the receiver and pressed nothing
    WRONG_KEY = "wrong_key"
    FAILED = "failed"


class Why(enum.StrEnum):
    """Why a call-out is over. RAISED: one of a higher level took over; LOWERED: its cause is below the level that calls."""

    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RAISED = "raised"
    LOWERED = "lowered"


_S = AreaState
AREA_MOVES: frozenset[tuple[AreaState, AreaState]] = frozenset(
    {
        (_S.WAITING, _S.REACHED),
        (_S.WAITING, _S.UNREACHED),
        (_S.WAITING, _S.WITHDRAWN),
        (_S.UNREACHED, _S.REACHED),  # only by hand: the call was made in time and is entered afterwards
    }
)


def may_become(before: AreaState, after: AreaState) -> bool:
    """Whether an area may go from one state to the other.

    >>> may_become(AreaState.WAITING, AreaState.REACHED), may_become(AreaState.REACHED, AreaState.WAITING)
    (True, False)
    """
    return (before, after) in AREA_MOVES
