"""Reading the risk register. Each reader takes a scope; the operator of a facility sees that facility's risks only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import Scope
from tocsin.records.risks.models import AssessmentRow, InspectionRow, RiskRow
from tocsin.terms.errors import UnknownName

__all__ = [
    "AssessmentLine",
    "Filter",
    "InspectionLine",
    "RiskFile",
    "RiskLine",
    "count",
    "inspections",
    "risk_file",
    "risks",
]


@dataclass(frozen=True, slots=True)
class RiskLine:
    """A risk as it stands."""

    id: str
    of: str
    title: str
    facility: str
    place: str
    jurisdiction: str
    pack: str
    likelihood: str
    consequence: str
    grade: str
    level: int
    treatment: str
    measures: str
    owner: str
    version: int
    opened_at: datetime
    assessed_at: datetime
    clock: str
    due_at: datetime
    warn_at: datetime | None
    provisional: bool
    overdue_at: datetime | None
    closed_at: datetime | None
    closed_why: str


@dataclass(frozen=True, slots=True)
class AssessmentLine:
    """One assessment, as it was made."""

    likelihood: str
    consequence: str
    grade: str
    level: int
    treatment: str
    measures: str
    why: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class InspectionLine:
    """When a facility is inspected next. ``since``: its last inspection (``inspected``), else when its first risk was
    entered; ``called_off``: when one was called off since then."""

    facility: str
    jurisdiction: str
    pack: str
    grade: str
    level: int
    since: datetime
    inspected: bool
    called_off: datetime | None
    due_at: datetime
    case: str
    why_not: str
    overdue_at: datetime | None


@dataclass(frozen=True, slots=True)
class RiskFile:
    """A risk with all its assessments, the newest first."""

    line: RiskLine
    assessments: list[AssessmentLine]


@dataclass(frozen=True, slots=True)
class Filter:
    """``which``: open, overdue (its review), closed or all; empty texts and level 0 ask for nothing."""

    which: str = "open"
    of: str = ""
    level: int = 0
    facility: str = ""
    owner: str = ""


def risks(
    scope: Scope, wanted: Filter | None = None, *, now: datetime, at_most: int = 100, after: int = 0
) -> list[RiskLine]:
    """Risks of a scope, the gravest first, and of those the one whose review comes first."""
    rows = _filtered(scope, wanted or Filter(), now).order_by("-level", "due_at", "id")[after : after + at_most]
    return [_risk(row) for row in rows]


def count(scope: Scope, wanted: Filter | None = None, *, now: datetime) -> int:
    """How many a list holds in all."""
    return _filtered(scope, wanted or Filter(), now).count()


def risk_file(scope: Scope, risk_id: str) -> RiskFile:
    """One risk. Raises UnknownName where there is none in the scope."""
    row = _seen(scope).filter(id=risk_id).first()
    if row is None:
        raise UnknownName(_("risk"), _("there is none with this address in your area"), _("open the risk register"))
    made = [
        AssessmentLine(**{name: getattr(one, name) for name in AssessmentLine.__slots__})
        for one in AssessmentRow.objects.filter(risk=row).order_by("-id")
    ]
    return RiskFile(_risk(row), made)


def inspections(scope: Scope, *, at_most: int = 200) -> list[InspectionLine]:
    """The plan of inspections of a scope, the next one first."""
    scope.require(Act.READ_RISKS)
    rows = InspectionRow.objects.filter(scope.of_facility()).order_by("due_at", "facility")[:at_most]
    return [InspectionLine(**{name: getattr(row, name) for name in InspectionLine.__slots__}) for row in rows]


def _filtered(scope: Scope, wanted: Filter, now: datetime) -> QuerySet[RiskRow]:
    rows = _seen(scope)
    named = {"of": wanted.of, "level": wanted.level, "facility": wanted.facility, "owner": wanted.owner}
    rows = rows.filter(**{name: value for name, value in named.items() if value})
    if wanted.which == "all":
        return rows
    if wanted.which == "closed":
        return rows.exclude(closed_at=None)
    rows = rows.filter(closed_at=None)
    return rows.filter(due_at__lte=now) if wanted.which == "overdue" else rows


def _seen(scope: Scope) -> QuerySet[RiskRow]:
    scope.require(Act.READ_RISKS)
    if scope.role == Role.FACILITY_OPERATOR and not scope.facility:
        return RiskRow.objects.none()
    return RiskRow.objects.filter(Q(scope.of_facility()))


def _risk(row: RiskRow) -> RiskLine:
    return RiskLine(**{name: getattr(row, name) for name in RiskLine.__slots__})
