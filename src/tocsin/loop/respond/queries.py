"""Readers of respond. Each takes a scope; what lies outside it is not there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from tocsin.loop.respond import early, playbooks
from tocsin.loop.respond.known import Item, changed, tell
from tocsin.loop.respond.lifecycle import IncidentState, StatementState
from tocsin.loop.respond.models import ActionRow, IncidentRow, RemarkRow, StatementRow
from tocsin.loop.respond.notices import because_words
from tocsin.loop.respond.playbooks import Declared
from tocsin.loop.respond.written import Written, written
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks.queries import TaskLine
from tocsin.terms.errors import UnknownName

__all__ = [
    "ActionLine", "IncidentLine", "RemarkLine", "StatementLine", "actions", "because", "declared_for", "facts_since",
    "incident", "incident_of", "incidents", "is_task_of_response", "open_task_ids", "paper", "pinned", "remarks", "running",
    "statement", "statements", "tasks_for",
]  # fmt: skip

_OPEN = (IncidentState.PROPOSED, IncidentState.OPEN)


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """An incident as it is read; ``level``, ``peak`` and ``advised`` are response ranks, ``warning_level`` a warning's."""

    id: str
    event: str
    hazard: str
    jurisdiction: str
    place: str
    lon: float | None
    lat: float | None
    state: IncidentState
    level: int
    peak: int
    advised: int
    warning_level: int
    because: dict[str, Any]
    exercise: bool
    known_at: datetime
    proposed_at: datetime
    expected_until: datetime | None
    opened_at: datetime | None
    opened_by: str
    commander: str
    warning_cancelled_at: datetime | None
    decide_by: datetime | None
    ended_at: datetime | None
    ended_by: str
    ended_why: str
    merged_into: str
    version: int

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision or runs."""
        return self.state in _OPEN

    @property
    def runs(self) -> bool:
        """Whether a response runs: emergency mode."""
        return self.state == IncidentState.OPEN


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An action with its task (None: nobody on duty, or it waits for the commander's yes)."""

    id: int
    action: str
    kind: str
    title: dict[str, str]
    role: str
    facility: str
    post: str
    task: TaskLine | None
    receipt_due_at: datetime | None
    nobody_at: datetime | None
    waits: bool
    early: int = 0
    proposed_at: datetime | None = None
    decide_by: datetime | None = None
    reminded: int = 0
    refused_at: datetime | None = None
    refused_by: str = ""
    refused_why: str = ""

    @property
    def is_pinned(self) -> bool:
        """Whether it was proposed early and nobody has given or refused it."""
        return bool(self.early) and self.waits and self.refused_at is None

    def is_wanting(self, now: datetime) -> bool:
        """Whether somebody should have decided on it by now."""
        return self.is_pinned and self.decide_by is not None and now > self.decide_by

    def receipt_is_late(self, now: datetime) -> bool:
        """Whether the receipt's time has passed without one, or it came after it."""
        if self.task is None or self.receipt_due_at is None:
            return False
        until = self.task.acknowledged_at or self.task.ended_at or now
        return until > self.receipt_due_at

    def is_late(self, now: datetime) -> bool:
        """Whether its due time has passed and it is not done, or was done after it."""
        return self.task is not None and (self.task.ended_at or now) > self.task.due_at


@dataclass(frozen=True, slots=True)
class RemarkLine:
    """What somebody wrote about a task."""

    text: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement as a list shows it."""

    id: str
    event: str
    incident: str
    jurisdiction: str
    kind: str
    number: int
    state: StatementState
    against: str
    remark: str
    digest: str
    revision: int
    exercise: bool
    drafted_at: datetime
    drafted_by: str
    authors: list[str]
    released_at: datetime | None
    released_by: str
    sent_to: list[str]


def incident_of(scope: Scope, event_id: str) -> IncidentLine | None:
    """The incident of an event: the one that is proposed or runs, else the last one; None where there was none."""
    scope.require(Act.READ_RESPONSE)
    rows = IncidentRow.objects.filter(scope.rows(), event=event_id).exclude(state=IncidentState.MERGED)
    row = rows.filter(state__in=_OPEN).first() or rows.order_by("-proposed_at", "-id").first()
    return _incident(row) if row else None


def incident(scope: Scope, incident_id: str) -> IncidentLine:
    """One incident. Raises UnknownName."""
    scope.require(Act.READ_RESPONSE)
    row = IncidentRow.objects.filter(scope.rows(), id=incident_id).first()
    if row is None:
        raise UnknownName(_("response"), _("there is none with this address in your area"), _("open it from its event"))
    return _incident(row)


def incidents(scope: Scope, *, is_open: bool | None = None, at_most: int = 200) -> list[IncidentLine]:
    """Incidents of a scope: the highest response first, then the newest."""
    scope.require(Act.READ_RESPONSE)
    rows = IncidentRow.objects.filter(scope.rows())
    if is_open is not None:
        rows = rows.filter(state__in=_OPEN) if is_open else rows.exclude(state__in=_OPEN)
    return [_incident(row) for row in rows.order_by("-level", "-proposed_at", "id")[:at_most]]


def running(scope: Scope) -> list[IncidentLine]:
    """The responses that run: the office is in emergency mode while there is one."""
    return [line for line in incidents(scope, is_open=True) if line.runs]


def how_many_run(scope: Scope) -> int:
    """How many responses run in a scope; 0 = normal mode. For the head of every page."""
    scope.require(Act.READ_RESPONSE)
    return IncidentRow.objects.filter(scope.rows(), state=IncidentState.OPEN).count()


def actions(scope: Scope, incident_id: str) -> list[ActionLine]:
    """The actions of an incident with their tasks, in the order of the playbook."""
    line = incident(scope, incident_id)
    rows = ActionRow.objects.filter(incident=line.id).order_by("id")
    return [
        ActionLine(row.pk, row.action, row.kind, row.title, row.role, row.facility, row.post,
                   task_list.task(EVERYWHERE, row.task) if row.task else None, row.receipt_due_at, row.nobody_at, row.waits,
                   row.early, row.proposed_at,
                   row.proposed_at + timedelta(microseconds=row.decide_us) if row.proposed_at else None, row.reminded,
                   row.refused_at, row.refused_by, row.refused_why)
        for row in rows
    ]  # fmt: skip


def pinned(scope: Scope) -> dict[str, int]:
    """How many early actions of each incident wait for a decision."""
    scope.require(Act.READ_RESPONSE)
    within = IncidentRow.objects.filter(scope.rows(), state__in=early.LIVE).values("id")
    counted = early.pinned().filter(incident__in=within).values_list("incident").annotate(n=Count("pk"))
    return dict(counted.order_by("incident"))


def open_task_ids(scope: Scope, incident_id: str) -> list[str]:
    """Tasks of an incident that somebody still has to do."""
    return [line.task.id for line in actions(scope, incident_id) if line.task is not None and line.task.is_open]


def declared_for(hazard: str, on: str, level: int) -> Declared | None:
    """What the packs in use declare; the words "none is declared" of the event page rest on this."""
    return playbooks.declared(hazard, on, level)


def because(line: IncidentLine, language: str) -> str:
    """Why it was proposed or opened, in a sentence of the present language."""
    return because_words(line.because, language)


def tasks_for(actor: Actor, *, is_open: bool | None = True) -> list[TaskLine]:
    """The tasks of the actor's own post, of every kind, the earliest due first."""
    actor.require(Act.DO_TASK)
    return task_list.of_post(actor.scope, actor.post, is_open=is_open)


def is_task_of_response(task_id: str) -> bool:
    """Whether a task is a response's, to be finished with a note (others have pages of their own)."""
    return ActionRow.objects.filter(task=task_id).exists()


def remarks(scope: Scope, task_ids: Collection[str]) -> dict[str, list[RemarkLine]]:
    """What was written about tasks, oldest first."""
    if not scope.may(Act.READ_RESPONSE):
        scope.require(Act.DO_TASK)
    out: dict[str, list[RemarkLine]] = {}
    for row in RemarkRow.objects.filter(task__in=list(task_ids)).order_by("at", "id"):
        out.setdefault(row.task, []).append(RemarkLine(row.text, row.at, row.by))
    return out


def statements(scope: Scope, event_id: str) -> list[StatementLine]:
    """The statements about an event, newest first, discarded drafts left out."""
    scope.require(Act.READ_RESPONSE)
    rows = StatementRow.objects.filter(scope.rows(), event=event_id).exclude(state=StatementState.DISCARDED)
    return [_statement(row) for row in rows.order_by("-number")]


def statement(scope: Scope, statement_id: str) -> StatementLine:
    """One statement. Raises UnknownName."""
    return _statement(_paper(scope, statement_id))


def paper(scope: Scope, statement_id: str, language: str) -> Written:
    """One statement, written out. Raises UnknownName."""
    return written(_paper(scope, statement_id), language)


def facts_since(scope: Scope, statement_id: str, *, now: datetime) -> int:
    """How many lines of a draft would read differently if it were written now."""
    row = _paper(scope, statement_id)
    return len(changed(tell(row.event, now=now), [Item(**item) for item in row.known]))


def _paper(scope: Scope, statement_id: str) -> StatementRow:
    scope.require(Act.READ_RESPONSE)
    row = StatementRow.objects.filter(scope.rows(), id=statement_id).first()
    if row is None:
        raise UnknownName(
            _("statement"), _("there is none with this address in your area"), _("open it from its event")
        )
    return row


def _incident(row: IncidentRow) -> IncidentLine:
    values = {name: getattr(row, name) for name in IncidentLine.__slots__}
    return IncidentLine(**values | {"state": IncidentState(row.state)})


def _statement(row: StatementRow) -> StatementLine:
    values = {name: getattr(row, name) for name in StatementLine.__slots__}
    return StatementLine(**values | {"state": StatementState(row.state)})
