"""One clock that starts beside a move: a helper's, the ruling desk's, an appeal's."""

from __future__ import annotations

from datetime import datetime

from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.models import CaseRow, ClockRow
from tocsin.records.cases.running import COLUMNS, moments_of, new_row, zone_of
from tocsin.records.cases.services.crossing import tell_run_out
from tocsin.records.ledger.bulk import append_many
from tocsin.records.rows import put_rows
from tocsin.terms.moment import to_us

__all__ = ["end_other", "start_other"]


def start_other(row: CaseRow, kind: CaseKind, code: str, purpose: str, *, now: datetime, leg: int | None = None) -> int:
    """Start it now; its deadline in microseconds, 0 where no clock is declared."""
    if not code:
        return 0
    spec, zone = kind.clocks[code], zone_of(row.jurisdiction)
    moments = moments_of(spec, now, zone, calendars_in_use()[spec.calendar], now=now)
    put_rows(ClockRow, COLUMNS, [new_row(row.id, spec, purpose, now, zone, moments, leg)])
    return to_us(moments.due_at)


def end_other(row: CaseRow, purpose: str, how: str, *, actor: str, now: datetime, leg: int | None = None) -> None:
    """End it; a deadline that has passed is told of."""
    running = ClockRow.objects.select_for_update().filter(case=row, purpose=purpose, leg_id=leg, ended_at=None)
    rows = list(running)
    late = [one for one in rows if one.overdue_at is None and not one.standing and one.due_at <= now]
    append_many(tell_run_out(late, now=now), actor=actor, now=now)
    running.update(ended_at=now, ended_how=how)
