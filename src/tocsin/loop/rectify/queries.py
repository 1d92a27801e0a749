"""Readers of rectify. Each takes a scope; a facility's operator sees only its own facility, and none before its order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from tocsin.loop.rectify.lifecycle import OPEN, FindingState, Grade
from tocsin.loop.rectify.models import FindingRow, PhotoRow
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = ["FindingLine", "PhotoLine", "finding", "findings", "open_of_event", "photos", "waiting_for"]


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding as it is read."""

    id: str
    event: str
    verification: str
    facility: str
    jurisdiction: str
    grade: Grade
    state: FindingState
    words: str
    recorded_at: datetime
    recorded_by: str
    recorded_account: str
    demand: str
    limit_at: datetime | None
    ordered_at: datetime | None
    ordered_by: str
    orders: int
    operator: str
    task: str
    person: str
    measures: str
    money: Decimal | None
    deadline_at: datetime | None
    plan: str
    planned_at: datetime | None
    planned_by: str
    fixed_at: datetime | None
    fixed_by: str
    fixed_account: str
    fixed_note: str
    recheck_task: str
    recheck_post: str
    rechecked_at: datetime | None
    rechecked_by: str
    recheck_said: str
    recheck_note: str
    overdue_at: datetime | None
    closed_at: datetime | None
    closed_by: str
    ended_why: str
    look_back_on: Any
    look_back_task: str
    look_back_post: str
    looked_back_at: datetime | None
    looked_back_by: str
    look_back_said: str
    look_back_note: str
    found_again: str
    version: int

    @property
    def is_open(self) -> bool:
        """Whether something still has to happen to it."""
        return self.state in OPEN

    @property
    def due_at(self) -> datetime | None:
        """When it must be put right: the nearer of the plan's deadline and the order's limit."""
        if self.state == FindingState.PLANNED and self.deadline_at and self.limit_at:
            return min(self.deadline_at, self.limit_at)
        return self.limit_at


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """A photograph of a finding: ``moment`` found, fixed or recheck."""

    moment: str
    digest: str
    thumbnail: str
    at: datetime


def findings(
    scope: Scope, event: str | None = None, facility: str | None = None, state: str | None = None, *,
    is_open: bool | None = None, at_most: int = 200,
) -> list[FindingLine]:  # fmt: skip
    """Findings of a scope: the overdue first, then major before general, then the oldest."""
    scope.require(Act.READ_FINDINGS)
    wanted = {"event": event, "facility": facility, "state": state}
    rows = FindingRow.objects.filter(
        _seen(scope), **{name: value for name, value in wanted.items() if value is not None}
    )
    if is_open is not None:
        rows = rows.filter(state__in=OPEN) if is_open else rows.exclude(state__in=OPEN)
    lines = [_line(row) for row in rows.order_by("-recorded_at", "id")[:at_most]]
    return sorted(
        lines, key=lambda f: (not f.is_open, f.overdue_at is None, f.grade != Grade.MAJOR, f.recorded_at, f.id)
    )


def finding(scope: Scope, finding_id: str) -> FindingLine:
    """One finding. Raises UnknownName where there is none in the scope."""
    scope.require(Act.READ_FINDINGS)
    row = FindingRow.objects.filter(_seen(scope), id=finding_id).first()
    if row is None:
        raise UnknownName(
            _("finding"), _("there is none with this address in your area"), _("open the list of findings")
        )
    return _line(row)


def photos(scope: Scope, finding_id: str) -> list[PhotoLine]:
    """The photographs of a finding in the order in which they came."""
    line = finding(scope, finding_id)
    rows = PhotoRow.objects.filter(finding_id=line.id).order_by("at", "id")
    return [PhotoLine(row.moment, row.digest, row.thumbnail, row.at) for row in rows]


def open_of_event(scope: Scope, event: str) -> list[FindingLine]:
    """Findings of an event that are not closed: for the guard that closes the event."""
    return findings(scope, event=event, is_open=True)


def waiting_for(scope: Scope) -> list[FindingLine]:
    """Findings in which the next step is this role's."""
    steps = {
        Role.CASE_HANDLER: (FindingState.RECORDED, FindingState.RECHECKED, FindingState.REOPENED),
        Role.FACILITY_OPERATOR: (FindingState.ORDERED, FindingState.PLANNED, FindingState.REOPENED),
        Role.INSPECTOR: (FindingState.FIXED,),
    }.get(Role(scope.role), ())
    waiting = [line for line in findings(scope, is_open=True) if line.state in steps]
    if scope.role == Role.INSPECTOR:
        rows = FindingRow.objects.filter(_seen(scope), looked_back_at=None).exclude(look_back_task="")
        waiting += [_line(row) for row in rows.order_by("look_back_on", "id")]
    return waiting


def _seen(scope: Scope) -> Q:
    if scope.role != Role.FACILITY_OPERATOR:
        return scope.rows()
    if not scope.facility:
        return Q(pk__in=[])  # an operator's post without a facility operates none
    return Q(facility=scope.facility) & ~Q(state__in=[FindingState.RECORDED, FindingState.WITHDRAWN])


def _line(row: FindingRow) -> FindingLine:
    values = {name: getattr(row, name) for name in FindingLine.__slots__}
    return FindingLine(**values | {"state": FindingState(row.state), "grade": Grade(row.grade)})
