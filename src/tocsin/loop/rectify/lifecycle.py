"""Grades and states of a finding, as pages and rooms name them. Which move leads where, who makes it and which clocks run
stands in the pack ``rectification``, and the kernel of cases decides by it. Being overdue is no state: it is told once an
order."""

from __future__ import annotations

import enum

__all__ = ["CASE_KIND", "OPEN", "FindingState", "Grade", "Recheck", "move_of_recheck"]

CASE_KIND = "rectification/finding"


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


OPEN = frozenset(FindingState) - {FindingState.CLOSED, FindingState.WITHDRAWN}


def move_of_recheck(grade: Grade, said: Recheck) -> str:
    """The move that an answer asks for; the kernel refuses one that is not for this grade.

    >>> move_of_recheck(Grade.MAJOR, Recheck.FIXED)
    'look_again'
    """
    if said == Recheck.NOT_FIXED:
        return "not_fixed"
    return "look_again" if grade == Grade.MAJOR else "close"
