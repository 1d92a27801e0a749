"""States of a bulletin and the moves between them. Pure. Whether one in force is over by time is asked when it is read, never
kept (R55 of warnings.md)."""

from __future__ import annotations

import enum

from tocsin.formats.cap import Line, LineState

__all__ = ["MOVES", "BulletinState", "allowed", "state_of"]


class BulletinState(enum.StrEnum):
    """NEW: kept, not yet set among the others. HELD_BACK: its sender is not registered for the feed, or its policy is not
    met; it counts for nothing. HELD: it is about a message that has not come. ASKED: it repeats another without citing it,
    and a duty officer must say which it is. DUPLICATE: the answer was "the same". GONE: it left a feed that ends its
    messages so. ANSWER: an Ack or Error."""

    NEW = "new"
    HELD_BACK = "held back"
    HELD = "held"
    ASKED = "asked"
    DUPLICATE = "duplicate"
    IN_FORCE = "in force"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    GONE = "gone"
    ANSWER = "answer"


_S = BulletinState
_OVER = (_S.REPLACED, _S.CANCELLED)

MOVES: frozenset[tuple[BulletinState, BulletinState]] = frozenset(
    {
        *((_S.NEW, after) for after in _S if after is not _S.NEW),
        *((_S.HELD, after) for after in (_S.IN_FORCE, *_OVER)),
        *((_S.ASKED, after) for after in (_S.IN_FORCE, _S.DUPLICATE, *_OVER)),
        *((_S.IN_FORCE, after) for after in (_S.GONE, *_OVER)),
        *((_S.GONE, after) for after in (_S.IN_FORCE, *_OVER)),  # it stands in the feed again
        (_S.REPLACED, _S.CANCELLED),
    }
)


def allowed(before: BulletinState, after: BulletinState) -> bool:
    """Whether a bulletin may go from one state to the other.

    >>> allowed(BulletinState.HELD, BulletinState.IN_FORCE), allowed(BulletinState.CANCELLED, BulletinState.IN_FORCE)
    (True, False)
    """
    return (before, after) in MOVES


def state_of(line: Line, *, judged: str, gone: bool, asked: bool) -> BulletinState:
    """Where a message stands among the others. ``judged``: what a duty officer said of one that repeats another: "" nothing
    yet, "new", "same"; ``asked``: that he is asked already, and stays so though the other is over meanwhile. ``gone``: it left
    a feed that ends its messages so."""
    if line.state is LineState.HELD:
        return _S.HELD
    if line.state is LineState.ANSWER:
        return _S.ANSWER
    if line.state is not LineState.IN_FORCE:
        return _S.CANCELLED if line.state is LineState.CANCELLED else _S.REPLACED
    if (line.like is not None or asked) and judged != "new":
        return _S.DUPLICATE if judged == "same" else _S.ASKED
    return _S.GONE if gone else _S.IN_FORCE
