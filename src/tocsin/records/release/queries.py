"""Readers of releases. Each takes a scope, but for what the channel itself must know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.records.release.models import ReleaseRow
from tocsin.records.release.services import MISSING_AFTER

__all__ = ["ReleaseLine", "missing", "of_warning", "waits_for"]


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release as it is read; ``said``: what went wrong last, where there is no receipt."""

    warning: str
    level: int
    asked_at: datetime
    until: datetime
    receipt: str
    received_at: datetime | None
    said: str

    @property
    def due_at(self) -> datetime:
        """From when a missing receipt is told of."""
        return self.asked_at + MISSING_AFTER


def of_warning(scope: Scope, warning: str) -> ReleaseLine | None:
    """The release of a message that the reader may see (the room that asks has checked it); None where nobody asked."""
    scope.require(Act.READ_WARNINGS)
    row = ReleaseRow.objects.filter(warning=warning).first()
    return None if row is None else _line(row)


def missing(scope: Scope, *, now: datetime, at_most: int = 20) -> list[ReleaseLine]:
    """Without a receipt after ``MISSING_AFTER`` and still wanted, the longest waiting first."""
    scope.require(Act.READ_WARNINGS)
    rows = ReleaseRow.objects.filter(
        scope.rows(), received_at=None, asked_at__lte=now - MISSING_AFTER, until__gt=now - timedelta(hours=24)
    )
    return [_line(row) for row in rows.order_by("asked_at", "id")[:at_most]]


def waits_for(warning: str, *, now: datetime) -> str:
    """The earlier message of the same lineage that must be receipted first; "" where none: an update never overtakes what it
    replaces (N4 of warnings.md)."""
    row = ReleaseRow.objects.filter(warning=warning).first()
    if row is None:
        return ""
    before = ReleaseRow.objects.filter(lineage=row.lineage, received_at=None, until__gt=now, asked_at__lte=row.asked_at)
    earlier = before.exclude(id=row.id).filter(id__lt=row.id).order_by("id").first()
    return earlier.warning if earlier is not None else ""


def _line(row: ReleaseRow) -> ReleaseLine:
    said = "" if row.received_at else (
        DispatchRow.objects.filter(about=row.id).values_list("last_error", flat=True).first() or ""
    )  # fmt: skip
    return ReleaseLine(row.warning, row.level, row.asked_at, row.until, row.receipt, row.received_at, said)
