"""Counts of sealed cases as they are given out: every question that a pack counts, month after month, on the page and as CSV;
all of it attacked together."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from tests.rooms.petitions import PETITION, petition, petition_town
from tests.rooms.test_respond_pages import browser
from tests.unit.measure.test_suppression import attacked_together
from tocsin.app import worker
from tocsin.app.wiring import LONG_SWEEPS, SWEEPS
from tocsin.measure.suppression import LEAST_OPEN, LEAST_SHOWN, ShownTable, ShownTables
from tocsin.records.cases import services
from tocsin.records.cases.counted import counted
from tocsin.records.cases.kinds import openable
from tocsin.records.cases.models import CaseRow, CountsRow
from tocsin.records.cases.services.counting import fixed_counts
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import NotAllowed, UnknownName
from tocsin.testing.town import EAST, WEST, Town

pytestmark = pytest.mark.django_db
MONTHS = ("2026-03", "2026-04", "2026-05")
QUESTIONS = ("matter", "came_by")


@pytest.fixture
def town() -> Iterator[Town]:
    with petition_town() as built:
        Account.objects.update(must_change_password=False)
        yield built
        built.read_all()


def choices(question: str) -> list[str]:
    kind = openable(PETITION)[0]
    asked = kind.forms[kind.form].question(question)
    assert asked is not None
    return list(asked.words)


def many(town: Town, seed: int = 5) -> None:
    """Petitions of three months, in two districts, some answers frequent and some rare: copies of one that was made."""
    rng, one = np.random.default_rng(seed), CaseRow.objects.get(id=petition(town).id)
    rows = []
    for number in range(330):
        values = {question: choices(question)[min(int(rng.geometric(0.45)) - 1, len(choices(question)) - 1)]
                  for question in QUESTIONS}  # fmt: skip
        given = {field.attname: getattr(one, field.attname) for field in CaseRow._meta.concrete_fields}
        given |= {"id": f"cas_{number}", "number": f"XF-{number}", "values": values, "receipt": None, "once": None,
                  "sealed": None, "seal_key": "", "jurisdiction": (EAST, WEST)[int(rng.integers(2))],
                  "opened_at": town.now + timedelta(days=int(rng.integers(85)))}  # fmt: skip
        rows.append(CaseRow(**given))
    CaseRow.objects.bulk_create(rows)


def end_of(month: str) -> datetime:
    return datetime.fromisoformat(f"{month}-28T00:00:00+08:00") + timedelta(days=5)


def as_shown(body: dict[str, Any]) -> ShownTables:
    tables = tuple(
        ShownTable({(area, column): n for area, cells in one["cells"].items() for column, n in cells.items()}, body["rows"],
                   one["totals"], body["total"], frozenset(one["withheld"])) for one in body["tables"]
    )  # fmt: skip
    return ShownTables(tables, body["rows"], body["total"])


def true_counts(month: str) -> list[dict[tuple[str, str], int]]:
    found: list[dict[tuple[str, str], int]] = [{}, {}]
    for row in CaseRow.objects.all():
        if f"{row.opened_at.astimezone(end_of(month).tzinfo):%Y-%m}" == month:
            for place, question in enumerate(QUESTIONS):
                cell = (row.jurisdiction, row.values[question])
                found[place][cell] = found[place].get(cell, 0) + 1
    return found


def test_no_small_cell_is_recovered_from_all_tables_of_successive_months(town: Town) -> None:
    """What is given out, month after month, while cases go on changing; attacked with everything together. Months share no
    case, so that what one tells says nothing of another's cells: their programs fall apart."""
    many(town)
    true, bodies, small = {month: true_counts(month) for month in MONTHS}, {}, 0
    for month in MONTHS:
        assert services.counts_sweep(now=end_of(month)) == 1
        assert services.counts_sweep(now=end_of(month)) == 0  # once
        bodies[month] = CountsRow.objects.get(month=month).body
        # what happens later: answers are put right, cases move and go
        CaseRow.objects.filter(id__in=[f"cas_{n}" for n in range(40)]).update(jurisdiction=WEST)
        CaseRow.objects.filter(id__in=[f"cas_{n}" for n in range(40, 60)]).delete()
        for row in CaseRow.objects.filter(id__in=[f"cas_{n}" for n in range(60, 90)]):
            CaseRow.objects.filter(id=row.id).update(values=row.values | {"matter": choices("matter")[1]})
        true |= {later: true_counts(later) for later in MONTHS if later > month}
        assert all(CountsRow.objects.get(month=earlier).body == body for earlier, body in bodies.items())
        assert fixed_counts(PETITION, month, actor=town.as_("commander"), now=end_of(MONTHS[-1])) == bodies[month]
    for month, body in bodies.items():
        shown = as_shown(body)
        assert [one["question"] for one in body["tables"]] == list(QUESTIONS)
        for place, table in enumerate(shown.tables):
            for cell, n in table.cells.items():
                held = true[month][place].get(cell, 0)
                assert n is None or n == held >= LEAST_SHOWN
        for (place, cell), (least, most) in attacked_together(shown, tuple(body["areas"])).items():
            held = true[month][place].get(cell, 0)
            assert least <= held <= most
            if held < LEAST_SHOWN:
                small += 1
                assert most - least + 1 >= LEAST_OPEN, (month, place, cell, least, most)
    assert small > 40
    assert sum(n is not None for one in as_shown(bodies[MONTHS[0]]).tables for n in one.cells.values()) >= 4
    assert [line.verb for line in ledger.chain(f"counts:{PETITION}")] == ["counts_published"] * 3


def test_the_worker_counts_in_a_thread_of_its_own(town: Town) -> None:
    """The suppression of a large deployment takes a while: no deadline waits for it, and no transaction is open meanwhile."""
    assert services.counts_sweep in LONG_SWEEPS
    assert services.counts_sweep not in SWEEPS
    threads = [one.name for one in worker._threads(settings.CONFIGURATION, threading.Event())]
    assert {"counts", "sweeper"} <= set(threads)


def test_a_deployment_that_stood_still_catches_up_and_one_without_cases_counts_nothing(town: Town) -> None:
    assert services.counts_sweep(now=end_of("2026-05")) == 0
    many(town)
    late = end_of("2026-05")
    assert [services.counts_sweep(now=late) for _round in range(4)] == [1, 1, 1, 0]
    assert sorted(CountsRow.objects.values_list("month", flat=True)) == list(MONTHS)


def test_who_evaluates_reads_them_of_their_area(town: Town) -> None:
    town.hire("auditor-east", Role.AUDITOR, EAST)
    Account.objects.update(must_change_password=False)
    assert "No month" in browser(town, "auditor").get("/counts").content.decode()
    assert browser(town, "auditor").get("/counts.csv").status_code == 404
    many(town)
    for month in MONTHS:
        services.counts_sweep(now=end_of(month))
    page = browser(town, "auditor").get("/counts").content.decode()
    body = CountsRow.objects.get(month=MONTHS[-1]).body
    for area in ("East district", "West district"):
        assert area in page
    frequent = body["tables"][0]["cells"][EAST][choices("matter")[0]]
    assert frequent >= LEAST_SHOWN
    assert f'<td class="number">{frequent}</td>' in page
    older = browser(town, "auditor", "zh-hans").get("/counts", {"kind": PETITION, "month": MONTHS[0]}).content.decode()
    assert f"{MONTHS[0]}</h2>" in older
    east = browser(town, "auditor-east").get("/counts").content.decode()
    assert "West district" not in east
    assert "All areas" not in east.partition("<main")[2]
    seen = counted(Scope(EAST, "auditor"), PETITION, MONTHS[0])
    assert (seen.areas, seen.total, seen.whole) == ((EAST,), None, False)
    assert all(n is None for one in seen.tables for n in one.totals.values())
    with pytest.raises(NotAllowed):
        counted(Scope("", "case_handler"), PETITION, MONTHS[0])
    with pytest.raises(UnknownName):
        counted(Scope("", "auditor"), PETITION, "2031-01")
    asked = browser(town, "auditor").get("/counts.csv", {"kind": PETITION, "month": MONTHS[0]}).content.decode()
    rows = list(csv.DictReader(io.StringIO(asked)))
    assert {row["question"] for row in rows} == {*QUESTIONS, "*"}
    told = {(row["question"], row["area"], row["answer"]): row["count"] for row in rows}
    for one in CountsRow.objects.get(month=MONTHS[0]).body["tables"]:
        for area, cells in one["cells"].items():
            for column, n in cells.items():
                assert told[one["question"], area, column or "-"] == ("" if n is None else str(n))


def test_what_was_counted_when_there_was_one_table_is_still_read(town: Town) -> None:
    body = {"kind": PETITION, "month": "2025-01", "question": "matter", "areas": [EAST], "columns": ["a", "b"],
            "cells": {EAST: {"a": 7, "b": None}}, "rows": {EAST: None}, "totals": {"a": 7, "b": None},
            "total": None}  # fmt: skip
    CountsRow.objects.create(kind=PETITION, month="2025-01", body=body, at=town.now)
    (table,) = counted(Scope("", "auditor"), PETITION, "2025-01").tables
    assert (table.question, table.cells[EAST]["a"], table.totals["a"]) == ("matter", 7, 7)
