"""Reading tasks. Each reader takes a scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.records.org.scope import Scope
from tocsin.records.tasks.lifecycle import TaskState
from tocsin.records.tasks.models import TaskRow
from tocsin.terms.errors import UnknownName

__all__ = ["OPEN", "TaskLine", "about", "of_event", "of_post", "overdue", "task"]

OPEN = (TaskState.GIVEN, TaskState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task as it is read."""

    id: str
    kind: str
    title: dict[str, str]
    about: str
    event: str
    jurisdiction: str
    place: str
    lon: float | None
    lat: float | None
    post: str
    state: TaskState
    level: int
    given_at: datetime
    given_by: str
    due_at: datetime
    overdue_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    ended_at: datetime | None
    ended_by: str
    outcome: dict[str, Any]
    detail: dict[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.state in OPEN


def task(scope: Scope, task_id: str) -> TaskLine:
    """One task. Raises UnknownName where there is none in the scope."""
    row = TaskRow.objects.filter(scope.rows(), id=task_id).first()
    if row is None:
        raise UnknownName(f"task {task_id}", "no such task in your scope", "open the list of your tasks")
    return _line(row)


def of_post(scope: Scope, post: str, *, is_open: bool | None = True, at_most: int = 200) -> list[TaskLine]:
    """Tasks of a post, the earliest due first."""
    rows = TaskRow.objects.filter(scope.rows(), post=post)
    if is_open is not None:
        rows = rows.filter(state__in=OPEN) if is_open else rows.exclude(state__in=OPEN)
    return [_line(row) for row in rows.order_by("due_at", "id")[:at_most]]


def of_event(scope: Scope, event: str, *, kind: str | None = None) -> list[TaskLine]:
    """Tasks of an event in the order in which they were given."""
    rows = TaskRow.objects.filter(scope.rows(), event=event)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return [_line(row) for row in rows.order_by("given_at", "id")]


def about(scope: Scope, thing: str) -> list[TaskLine]:
    """Tasks about one thing (an event, a finding ...), in the order in which they were given."""
    return [_line(row) for row in TaskRow.objects.filter(scope.rows(), about=thing).order_by("given_at", "id")]


def overdue(scope: Scope, *, at_most: int = 200) -> list[TaskLine]:
    """Open tasks whose due time has passed, the longest overdue first."""
    rows = TaskRow.objects.filter(scope.rows(), state__in=OPEN).exclude(overdue_at=None)
    return [_line(row) for row in rows.order_by("due_at", "id")[:at_most]]


def _line(row: TaskRow) -> TaskLine:
    values = {name: getattr(row, name) for name in TaskLine.__slots__}
    return TaskLine(**values | {"state": TaskState(row.state)})
