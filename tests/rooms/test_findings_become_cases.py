"""The migration that makes cases of findings: every state, clocks, pictures, links and the ledger chain; life goes on; and
back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from tests.rooms.responding import quiet, responding_town
from tests.rooms.test_respond_pages import browser
from tocsin.loop.rectify import queries, services
from tocsin.loop.rectify.lifecycle import FindingState, Grade
from tocsin.records.cases import queries as cases
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger import services as ledger_services
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("rectify", "0002_look_back")]
STATES = [state.value for state in FindingState]
ARCHIVE, ARCHIVE_PHOTOS = "rectify_archivedfindingrow", "rectify_archivedphotorow"


@pytest.fixture
def town() -> Iterator[Town]:
    with responding_town() as built:
        built.hire("inspector-two", Role.INSPECTOR, EAST, lon=120.8, lat=30.3)
        Account.objects.update(must_change_password=False)
        try:
            yield built
        finally:
            call_command("migrate", verbosity=0)  # whatever was wrong, the tests that follow have a database
            with connection.cursor() as cursor:  # no model, so nobody else empties them
                cursor.execute(f"DELETE FROM {ARCHIVE_PHOTOS}")
                cursor.execute(f"DELETE FROM {ARCHIVE}")
            quiet(built)


def backwards() -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    return executor.loader.project_state(BEFORE).apps


def forwards() -> None:
    call_command("migrate", verbosity=0)


def old_finding(apps: Any, town: Town, state: str, **other: Any) -> str:
    """A finding as version 1 kept it: in the state, with everything that leads to it."""
    now, name = town.now, f"fnd_{state}{other.pop('tail', '')}"
    way = ["recorded", "ordered", "planned", "fixed", "rechecked", "closed"]
    been = way.index(state) if state in way else {"reopened": 3, "withdrawn": 0}[state]
    values: dict[str, Any] = {
        "id": name, "facility": "mill", "jurisdiction": EAST, "grade": "major", "state": state, "words": f"pump of {state}",
        "salt": "5a17", "recorded_at": now, "recorded_by": "inspector-east/" + town.account("inspector-east"),
        "recorded_account": town.account("inspector-east"), "version": been + 1, "once": f"once-{name}",
    }  # fmt: skip
    if been >= 1:
        values |= {"demand": "mend it", "limit_at": now + timedelta(days=7), "ordered_at": now, "ordered_by": "case-handler/a",
                   "orders": 1, "operator": "operator-mill"}  # fmt: skip
    if been >= 2:
        values |= {"person": "works", "measures": "new pump", "money": Decimal("8000.50"), "plan": "by hand",
                   "deadline_at": now + timedelta(days=3), "planned_at": now, "planned_by": "operator-mill/b"}  # fmt: skip
    if been >= 3:
        values |= {"fixed_at": now, "fixed_by": "operator-mill/b", "fixed_account": town.account("operator-mill"),
                   "fixed_note": "new pump"}  # fmt: skip
    if been >= 4 or state == "reopened":
        values |= {"rechecked_at": now, "rechecked_by": "inspector-two/c", "rechecked_account": town.account("inspector-two"),
                   "recheck_said": "not_fixed" if state == "reopened" else "fixed", "recheck_note": "looked"}  # fmt: skip
    if state in ("closed", "withdrawn"):
        values |= {"closed_at": now, "closed_by": "case-handler/a", "ended_why": "papers"}
    if state == "closed":
        values |= {"look_back_on": (now + timedelta(days=365)).date()}
    apps.get_model("rectify", "FindingRow").objects.create(**values | other)
    for moment in ["found"] + (["fixed"] if been >= 3 else []):
        apps.get_model("rectify", "PhotoRow").objects.create(
            finding_id=name, moment=moment, digest="a" * 64, thumbnail="b" * 64, at=now, by="somebody"
        )
    ledger_services.append(name, "finding_recorded", {"facility": "mill"}, actor="inspector-east/a", now=now)
    return name


def moved(town: Town, *states: str, **other: Any) -> list[str]:
    apps = backwards()
    made = [old_finding(apps, town, state, **other) for state in states]
    forwards()
    return made


def running(finding: str) -> dict[str, Any]:
    return {c.code: c.due_at for c in cases.case_file(EVERYWHERE, finding).clocks if c.ended_at is None}


def test_every_finding_of_the_old_form_is_a_case_that_says_the_same(town: Town) -> None:
    storm = town.storm()
    made = moved(town, *STATES, event=storm.event, verification="vrf_1")
    lines = {line.id: line for line in queries.findings(EVERYWHERE, event=storm.event)}
    assert set(lines) == set(made)
    for state, name in zip(STATES, made, strict=True):
        line = lines[name]
        assert (line.state, line.grade, line.words, line.verification) == (
            state,
            Grade.MAJOR,
            f"pump of {state}",
            "vrf_1",
        )
        assert (line.recorded_by.partition("/")[0], line.recorded_account) == (
            "inspector-east",
            town.account("inspector-east"),
        )
        assert line.owner == "case-handler"
    assert sorted(line.number for line in lines.values()) == [f"YH{town.now.year}-{n:06d}" for n in range(1, 9)]
    planned, closed = lines["fnd_planned"], lines["fnd_closed"]
    assert (planned.person, planned.money, planned.deadline_at, planned.limit_at) == (
        "works", Decimal("8000.50"), town.now + timedelta(days=3), town.now + timedelta(days=7))  # fmt: skip
    assert (closed.closed_at, closed.closed_by, closed.ended_why, closed.recheck_said) == (
        town.now, "case-handler/a", "papers", "fixed")  # fmt: skip
    assert closed.look_back_on == (town.now + timedelta(days=365)).date()
    assert [photo.moment for photo in queries.photos(EVERYWHERE, "fnd_fixed")] == ["found", "fixed"]
    assert [entry.verb for entry in ledger.chain("fnd_fixed")] == ["finding_recorded"]


def test_the_upgrade_is_told_of_in_the_ledger_at_the_next_start_once(town: Town) -> None:
    made = moved(town, *STATES)
    assert [services.note_migrated(now=town.now) for _start in range(2)] == [len(STATES), 0]
    (entry,) = ledger.chain("findings")
    assert (entry.body["n"], sorted(entry.body["cases"])) == (len(STATES), sorted(made))


def test_the_clocks_that_ran_run_on(town: Town) -> None:
    moved(town, *STATES)
    limit, deadline = town.now + timedelta(days=7), town.now + timedelta(days=3)
    assert running("fnd_recorded") == running("fnd_withdrawn") == running("fnd_rechecked") == {}
    assert running("fnd_ordered") == running("fnd_reopened") == {"order_limit": limit}
    assert running("fnd_planned") == {"order_limit": limit, "plan_deadline": deadline}
    assert running("fnd_fixed") == {"recheck": town.now + timedelta(days=10)}
    (due,) = running("fnd_closed").values()
    assert timedelta(days=375) < due - town.now <= timedelta(days=376)


def test_life_goes_on_from_where_it_was(town: Town) -> None:
    moved(town, *STATES)
    handler, operator, other = (town.as_(post) for post in ("case-handler", "operator-mill", "inspector-two"))
    services.release("fnd_rechecked", version=5, actor=handler, now=town.now)
    assert queries.finding(EVERYWHERE, "fnd_rechecked").state == FindingState.CLOSED
    services.report_fixed("fnd_planned", "", [_photo()], version=3, actor=operator, now=town.now)
    services.recheck("fnd_fixed", "fixed", "", version=4, actor=other, now=town.now)
    assert queries.finding(EVERYWHERE, "fnd_fixed").state == FindingState.RECHECKED
    services.serve_order("fnd_recorded", town.now + timedelta(days=1), version=1, actor=handler, now=town.now)
    quiet(town)
    town.after(days=7, minutes=1)
    town.phone("operator-mill").expects("Overdue")
    late = [line.id for line in queries.findings(EVERYWHERE) if line.overdue_at is not None]
    assert sorted(late) == ["fnd_ordered", "fnd_recorded", "fnd_reopened"]
    assert ledger.verify() == []


def test_nobody_who_could_not_look_again_can_look_now(town: Town) -> None:
    from tocsin.terms.errors import NotAllowed

    moved(town, "fixed")
    for post in ("inspector-east", "operator-mill"):
        with pytest.raises(NotAllowed):
            services.recheck("fnd_fixed", "fixed", "", version=4, actor=town.as_(post), now=town.now)


def test_what_was_told_as_overdue_is_not_told_again(town: Town) -> None:
    moved(town, "ordered", limit_at=town.now - timedelta(hours=1), overdue_at=town.now)
    town.after(days=2)
    assert "finding_overdue" not in [entry.verb for entry in ledger.chain("fnd_ordered")]


def test_a_finding_that_was_made_of_a_look_back_is_still_found(town: Town) -> None:
    apps = backwards()
    again = old_finding(apps, town, "recorded")
    old_finding(apps, town, "closed", looked_back_at=town.now, looked_back_by="x/y", look_back_said="not_fixed",
                found_again=again)  # fmt: skip
    forwards()
    line = queries.finding(EVERYWHERE, "fnd_closed")
    assert (line.found_again, line.look_back_said) == (again, "not_fixed")
    assert running("fnd_closed") == {}


def test_the_old_address_and_its_photograph_still_answer(town: Town) -> None:
    moved(town, "fixed")
    client: Client = browser(town, "case-handler")
    page = client.get("/findings/fnd_fixed/")
    assert page.status_code == 200
    assert f"YH{town.now.year}-000001" in page.content.decode()
    assert "pump of fixed" in page.content.decode()
    assert client.get("/cases/fnd_fixed/").status_code == 200
    assert client.get("/findings/fnd_fixed/order.pdf").status_code == 200


def test_the_old_rows_lie_in_the_archive_and_the_way_back_is_open_until_something_moves(town: Town) -> None:
    moved(town, *STATES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, words FROM {ARCHIVE} ORDER BY id")
        assert len(kept := cursor.fetchall()) == len(STATES)
    assert ("fnd_fixed", "pump of fixed") in kept
    old = backwards()
    assert {row.id: row.state for row in old.get_model("rectify", "FindingRow").objects.all()} == {
        f"fnd_{state}": state for state in STATES
    }
    assert cases.count(EVERYWHERE) == 0
    forwards()
    services.withdraw("fnd_recorded", "twice", version=1, actor=town.as_("case-handler"), now=town.now)
    with pytest.raises(RuntimeError, match="restore the backup"):
        backwards()


def _photo() -> Any:
    from tocsin.records.blobs import Photo

    return Photo("c" * 64, "d" * 64, 640, 480, 1234)
