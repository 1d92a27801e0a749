"""Reading tasks. Each reader takes a scope: its role must do tasks or read the response, and it sees its area; the
operator of a facility sees the tasks of that facility's posts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tocsin.records.org.models import Post
from tocsin.records.org.roles import Act
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
    """One task. Raises NotAllowed, and UnknownName where there is none in the scope."""
    row = _seen(scope).filter(id=task_id).first()
    if row is None:
        raise UnknownName(
            _("task %(task)s") % {"task": task_id},
            _("there is no such task in your area"),
            _("open the list of your tasks"),
        )
    return _line(row)


def of_post(scope: Scope, post: str, *, is_open: bool | None = True, at_most: int = 200) -> list[TaskLine]:
    """Tasks of a post, the earliest due first."""
    rows = _seen(scope).filter(post=post)
    if is_open is not None:
        rows = rows.filter(state__in=OPEN) if is_open else rows.exclude(state__in=OPEN)
    return [_line(row) for row in rows.order_by("due_at", "id")[:at_most]]


def of_event(scope: Scope, event: str, *, kind: str | None = None) -> list[TaskLine]:
    """Tasks of an event in the order in which they were given."""
    rows = _seen(scope).filter(event=event)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return [_line(row) for row in rows.order_by("given_at", "id")]


def about(scope: Scope, thing: str) -> list[TaskLine]:
    """Tasks about one thing (an event, a finding ...), in the order in which they were given."""
    return [_line(row) for row in _seen(scope).filter(about=thing).order_by("given_at", "id")]


def overdue(scope: Scope, *, at_most: int = 200) -> list[TaskLine]:
    """Open tasks whose due time has passed, the longest overdue first."""
    rows = _seen(scope).filter(state__in=OPEN).exclude(overdue_at=None)
    return [_line(row) for row in rows.order_by("due_at", "id")[:at_most]]


def _seen(scope: Scope) -> QuerySet[TaskRow]:
    if not scope.may(Act.DO_TASK):
        scope.require(Act.READ_RESPONSE)
    if scope.facility:
        return TaskRow.objects.filter(post__in=Post.objects.filter(facility=scope.facility).values("id"))
    return TaskRow.objects.filter(scope.rows())


def _line(row: TaskRow) -> TaskLine:
    values = {name: getattr(row, name) for name in TaskLine.__slots__}
    return TaskLine(**values | {"state": TaskState(row.state)})
