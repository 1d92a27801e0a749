"""Responsibility, reconstructed: a missed re-check is found again from the ledger alone, and nothing later changes that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from tests.rooms.casework import gone_through, row
from tests.rooms.petitions import ASKED, OPINION, ORGAN, concluded, petition_town
from tests.rooms.test_respond_pages import browser
from tests.rooms.test_risks import MILL, risky_town
from tocsin.app.cli import main
from tocsin.loop.review.reconstructing import Found, reconstruction
from tocsin.records.cases import services
from tocsin.records.cases.models import CaseRow
from tocsin.records.duties import queries as duties
from tocsin.records.duties.services import NewLine, end_duty, put_duties
from tocsin.records.ledger.models import LedgerEntry
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.risks import services as risks
from tocsin.records.risks.services import Assessment, NewRisk
from tocsin.terms.errors import NotAllowed, UnknownName
from tocsin.testing.town import EAST, WEST, Town

pytestmark = pytest.mark.django_db
FIVE = {"responsible": "Safety office of the mill", "measures": "A new valve", "money": 9000.0, "done_on": "2026-03-20",
        "plan": "Work stops meanwhile"}  # fmt: skip


@pytest.fixture
def town() -> Iterator[Town]:
    with risky_town() as built:
        for office in ("fire", "gas"):
            org.put_departments([org.DepartmentLine(office, {"en": office}, EAST)], actor=SYSTEM, now=built.now)
        built.hire("inspector-two", Role.INSPECTOR, EAST)
        Account.objects.update(must_change_password=False)
        yield built


def does(town: Town, post: str, case: str, move: str, **answers: Any) -> None:
    services.move(case, move, answers, version=row(case).version, actor=town.as_(post), now=town.now)


def history(town: Town) -> tuple[str, str]:
    """A risk, an inspection with a finding, an order, the five implementations, a re-check that nobody made, an accident."""
    risks.enter_risk(NewRisk("facility", "The boiler may burst", "workplace_safety", "case-handler",
                        Assessment("possible", "larger", "lower", "a new valve"), facility="mill"),
                actor=town.as_("inspector-east"), now=town.now)  # fmt: skip
    inspection = services.open_case("workplace_safety/inspection", {"sector": "general", "planned_on": "2026-03-02"},
                                    facility="mill", actor=town.as_("inspector-east"), now=town.now).id  # fmt: skip
    does(town, "inspector-east", inspection, "finish", result="findings", record="The valve sticks",
         **gone_through(inspection, "five_entered"))  # fmt: skip
    finding = CaseRow.objects.get(parent=inspection).id
    does(town, "case-handler", finding, "order", demand="Exchange the valve", limit_on="2026-03-25")
    does(town, "operator-mill", finding, "plan", **FIVE)
    town.after(days=5)
    does(town, "operator-mill", finding, "report_closed", proof="A valve was bought")
    town.after(days=30)
    accident = services.open_case(
        "workplace_safety/accident", {
            "happened_at": (town.now - timedelta(hours=1)).isoformat(), "informed_at": town.now.isoformat(),
            "course": "The boiler burst", "accident_sort": "other", "deaths": 0, "seriously_injured": 1, "missing": 0,
            "steps": "Area cleared",
        }, facility="mill", actor=town.as_("duty"), now=town.now,
    ).id  # fmt: skip
    return finding, accident


def found(town: Town, case: str, scope: Scope = EVERYWHERE) -> Found:
    return reconstruction(scope, case, now=town.now)


def put(town: Town, department: str, **given: Any) -> None:
    put_duties([NewLine(department=department, **{"facility": "mill", **given})], actor=SYSTEM, now=town.now)


def test_whose_it_was_is_what_the_duty_list_answers_at_every_moment(town: Town) -> None:
    """The twin reads the table; the reconstruction the ledger alone."""
    _finding, accident = history(town)
    began = town.now
    put(town, "fire")
    town.after(days=2)
    put(town, "gas")
    town.after(days=2)
    put(town, "fire", facility="", matter="workplace_safety", jurisdiction=EAST)
    [line] = [one for one in duties.holding(EVERYWHERE, at=town.now) if one.facility == "mill"]
    end_duty(line.id, actor=SYSTEM, now=town.now)
    town.after(days=1)
    for hours in (-30, 0, 1, 47, 48, 60, 95, 96, 97, 119):
        at = began + timedelta(hours=hours)
        told = reconstruction(EVERYWHERE, accident, at=at, now=town.now).told
        twin = duties.whose(EVERYWHERE, at=at, facility="mill", matters=told.place.matters, area=EAST)
        decided = [one.line for one in told.duties if one.decides]
        assert decided == ([twin.id] if twin else []), hours


def test_a_line_entered_afterwards_decides_nothing_and_says_so(town: Town) -> None:
    _finding, accident = history(town)
    put(town, "fire", from_at=town.now - timedelta(days=9))
    [line] = reconstruction(EVERYWHERE, accident, at=town.now - timedelta(days=1), now=town.now).told.duties
    assert (line.department, line.decides, line.afterwards) == ("fire", False, True)


def test_an_inspection_that_was_not_made_is_a_gap_until_it_is(town: Town) -> None:
    risks.enter_risk(MILL, actor=town.as_("case-handler"), now=town.now)
    town.after(days=95)
    town.carry()
    asked = CaseRow.objects.get(kind="workplace_safety/inspection")

    def fates() -> list[str]:
        told = found(town, asked.id).told
        return [one.fate(told.at) for one in told.owed if one.what == "inspection"]

    told = reconstruction(EVERYWHERE, asked.id, at=town.now, now=town.now).told
    assert [one.fate(told.at) for one in told.owed if one.what == "inspection"] == ["missed"]
    does(town, "inspector-east", asked.id, "finish", result="in_order", record="Seen", **gone_through(asked.id))
    told = reconstruction(EVERYWHERE, asked.id, at=town.now, now=town.now).told
    assert [one.fate(told.at) for one in told.owed if one.what == "inspection"] == ["late"]
    assert fates() == ["open"]  # as it stood when the case was opened


def test_a_missed_recheck_is_found_with_its_clause_and_its_entry(town: Town) -> None:
    finding, accident = history(town)
    told = found(town, accident)
    [gap] = [one for one in told.told.gaps if one.subject == finding]
    assert (gap.what, gap.code, gap.fate(told.told.at), gap.post) == ("clock", "recheck", "missed", "case-handler")
    assert told.cases[finding].kind.clocks[gap.code].clause
    entry = LedgerEntry.objects.get(subject=gap.told.subject, number=gap.told.number)
    assert (entry.hash, entry.verb) == (gap.told.hash, "case_moved")
    assert not told.breaches
    assert {line.part for line in told.told.lines} >= {"risk", "inspection", "finding"}


def test_answers_are_told_where_the_ledger_vouches_for_them_and_only_there(town: Town) -> None:
    finding, accident = history(town)

    def plan() -> list[Any]:
        return [
            line.answers for line in found(town, accident).told.part("finding") if line.told.body.get("move") == "plan"
        ]

    assert plan() == [FIVE]
    values = CaseRow.objects.get(id=finding).values
    CaseRow.objects.filter(id=finding).update(values=values | {"responsible": "Somebody else"})
    assert plan() == [None]  # what the table says now was never entered so


def test_what_comes_later_changes_nothing(town: Town) -> None:
    finding, accident = history(town)
    before = found(town, accident).told
    town.after(days=3)
    does(town, "inspector-two", finding, "look_again", seen="It is in")
    put(town, "gas")
    after = found(town, accident).told
    assert after == before
    later = reconstruction(EVERYWHERE, accident, at=town.now, now=town.now).told
    assert [one.fate(later.at) for one in later.owed if (one.subject, one.code) == (finding, "recheck")] == ["late"]


def test_an_edited_entry_is_said(town: Town) -> None:
    finding, accident = history(town)
    entry = LedgerEntry.objects.filter(subject=finding).order_by("number").last()
    assert entry is not None
    LedgerEntry.objects.filter(pk=entry.pk).update(actor="nobody/acc_0")
    assert [breach.kind for breach in found(town, accident).breaches] == ["edited"]


def test_only_who_reviews_reads_it_and_only_in_its_area(town: Town) -> None:
    _finding, accident = history(town)
    for role in (Role.COMMANDER, Role.AUDITOR, Role.CASE_HANDLER):
        assert found(town, accident, Scope(EAST, role)).told.lines
        with pytest.raises(UnknownName):
            found(town, accident, Scope(WEST, role))
    for role in (Role.INSPECTOR, Role.SIGNER, Role.FACILITY_OPERATOR):
        with pytest.raises(NotAllowed):
            found(town, accident, Scope(EAST, role))


def test_the_page_tells_it_in_both_languages(town: Town) -> None:
    _finding, accident = history(town)
    page = browser(town, "commander")
    case = page.get(f"/cases/{accident}/").content.decode()
    assert f"/cases/{accident}/reconstruction" in case
    shown = page.get(f"/cases/{accident}/reconstruction")
    said = shown.content.decode()
    assert shown.status_code == 200
    for words in (
        "Not done, overdue by",
        "Safety office of the mill",
        "Exchange the valve",
        "Risk entered",
        "Larger risk",
    ):
        assert words in said, words
    assert LedgerEntry.objects.filter(verb="reconstruction_read").count() == 1
    assert page.get(f"/cases/{accident}/reconstruction?at=2026-02-30").status_code == 422
    early = page.get(f"/cases/{accident}/reconstruction?at=2026-03-01T00:00").content.decode()
    assert "Safety office of the mill" not in early
    assert "复查" in browser(town, "commander", "zh-hans").get(f"/cases/{accident}/reconstruction").content.decode()
    assert browser(town, "inspector-east").get(f"/cases/{accident}/reconstruction").status_code == 403


def test_the_command_tells_the_gaps_and_names_every_entry(town: Town) -> None:
    finding, accident = history(town)
    number = CaseRow.objects.get(id=accident).number
    ran = CliRunner().invoke(main, ["duties", "reconstruct", number, "--json"])
    told = json.loads(ran.stdout)
    assert ran.exit_code == 1
    assert [(gap["code"], gap["fate"], gap["subject"], bool(gap["clause"])) for gap in told["gaps"]] == [
        ("recheck", "missed", finding, True)
    ]
    assert all(line["hash"] and line["entry"] for line in (*told["lines"], *told["owed"]))
    assert "acc_" not in json.dumps([line["by"] for line in told["lines"]])
    ran = CliRunner().invoke(main, ["duties", "reconstruct", accident])
    assert "clock recheck of YH2026-000001" in ran.stdout


def test_up_to_now_says_who_was_told_and_who_read_what_lies_under_seal_and_opens_nothing() -> None:
    with petition_town() as town:
        Account.objects.update(must_change_password=False)
        made = concluded(town)
        services.read_sealed(made.id, "handle", actor=town.as_(ORGAN), now=town.now)
        town.after(minutes=1)
        told = found(town, made.id, Scope(EAST, Role.CASE_HANDLER)).told
        assert all(line.answers is None for line in told.lines)
        commander = browser(town, "commander")
        address = f"/cases/{made.id}/reconstruction"
        assert "?at=2026-03-03T" in commander.get(address).content.decode()
        said = commander.get(f"{address}?at={town.now.isoformat().replace('+', '%2B')}").content.decode()
        assert "Read under seal" in said
        for words in (*ASKED.values(), *OPINION.values()):
            assert len(str(words)) < 12 or str(words) not in said, words
