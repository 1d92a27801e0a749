"""Grades and states of a finding and the moves between them. Pure. Being overdue is no state: it is told once an order."""

from __future__ import annotations

import enum

__all__ = ["MOVES", "OPEN", "FindingState", "Grade", "Recheck", "after_recheck", "may_move"]


class Grade(enum.StrEnum):
    """Finding grade, an axis of its own. GENERAL: small harm, can be put right at once. MAJOR: great harm, needs a stop or
    outside help; it is closed only by the authority (Work Safety Law)."""

    GENERAL = "general"
    MAJOR = "major"


class FindingState(enum.StrEnum):
    """RECORDED: seen, no order yet. ORDERED: served to the facility. PLANNED: the five implementations are complete. FIXED: the
    facility says so. RECHECKED: somebody else saw that it is (major: the authority has to release it). REOPENED: the re-check
    says that it is not. CLOSED and WITHDRAWN are final."""

    RECORDED = "recorded"
    ORDERED = "ordered"
    PLANNED = "planned"
    FIXED = "fixed"
    RECHECKED = "rechecked"
    REOPENED = "reopened"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Recheck(enum.StrEnum):
    """What the second pair of eyes says."""

    FIXED = "fixed"
    NOT_FIXED = "not_fixed"


_S = FindingState
OPEN = frozenset({_S.RECORDED, _S.ORDERED, _S.PLANNED, _S.FIXED, _S.RECHECKED, _S.REOPENED})

MOVES: frozenset[tuple[FindingState | None, FindingState]] = frozenset(
    {
        (None, _S.RECORDED),
        (_S.RECORDED, _S.ORDERED),
        (_S.RECORDED, _S.WITHDRAWN),
        (_S.ORDERED, _S.ORDERED),  # served again with another limit
        (_S.ORDERED, _S.PLANNED),
        (_S.PLANNED, _S.PLANNED),  # a better plan
        (_S.PLANNED, _S.ORDERED),
        (_S.PLANNED, _S.FIXED),
        (_S.FIXED, _S.CLOSED),
        (_S.FIXED, _S.RECHECKED),
        (_S.FIXED, _S.REOPENED),
        (_S.RECHECKED, _S.CLOSED),
        (_S.RECHECKED, _S.REOPENED),  # the authority does not release it
        (_S.REOPENED, _S.ORDERED),
        (_S.REOPENED, _S.PLANNED),
    }
)


def may_move(before: FindingState | None, after: FindingState) -> bool:
    """Whether a finding may go from one state to the other. No way leads to CLOSED but over FIXED, and for a major one over
    RECHECKED."""
    return (before, after) in MOVES


def after_recheck(grade: Grade, said: Recheck) -> FindingState:
    """Where a re-check leads.

    >>> after_recheck(Grade.MAJOR, Recheck.FIXED).value
    'rechecked'
    """
    if said == Recheck.NOT_FIXED:
        return _S.REOPENED
    return _S.RECHECKED if grade == Grade.MAJOR else _S.CLOSED
