"""States of a task and the moves between them. Pure. Being overdue is no state: it is a mark, set once, that stays."""

from __future__ import annotations

import enum

__all__ = ["MOVES", "TaskState", "allowed"]


class TaskState(enum.StrEnum):
    """GIVEN: nobody said "I have it". ACKNOWLEDGED: the post did. DONE and WITHDRAWN are final."""

    GIVEN = "given"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    WITHDRAWN = "withdrawn"


MOVES: frozenset[tuple[TaskState, TaskState]] = frozenset(
    {
        (TaskState.GIVEN, TaskState.ACKNOWLEDGED),
        (TaskState.GIVEN, TaskState.DONE),  # whoever does it at once need not say first that they will
        (TaskState.GIVEN, TaskState.WITHDRAWN),
        (TaskState.ACKNOWLEDGED, TaskState.DONE),
        (TaskState.ACKNOWLEDGED, TaskState.WITHDRAWN),
    }
)


def allowed(before: TaskState, after: TaskState) -> bool:
    """Whether a task may go from one state to the other."""
    return (before, after) in MOVES
