"""Reading consultations. A reader sees those of its area, and those in which its post was asked; the operator of a facility
only the latter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.records.consultation.models import AskedRow, ConsultationRow, OpinionRow
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = [
    "ConsultationFile",
    "ConsultationLine",
    "OpinionLine",
    "about",
    "consultation",
    "consultations",
    "waiting_for",
]


@dataclass(frozen=True, slots=True)
class ConsultationLine:
    """A consultation as it stands."""

    id: str
    event: str
    case: str
    thing: str
    jurisdiction: str
    question: str
    digest: str
    post: str
    asked_at: datetime
    version: int
    due_at: datetime
    provisional: bool
    overdue_at: datetime | None
    decision: str
    answer: str
    remarks: str
    decided_at: datetime | None
    decided_by: str
    withdrawn_at: datetime | None
    withdrawn_why: str

    @property
    def is_open(self) -> bool:
        """Whether it waits for opinions or a decision."""
        return self.decided_at is None and self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class OpinionLine:
    """A signed opinion."""

    post: str
    opinion: str
    reasons: str
    digest: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class ConsultationFile:
    """One consultation: the posts asked, in order, each with its last opinion (None: not answered), and the earlier ones."""

    line: ConsultationLine
    asked: list[tuple[str, OpinionLine | None]]
    earlier: list[OpinionLine]


def consultations(scope: Scope, post: str, *, is_open: bool = True, at_most: int = 100) -> list[ConsultationLine]:
    """Those that are open, the earliest due first; or those that are over, the newest first."""
    rows = _seen(scope, post)
    if is_open:
        rows = rows.filter(decided_at=None, withdrawn_at=None).order_by("due_at", "id")
    else:
        rows = rows.exclude(decided_at=None, withdrawn_at=None).order_by("-asked_at", "-id")
    return [_line(row) for row in rows[:at_most]]


def waiting_for(scope: Scope, post: str) -> list[ConsultationLine]:
    """Open ones in which a post is asked and has not answered, the earliest due first."""
    asked = AskedRow.objects.filter(post=post).values("consultation_id")
    answered = OpinionRow.objects.filter(post=post).values("consultation_id")
    rows = _seen(scope, post).filter(id__in=asked, decided_at=None, withdrawn_at=None).exclude(id__in=answered)
    return [_line(row) for row in rows.order_by("due_at", "id")]


def about(scope: Scope, post: str, *, event: str = "", case: str = "") -> list[ConsultationLine]:
    """Those on one event or case, in the order in which they were asked."""
    rows = _seen(scope, post).filter(event=event, case=case) if event or case else ConsultationRow.objects.none()
    return [_line(row) for row in rows.order_by("asked_at", "id")]


def consultation(scope: Scope, post: str, consultation_id: str) -> ConsultationFile:
    """One. Raises UnknownName where there is none that this post may read."""
    row = _seen(scope, post).filter(id=consultation_id).first()
    if row is None:
        raise UnknownName(_("consultation"), _("there is none with this address in your area"),
                          _("open the list of consultations"))  # fmt: skip
    given = [
        OpinionLine(**{name: getattr(one, name) for name in OpinionLine.__slots__})
        for one in OpinionRow.objects.filter(consultation=row).order_by("id")
    ]
    last = {one.post: one for one in given}
    asked = AskedRow.objects.filter(consultation=row).order_by("id").values_list("post", flat=True)
    return ConsultationFile(
        _line(row), [(name, last.get(name)) for name in asked], [one for one in given if last[one.post] is not one]
    )


def _seen(scope: Scope, post: str) -> QuerySet[ConsultationRow]:
    scope.require(Act.READ_CONSULTATIONS)
    asked = Q(id__in=AskedRow.objects.filter(post=post).values("consultation_id"))
    if scope.role == Role.FACILITY_OPERATOR:
        return ConsultationRow.objects.filter(asked)
    if not scope.jurisdiction:  # an empty filter or another one would be the other one alone
        return ConsultationRow.objects.all()
    return ConsultationRow.objects.filter(scope.rows() | asked)


def _line(row: ConsultationRow) -> ConsultationLine:
    return ConsultationLine(**{name: getattr(row, name) for name in ConsultationLine.__slots__})
