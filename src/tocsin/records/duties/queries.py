"""Reading duty lists. They name offices, never people, and are open to all staff: a reader sees the lines of its area and those
from above that hold there too; the operator of a facility sees those of its facility and those of matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from tocsin.geo.jurisdiction import lineage
from tocsin.records.duties.matter import deciding
from tocsin.records.duties.models import DutyRow
from tocsin.records.org.scope import Scope

__all__ = ["DutyLine", "history", "holding", "whose"]


@dataclass(frozen=True, slots=True)
class DutyLine:
    """A line as it is read."""

    id: int
    facility: str
    matter: str
    jurisdiction: str
    department: str
    post: str
    keeps: bool
    why: str
    from_at: datetime
    until_at: datetime | None
    put_at: datetime
    put_by: str
    ended_at: datetime | None
    ended_by: str

    @property
    def late(self) -> bool:
        """Whether it was entered after it began to hold."""
        return self.put_at > self.from_at


def holding(scope: Scope, *, at: datetime, facility: str = "", matter: str = "", at_most: int = 500) -> list[DutyLine]:
    """The lines that hold at a moment, of all or of one facility or matter, by matter, facility and area."""
    rows = _at(_seen(scope), at)
    if facility:
        rows = rows.filter(facility=facility)
    if matter:
        rows = rows.filter(Q(matter=matter) | Q(matter__startswith=matter + "/") | Q(matter__startswith=matter + ":"))
    return [_line(row) for row in rows.order_by("matter", "facility", "jurisdiction", "id")[:at_most]]


def history(scope: Scope, *, facility: str = "", matter: str = "", at_most: int = 200) -> list[DutyLine]:
    """Every line that was ever entered, the newest first: who changed what."""
    rows = _seen(scope)
    if facility:
        rows = rows.filter(facility=facility)
    if matter:
        rows = rows.filter(matter=matter)
    return [_line(row) for row in rows.order_by("-put_at", "-id")[:at_most]]


def whose(
    scope: Scope, *, at: datetime, facility: str = "", matters: Sequence[str] = (), area: str = ""
) -> DutyLine | None:
    """The line that decided, at a moment, whose something was; None where no line named anybody. ``area``: where it is."""
    rows = _at(_seen(scope), at).filter(
        Q(facility="") | Q(facility=facility),
        Q(matter="") | Q(matter__in=list(matters)),
        jurisdiction__in=["", *lineage(area)],
    )
    return deciding([_line(row) for row in rows.order_by("id")], facility=facility, matters=matters, area=area)


def _at(rows: QuerySet[DutyRow], at: datetime) -> QuerySet[DutyRow]:
    return rows.filter(Q(until_at=None) | Q(until_at__gt=at), from_at__lte=at)


def _seen(scope: Scope) -> QuerySet[DutyRow]:
    rows = DutyRow.objects.all()
    if scope.jurisdiction:  # an empty filter or another one would be the other one alone
        rows = rows.filter(scope.rows() | Q(jurisdiction__in=["", *lineage(scope.jurisdiction)]))
    return rows.filter(facility__in=["", scope.facility]) if scope.facility else rows


def _line(row: DutyRow) -> DutyLine:
    return DutyLine(**{name: getattr(row, name) for name in DutyLine.__slots__})
