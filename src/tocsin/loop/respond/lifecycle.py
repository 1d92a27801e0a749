"""States of an incident and of a statement, and the moves between them. Pure."""

from __future__ import annotations

import enum

__all__ = ["MOVES", "STATEMENT_MOVES", "IncidentState", "StatementKind", "StatementState", "may_move", "statement_may"]


class IncidentState(enum.StrEnum):
    """PROPOSED: a declared mapping asks for a response and the commander has not answered. OPEN: it runs, and the office is
    in emergency mode. ENDED, DECLINED and MERGED (another incident goes on with it) are final."""

    PROPOSED = "proposed"
    OPEN = "open"
    ENDED = "ended"
    DECLINED = "declined"
    MERGED = "merged"


_S = IncidentState
MOVES: frozenset[tuple[IncidentState | None, IncidentState]] = frozenset(
    {
        (None, _S.PROPOSED),
        (_S.PROPOSED, _S.OPEN),
        (_S.PROPOSED, _S.DECLINED),
        (_S.PROPOSED, _S.MERGED),
        (_S.OPEN, _S.OPEN),  # its level changes
        (_S.OPEN, _S.ENDED),
        (_S.OPEN, _S.MERGED),
    }
)


class StatementKind(enum.StrEnum):
    """FIRST tells all that is known; FOLLOW_UP only what changed since; FINAL sums up."""

    FIRST = "first"
    FOLLOW_UP = "follow_up"
    FINAL = "final"


class StatementState(enum.StrEnum):
    """DRAFT: written from the fact base, read by nobody above. RELEASED and DISCARDED are final."""

    DRAFT = "draft"
    RELEASED = "released"
    DISCARDED = "discarded"


_T = StatementState
STATEMENT_MOVES: frozenset[tuple[StatementState | None, StatementState]] = frozenset(
    {(None, _T.DRAFT), (_T.DRAFT, _T.DRAFT), (_T.DRAFT, _T.RELEASED), (_T.DRAFT, _T.DISCARDED)}
)


def may_move(before: IncidentState | None, after: IncidentState) -> bool:
    """Whether an incident may go from one state to the other."""
    return (before, after) in MOVES


def statement_may(before: StatementState | None, after: StatementState) -> bool:
    """Whether a statement may go from one state to the other."""
    return (before, after) in STATEMENT_MOVES
