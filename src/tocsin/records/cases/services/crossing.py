"""Crossings of clocks: marked, put as facts, and given as entries for the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.records.cases.facts import ClockNearing, ClockRunOut
from tocsin.records.cases.models import CaseRow, ClockRow
from tocsin.records.ledger.bulk import Note
from tocsin.records.outbox import services as outbox
from tocsin.terms.moment import to_us

__all__ = ["tell_nearing", "tell_run_out"]


def tell_run_out(rows: Sequence[ClockRow], *, now: datetime) -> list[Note]:
    """Deadlines that have passed: once each."""
    return _tell(rows, "overdue_at", "clock_run_out", ClockRunOut, now)


def tell_nearing(rows: Sequence[ClockRow], *, now: datetime) -> list[Note]:
    """Warning points that have passed: once each."""
    return _tell(rows, "warned_at", "clock_nearing", ClockNearing, now)


def _tell(rows: Sequence[ClockRow], mark: str, verb: str, kind: type, now: datetime) -> list[Note]:
    if not rows:
        return []
    ClockRow.objects.filter(id__in=[row.pk for row in rows]).update(**{mark: now})
    cases = CaseRow.objects.in_bulk({row.case_id for row in rows})
    facts, notes = [], []
    for row in rows:
        setattr(row, mark, now)
        case, due_us = cases[row.case_id], to_us(row.due_at)
        owner = row.leg.post if row.leg is not None else case.owner
        facts.append(kind(case.id, case.kind, case.jurisdiction, to_us(now), row.code, due_us, owner))
        notes.append(
            Note(case.id, verb, {"number": case.number, "clock": row.code, "purpose": row.purpose, "due_us": due_us})
        )
    outbox.put(facts, now=now)
    return notes
