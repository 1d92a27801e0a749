"""The only writer of tasks. Each verb: guard, change, ledger entry, outbox fact, return; atomic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Act
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks.facts import TaskAcknowledged, TaskDone, TaskGiven, TaskOverdue, TaskWithdrawn
from tocsin.records.tasks.lifecycle import TaskState, allowed
from tocsin.records.tasks.models import TaskRow
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["Order", "acknowledge", "finish", "give", "mark_overdue", "withdraw"]


_AT_ONCE = 100  # tasks marked in one transaction


@dataclass(frozen=True, slots=True)
class Order:
    """What a room asks for. ``title`` by language; ``about`` an id (event, finding ...), ``event`` the event it belongs to
    ("" = none); ``detail`` what the room wants to find again."""

    kind: str
    title: Mapping[str, str]
    about: str
    event: str
    jurisdiction: str
    post: str
    due_at: datetime
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    level: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)


def give(order: Order, *, actor: Actor, now: datetime) -> str:
    """Give a task to a post; its id. Whether the actor may ask is the asking room's guard. Raises BadValue for an order
    that names no post or nothing it is about: such a task could be neither done nor told of."""
    if not (order.kind and order.post and (order.event or order.about)):
        raise BadValue(_("task"), _("it names no post, or nothing that it is about"), _("choose a post and a thing"))
    with transaction.atomic():
        row = TaskRow.objects.create(
            id=new_id("tsk", now=now), kind=order.kind, title=dict(order.title),
            about=order.about, event=order.event, jurisdiction=order.jurisdiction, place=order.place, lon=order.lon,
            lat=order.lat, post=order.post, level=order.level, given_at=now, given_by=actor.name, due_at=order.due_at,
            detail=dict(order.detail),
        )  # fmt: skip
        _tell(row, "task_given", TaskGiven, to_us(now), actor, now, due_us=to_us(order.due_at))
    return row.id


def acknowledge(task_id: str, *, actor: Actor, now: datetime) -> None:
    """The receipt: "we have it". Repeating it changes nothing. Raises UnknownName, NotAllowed, Stale when it is over."""
    with transaction.atomic():
        row = _open_row(task_id, actor)
        if row.state == TaskState.ACKNOWLEDGED:
            return
        _move(row, TaskState.ACKNOWLEDGED)
        row.acknowledged_at, row.acknowledged_by = now, actor.name
        row.save(update_fields=["state", "acknowledged_at", "acknowledged_by"])
        _tell(row, "task_acknowledged", TaskAcknowledged, to_us(now), actor, now)


def finish(task_id: str, outcome: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    """It is done, with what came of it. Raises UnknownName, NotAllowed, Stale when it is over already."""
    with transaction.atomic():
        row = _open_row(task_id, actor)
        _move(row, TaskState.DONE)
        _see_deadline(row, now)
        row.ended_at, row.ended_by, row.outcome = now, actor.name, dict(outcome)
        row.save(update_fields=["state", "ended_at", "ended_by", "outcome"])
        _tell(row, "task_done", TaskDone, to_us(now), actor, now)


def withdraw(task_id: str, why: str, *, actor: Actor, now: datetime) -> bool:
    """Take it back, for the room that asked; False where it was over already. Raises UnknownName."""
    with transaction.atomic():
        row = _row(task_id)
        if not allowed(TaskState(row.state), TaskState.WITHDRAWN):
            return False
        _move(row, TaskState.WITHDRAWN)
        _see_deadline(row, now)
        row.ended_at, row.ended_by, row.outcome = now, actor.name, {"why": why}
        row.save(update_fields=["state", "ended_at", "ended_by", "outcome"])
        _tell(row, "task_withdrawn", TaskWithdrawn, to_us(now), actor, now)
    return True


def mark_overdue(*, now: datetime) -> int:
    """Tasks whose due time has passed are marked, and told of, once; how many now. Runs again after any stop, so a
    deadline that passed while the server was down is told of too."""
    marked = 0
    while batch := _mark_batch(now):
        marked += batch
    return marked


def _mark_batch(now: datetime) -> int:
    waiting = TaskRow.objects.filter(
        state__in=[TaskState.GIVEN, TaskState.ACKNOWLEDGED], overdue_at=None, due_at__lte=now
    )
    if not waiting.exists():
        return 0  # every second: nobody's turn to write is taken where nothing waits
    with transaction.atomic():
        rows = list(waiting.select_for_update().order_by("due_at", "id")[:_AT_ONCE])
        for row in rows:
            _see_deadline(row, now)
    return len(rows)


def _see_deadline(row: TaskRow, now: datetime) -> None:
    """A deadline never passes unseen, also where the task ends before the sweep came by."""
    if row.overdue_at is None and row.due_at <= now:
        row.overdue_at = now
        row.save(update_fields=["overdue_at"])
        _tell(row, "task_overdue", TaskOverdue, to_us(row.due_at), SYSTEM, now)


def _open_row(task_id: str, actor: Actor) -> TaskRow:
    row = _row(task_id)
    actor.require(Act.DO_TASK)
    if row.post != actor.post:
        raise NotAllowed(
            _task(task_id), _("it was given to another post"), _("ask whoever gave it to give it to your post")
        )
    return row


def _move(row: TaskRow, after: TaskState) -> None:
    if not allowed(TaskState(row.state), after):
        over = _("it is done already") if row.state == TaskState.DONE else _("it was withdrawn")
        raise Stale(_task(row.id), over, _("load the page again to see what came of it"))
    row.state = after


def _row(task_id: str) -> TaskRow:
    row = TaskRow.objects.select_for_update().filter(id=task_id).first()
    if row is None:
        raise UnknownName(_task(task_id), _("there is no such task"), _("open the list of your tasks"))
    return row


def _task(task_id: str) -> str:
    return _("task %(task)s") % {"task": task_id}


def _tell(row: TaskRow, verb: str, kind: type, at_us: int, actor: Actor, now: datetime, **more: Any) -> None:
    body = {"task": row.id, "kind": row.kind, "about": row.about, "post": row.post, "at_us": at_us, **more}
    if row.outcome:
        body["outcome"] = row.outcome
    ledger.append(row.event or row.about, verb, body, actor=actor.name, now=now)
    outbox.put([kind(row.id, row.kind, row.about, row.event, row.post, at_us)], now=now)
