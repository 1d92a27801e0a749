"""What a grade does to a case as it moves: an entry where it changed, the clock of the next hop of its report, and clocks that
run in another's place for the grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Q

from tocsin.packkit.clocks import ClockSpec
from tocsin.packkit.grading import chain_step, grade_kept
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.facts import CaseChanged
from tocsin.records.cases.models import ClockRow
from tocsin.records.cases.running import COLUMNS, moments_of, new_row, zone_of
from tocsin.records.cases.services.ending import end_clocks
from tocsin.records.ledger.bulk import Note
from tocsin.records.outbox import services as outbox
from tocsin.records.rows import put_rows
from tocsin.terms.moment import to_us

__all__ = ["GRADED", "Graded", "grade_moved", "running_clocks"]

GRADED = "case_graded"  # the verb


class Graded(Protocol):
    """A case that was moved: a row, or what was read of one."""

    id: str
    number: str
    kind: str
    jurisdiction: str
    values: dict[str, Any]


def running_clocks(case_id: str, *, now: datetime) -> tuple[str, ...]:
    """The clocks of a case whose deadline lies ahead, or that stand still."""
    ahead = Q(due_at__gt=now) | Q(standing=True)
    return tuple(
        ClockRow.objects.filter(ahead, case_id=case_id, purpose="case", ended_at=None).values_list("code", flat=True)
    )


def grade_moved(moved: Sequence[tuple[Graded, CaseKind, Mapping[str, Any]]], code: str, *, now: datetime) -> list[Note]:
    """Cases after the move ``code``, each with its answers before it. The clocks are changed and the facts put; entries for the
    ledger, which the caller writes."""
    notes: list[Note] = []
    for case, kind, before in moved:
        if kind.grade is None:
            continue
        step = chain_step(kind, code, before, case.values)
        was, grade = grade_kept(kind, before), grade_kept(kind, case.values)
        if kind.grade.chain and step:
            notes += end_clocks([(case.id, (kind.grade.chain.clock,))], "done", now=now)
            if step == "start":
                _start(case, kind.clocks[kind.grade.chain.clock], now, now)
        if grade is None or grade == was:
            continue
        notes += _exchanged(case, kind, now)
        body = {"number": case.number, "asked": [kind.grade.name], "grade": grade.code, "before": was.code if was else "",
                "report_to": grade.report_to, "investigated_by": grade.investigated_by}  # fmt: skip
        notes.append(Note(case.id, GRADED, body))
        outbox.put([CaseChanged(case.id, case.kind, case.jurisdiction, to_us(now), GRADED)], now=now)
    return notes


def _exchanged(case: Graded, kind: CaseKind, now: datetime) -> list[Note]:
    """Clocks that run give way to those that run in their place for the grade, counted from the same start."""
    names = kind.with_variants(tuple(kind.variants))
    notes: list[Note] = []
    for row in ClockRow.objects.filter(case_id=case.id, purpose="case", ended_at=None, code__in=names).order_by("id"):
        wanted = kind.clock_for(kind.clocks[row.code].instead_of or row.code, case.values)
        if wanted.code != row.code:
            notes += end_clocks([(case.id, (row.code,))], "replaced", now=now)
            _start(case, wanted, row.started_at, now)
    return notes


def _start(case: Graded, spec: ClockSpec, began: datetime, now: datetime) -> None:
    zone = zone_of(case.jurisdiction)
    moments = moments_of(spec, began, zone, calendars_in_use()[spec.calendar], now=now)
    put_rows(ClockRow, COLUMNS, [new_row(case.id, spec, "case", began, zone, moments)])
