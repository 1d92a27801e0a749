"""Clocks that end. A deadline that has passed is told of, also where the clock ends before the sweep came by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Case, Q, When

from tocsin.records.cases.models import CaseRow, ClockRow
from tocsin.records.cases.services.crossing import tell_run_out
from tocsin.records.ledger.bulk import Note

__all__ = ["end_clocks", "has_lapsed"]


def has_lapsed(row: CaseRow, code: str, *, now: datetime) -> bool:
    """Whether the time of a right, when it last ran, is over; also before the sweep came by. A time that never began is not."""
    last = ClockRow.objects.filter(case=row, code=code, purpose="case").order_by("-id").first() if code else None
    return last is not None and last.due_at <= now


def end_clocks(ends: Sequence[tuple[str, tuple[str, ...] | None]], how: str, *, now: datetime) -> list[Note]:
    """End running clocks of cases: of each the named ones, or all (None) but those of helpers and appeals, which end with them.
    Entries for deadlines that nobody had told of; the caller writes them."""
    if not ends:
        return []
    wanted = dict(ends)
    running = ClockRow.objects.select_for_update().filter(case_id__in=list(wanted), ended_at=None, purpose="case")
    told = Q(overdue_at=None, standing=False, due_at__lte=now)
    found = running.order_by("id").values_list("id", "case_id", "code", Case(When(told, then=True), default=False))
    rows = [(key, late) for key, case, code, late in found if (names := wanted[case]) is None or code in names]
    if not rows:
        return []
    late = [key for key, is_late in rows if is_late]
    notes = tell_run_out(list(ClockRow.objects.filter(id__in=late).order_by("id")), now=now) if late else []
    ClockRow.objects.filter(id__in=[key for key, _late in rows], ended_at=None).update(ended_at=now, ended_how=how)
    return notes
