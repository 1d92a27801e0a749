"""Clocks that end. A deadline that has passed is told of, also where the clock ends before the sweep came by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.records.cases.models import ClockRow
from tocsin.records.cases.services.crossing import tell_run_out
from tocsin.records.ledger.bulk import Note

__all__ = ["end_clocks"]


def end_clocks(ends: Sequence[tuple[str, tuple[str, ...] | None]], how: str, *, now: datetime) -> list[Note]:
    """End running clocks of cases: of each the named ones, or all (None) but those of helpers and appeals, which end with them.
    Entries for deadlines that nobody had told of; the caller writes them."""
    if not ends:
        return []
    wanted = dict(ends)
    running = ClockRow.objects.select_for_update().filter(case_id__in=list(wanted), ended_at=None, purpose="case")
    rows = [row for row in running.order_by("id") if (names := wanted[row.case_id]) is None or row.code in names]
    if not rows:
        return []
    late = [row for row in rows if row.overdue_at is None and not row.standing and row.due_at <= now]
    notes = tell_run_out(late, now=now)
    ClockRow.objects.filter(id__in=[row.pk for row in rows]).update(ended_at=now, ended_how=how)
    return notes
