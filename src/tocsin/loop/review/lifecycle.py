"""States of a review and the moves between them. Pure. What was published stays: a later insight is a new measure or a
new event's review, never an edit."""

from __future__ import annotations

import enum

__all__ = ["MOVES", "ReviewState", "allowed"]


class ReviewState(enum.StrEnum):
    """NONE: nobody began one. DRAFTED: lessons and measures may still change. PUBLISHED is final."""

    NONE = "none"
    DRAFTED = "drafted"
    PUBLISHED = "published"


MOVES: frozenset[tuple[ReviewState, ReviewState]] = frozenset(
    {
        (ReviewState.NONE, ReviewState.DRAFTED),
        (ReviewState.DRAFTED, ReviewState.DRAFTED),
        (ReviewState.DRAFTED, ReviewState.PUBLISHED),
    }
)


def allowed(before: ReviewState, after: ReviewState) -> bool:
    """Whether a review may go from one state to the other.

    >>> allowed(ReviewState.PUBLISHED, ReviewState.DRAFTED)
    False
    """
    return (before, after) in MOVES
