"""Crossings of clocks: marked, put as facts, and given as entries for the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.records.cases.facts import CaseChanged, ClockNearing, ClockRunOut
from tocsin.records.cases.kinds import kind_of
from tocsin.records.cases.models import AppealRow, CaseRow, ClockRow
from tocsin.records.ledger.bulk import Note
from tocsin.records.outbox import services as outbox
from tocsin.terms.moment import to_us

__all__ = ["tell_nearing", "tell_run_out"]


def tell_run_out(rows: Sequence[ClockRow], *, now: datetime) -> list[Note]:
    """Deadlines that have passed: once each. The time of a right ends by it, and nobody is late."""
    cases = CaseRow.objects.in_bulk({row.case_id for row in rows})
    lapsed = [row for row in rows if _lapses(row, cases[row.case_id])]
    late = [row for row in rows if row not in lapsed]
    return _lapse(lapsed, cases, now) + _tell(late, cases, "overdue_at", "clock_run_out", ClockRunOut, now)


def tell_nearing(rows: Sequence[ClockRow], *, now: datetime) -> list[Note]:
    """Warning points that have passed: once each."""
    cases = CaseRow.objects.in_bulk({row.case_id for row in rows})
    return _tell(rows, cases, "warned_at", "clock_nearing", ClockNearing, now)


def _lapses(row: ClockRow, case: CaseRow) -> bool:
    return kind_of(case.kind, case.declaration_id).clocks[row.code].lapses


def _lapse(rows: Sequence[ClockRow], cases: dict[str, CaseRow], now: datetime) -> list[Note]:
    if not rows:
        return []
    ClockRow.objects.filter(id__in=[row.pk for row in rows]).update(ended_at=now, ended_how="lapsed")
    facts, notes = [], []
    for row in rows:
        row.ended_at, row.ended_how, case = now, "lapsed", cases[row.case_id]
        facts.append(CaseChanged(case.id, case.kind, case.jurisdiction, to_us(now), "clock_lapsed"))
        notes.append(_note(row, case, "clock_lapsed"))
    outbox.put(facts, now=now)
    return notes


def _tell(
    rows: Sequence[ClockRow], cases: dict[str, CaseRow], mark: str, verb: str, kind: type, now: datetime
) -> list[Note]:
    if not rows:
        return []
    ClockRow.objects.filter(id__in=[row.pk for row in rows]).update(**{mark: now})
    deciding, facts, notes = _deciding(rows), [], []
    for row in rows:
        setattr(row, mark, now)
        case = cases[row.case_id]
        owner = row.leg.post if row.leg is not None else case.owner
        if row.purpose == "appeal":
            owner = deciding.get(case.id, owner)
        facts.append(
            kind(case.id, case.kind, case.jurisdiction, to_us(now), row.code, to_us(row.due_at), owner, row.pk)
        )
        notes.append(_note(row, case, verb))
    outbox.put(facts, now=now)
    return notes


def _note(row: ClockRow, case: CaseRow, verb: str) -> Note:
    body = {"number": case.number, "clock": row.code, "purpose": row.purpose, "due_us": to_us(row.due_at)}
    return Note(case.id, verb, body)


def _deciding(rows: Iterable[ClockRow]) -> dict[str, str]:
    """Who owns the newest appeal of those cases whose appeal clocks are among the rows."""
    cases = [row.case_id for row in rows if row.purpose == "appeal"]
    return (
        dict(AppealRow.objects.filter(case__in=cases).order_by("id").values_list("case_id", "owner")) if cases else {}
    )
