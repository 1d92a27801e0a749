"""Work safety: from an inspection to a major finding, its order, its release and its return; and an accident in the night
before a holiday. The clocks run by the town's own clock, and what passes is told once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.rooms.casework import at, casework_town, clock, file, gone_through, row, verbs
from tocsin.loop.review.reconstructing import reconstruction
from tocsin.records.cases import queries, services
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.duties.services import NewLine, put_duties
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.terms.errors import NotAllowed, Stale
from tocsin.testing.town import EAST, Town

FIVE = {
    "responsible": "Head of the store",
    "measures": "cut the weld",
    "money": 12000.0,
    "done_on": "2026-10-08",
    "plan": "empty it",
}


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with casework_town("2026-09-24T09:00") as built:
        built.hire("inspector-two", Role.INSPECTOR, EAST)
        built.hire("release-desk", Role.CASE_HANDLER, EAST)
        yield built


def opens(town: Town, post: str, kind: str, answers: dict[str, Any], **where: str) -> str:
    return services.open_case(f"workplace_safety/{kind}", answers, actor=town.as_(post), now=town.now, **where).id


def does(town: Town, post: str, case: str, move: str, **answers: Any) -> None:
    services.move(case, move, answers, version=row(case).version, actor=town.as_(post), now=town.now)


def test_a_major_finding_is_closed_by_the_owner_released_by_the_authority_and_comes_back(town: Town) -> None:
    inspection = opens(
        town, "inspector-east", "inspection", {"sector": "fire", "planned_on": "2026-09-24"}, facility="mill"
    )
    finding = opens(town, "inspector-east", "finding", {"grade": "major", "what": "doors are welded shut"}, facility="mill",
                    parent=inspection)  # fmt: skip
    does(town, "inspector-east", inspection, "finish", result="findings", record="one major finding",
         **gone_through(inspection))  # fmt: skip
    assert [line.number for line in file(inspection).children] == ["YH2026-000001"]
    assert file(finding).line.owner == "release-desk"  # the nearest desk on duty

    operator = town.as_("operator-mill").scope
    assert queries.count(operator) == 0  # nothing before the order
    does(town, "release-desk", finding, "order", demand="open them, keep the store empty", limit_on="2026-10-09")
    assert queries.count(operator) == 1
    assert clock(finding, "rectify").due_at == at("2026-10-10T00:00")
    with pytest.raises(AnswersRefused) as refused:  # four of five are none
        does(town, "operator-mill", finding, "plan", **{name: value for name, value in FIVE.items() if name != "plan"})
    assert [(fault.field, fault.what) for fault in refused.value.faults] == [("plan", "missing")]
    does(town, "operator-mill", finding, "plan", **FIVE)
    with pytest.raises(Stale):
        does(town, "release-desk", finding, "release", basis="they say so")

    town.after(days=16)  # 10 October: over the holiday and over the limit
    assert verbs(finding).count("clock_nearing") == 1
    assert verbs(finding).count("clock_run_out") == 1
    does(town, "operator-mill", finding, "report_closed", proof="panic bars fitted")
    line = file(finding).line
    assert (line.state, line.is_over, line.put_right_at) == ("closed_by_owner", False, town.now)
    assert clock(finding, "recheck").due_at == at("2026-10-21T00:00")

    with pytest.raises(NotAllowed, match="somebody else"):
        does(town, "inspector-east", finding, "look_again", seen="I found it, I look again")
    with pytest.raises(Stale, match="not for a case with these answers"):
        does(town, "inspector-two", finding, "confirm", seen="fine")  # a major one is not closed so
    does(town, "inspector-two", finding, "look_again", seen="all doors open")
    services.ask_helper(finding, "case-handler", "the fire service's word", version=row(finding).version,
                        actor=town.as_("release-desk"), now=town.now)  # fmt: skip
    with pytest.raises(Stale, match="helpers"):
        does(town, "release-desk", finding, "release", basis="re-check")
    services.reply_leg(finding, file(finding).legs[0].id, "agreed", actor=town.as_("case-handler"), now=town.now)
    does(town, "release-desk", finding, "release", basis="re-check of 10 October")
    assert file(finding).line.state == "closed_by_authority"
    assert clock(finding, "look_back").due_at == at("2027-10-11T00:00")
    assert clock(finding, "look_back").provisional

    town.after(days=150)
    does(town, "inspector-two", finding, "relapse", seen="two doors are blocked by pallets")
    line = file(finding).line
    assert (line.state, line.reopened, line.put_right_at) == ("relapsed", 1, None)
    does(town, "release-desk", finding, "order", demand="clear them", limit_on="2027-04-01")
    assert file(finding).line.state == "ordered"
    assert not ledger.verify()


def test_a_general_finding_ends_with_an_independent_look(town: Town) -> None:
    finding = opens(
        town, "inspector-east", "finding", {"grade": "general", "what": "an extinguisher is old"}, facility="mill"
    )
    does(town, "release-desk", finding, "order", demand="exchange it", limit_on="2026-09-30")
    does(town, "operator-mill", finding, "plan", **FIVE | {"money": 0})
    does(town, "operator-mill", finding, "report_closed", proof="exchanged")
    does(town, "inspector-two", finding, "not_put_right", seen="it hangs in the wrong place")
    does(town, "operator-mill", finding, "plan", **FIVE | {"money": 0})
    does(town, "operator-mill", finding, "report_closed", proof="moved")
    does(town, "inspector-two", finding, "confirm", seen="in its place")
    line = file(finding).line
    assert (line.state, line.is_over) == ("confirmed", True)
    assert [one.code for one in file(finding).clocks if one.ended_at is None] == ["look_back"]


@pytest.mark.django_db
def test_the_hours_of_an_accident_run_through_the_night_before_a_holiday() -> None:
    with casework_town("2026-09-30T22:40") as town:
        report = {
            "happened_at": "2026-09-30T22:05:00+08:00", "informed_at": "2026-09-30T22:20:00+08:00", "accident_sort": "other",
            "course": "scaffold fell", "deaths": 0, "seriously_injured": 2, "missing": 0, "steps": "area cleared",
        }  # fmt: skip
        accident = opens(town, "duty", "accident", report, facility="mill")
        assert clock(accident, "unit_report").due_at == at("2026-09-30T23:20")  # from when the head of the unit knew
        assert clock(accident, "casualty_update").due_at == at("2026-10-31T00:00")
        town.after_downtime(hours=1)  # 23:40, and nobody was there to see it
        town.carry()
        assert verbs(accident).count("clock_run_out") == 1
        does(town, "duty", accident, "receive")
        assert clock(accident, "each_level_up").due_at == at("2026-10-01T01:40")
        does(
            town, "duty", accident, "pass_up", passed_to="City emergency bureau", government_told="County, by telephone"
        )
        town.after(days=50)
        running = clock(accident, "investigation_report").pk
        services.extend(accident, running, "an expert is abroad", version=row(accident).version,
                        actor=town.as_("commander"), now=town.now)  # fmt: skip
        extended = clock(accident, "investigation_report")
        assert (extended.due_at, extended.provisional) == (at("2027-01-29T00:00"), True)
        does(town, "case-handler", accident, "submit", note="the ties were missing")
        with pytest.raises(NotAllowed):
            does(town, "case-handler", accident, "answer", note="agreed")
        does(town, "commander", accident, "answer", note="agreed; all scaffolds are looked at")
        does(town, "case-handler", accident, "review", note="done at all sites")
        assert file(accident).line.is_over
        assert (
            verbs(accident).count("clock_run_out") == 1
        )  # the unit's report; after 30 days without a change nobody is late
        assert verbs(accident).count("clock_lapsed") == 1


def test_after_an_accident_the_record_says_whose_it_was_and_what_was_not_done(town: Town) -> None:
    """An inspection finds a valve, the owner closes it, nobody looks again; then it bursts."""
    put_duties([NewLine(facility="mill", post="release-desk")], actor=SYSTEM, now=town.now)
    inspection = opens(
        town, "inspector-east", "inspection", {"sector": "gas", "planned_on": "2026-09-24"}, facility="mill"
    )
    with pytest.raises(AnswersRefused, match="Burners have a flame guard that works: is needed"):
        does(town, "inspector-east", inspection, "finish", result="in_order", record="fine",
             **{code: "met" for code in gone_through(inspection) if code != "flame_guard"})  # fmt: skip
    does(town, "inspector-east", inspection, "finish", result="findings", record="the valve sticks", shut_off_note="half open",
         **gone_through(inspection, "shut_off"))  # fmt: skip
    [finding] = [one.id for one in file(inspection).children]
    assert file(finding).line.values["grade"] == "major"
    does(town, "release-desk", finding, "order", demand="exchange the valve", limit_on="2026-10-09")
    does(town, "operator-mill", finding, "plan", **FIVE)
    does(town, "operator-mill", finding, "report_closed", proof="a valve was bought")
    town.after(days=14)
    report = {"happened_at": town.now.isoformat(), "informed_at": town.now.isoformat(), "accident_sort": "fire",
              "course": "gas burnt", "deaths": 3, "seriously_injured": 1, "missing": 0, "steps": "shut off"}  # fmt: skip
    accident = opens(town, "duty", "accident", report, facility="mill")

    told = reconstruction(town.as_("commander").scope, accident, now=town.now).told
    assert [one.post for one in told.duties if one.decides] == ["release-desk"]
    [missed] = told.gaps
    assert (missed.subject, missed.code, missed.post, missed.fate(told.at)) == (
        finding,
        "recheck",
        "release-desk",
        "missed",
    )
    assert missed.due_at == at("2026-10-05T00:00")
    found = next(line for line in told.part("inspection") if line.told.body.get("move") == "finish")
    assert found.answers is not None
    assert (found.answers["shut_off"], found.answers["shut_off_note"]) == ("not_met", "half open")

    does(town, "duty", accident, "receive")
    town.after(hours=3)  # an hour too long
    town.carry()
    does(town, "duty", accident, "pass_up", passed_to="City emergency bureau", government_told="County, by telephone")
    later = reconstruction(town.as_("commander").scope, accident, at=town.now, now=town.now).told
    assert [(one.code, one.fate(later.at)) for one in later.gaps if one.subject == accident] == [
        ("each_level_up", "late")
    ]
    assert not ledger.verify()
