"""Reports upwards and notices to neighbours, by the deployment's plan alone (facts county_to_upper, bypass, phone_first,
written_first, neighbours)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.rooms.test_callout import PLAN
from tests.stories import acts
from tocsin.loop.respond import neighbours, statements, upward
from tocsin.loop.respond import queries as respond_queries
from tocsin.loop.respond import services as respond
from tocsin.loop.verify.facts import EventConfirmed
from tocsin.records.callout import services as callout
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.places import services as places
from tocsin.records.places.services import Area
from tocsin.records.tasks import queries as tasks
from tocsin.terms.moment import to_us
from tocsin.testing.town import CITY, EAST, WEST, ZONE, Town

pytestmark = pytest.mark.django_db
REPORTS = (
    PLAN
    + """
[[report_up]]
id = "phone"
on = "event_confirmed"
from_level = 3
by = "telephone"
within = "20 min"
title = { en = "Report by telephone", zh-hans = "电话报告" }
source = "county rule: 20 minutes instead of 30"
verified = true
[[report_up]]
id = "paper"
on = "event_confirmed"
from_level = 3
by = "writing"
within = "40 min"
bypass = true
title = { en = "Report in writing", zh-hans = "书面报告" }
source = "county rule: 40 minutes instead of 60"
verified = true
"""
)
NEIGHBOURS = (
    PLAN
    + """
[[neighbours]]
on = "warning"
from_level = 3
adjacent = true
named = { "simcity" = ["faraway"] }
source = "Emergency Response Law, art. 60"
verified = true
"""
)


@pytest.fixture
def town() -> Iterator[Town]:
    with Town(synthetic=False) as built:
        acts.may_warn(built)
        built.hire("duty-east", Role.DUTY_OFFICER, EAST)
        built.hire("duty-west", Role.DUTY_OFFICER, WEST)
        built.hire("commander-east", Role.COMMANDER, EAST)
        yield built
        built.read_all()


def declares(town: Town, document: str) -> None:
    callout.put_plan(document.encode(), "plan.toml", actor=SYSTEM, now=town.now)


def confirmed(town: Town, level: int = 3) -> str:
    storm = town.storm(level=level)
    town.carry()
    acts.answers(town, "inspector-east", storm.event, "confirmed")
    town.carry()
    return storm.event


def reports(event: str) -> list[tasks.TaskLine]:
    return [line for line in tasks.of_event(EVERYWHERE, event, kind="report") if line.detail.get("by")]


def test_a_confirmed_event_gets_the_local_clocks_and_a_draft_that_a_person_releases(town: Town) -> None:
    declares(town, REPORTS)
    event = confirmed(town)
    due = {line.detail["by"]: (line.due_at - town.now, line.post) for line in reports(event)}
    assert due == {
        "telephone": (timedelta(minutes=20), "duty-east"),
        "writing": (timedelta(minutes=40), "commander-east"),
    }
    [paper] = respond_queries.statements(EVERYWHERE, event)
    assert paper.state == "draft"
    begun = [entry for entry in ledger.chain(event) if entry.verb == "report_up_begun"]
    assert [entry.body["rules"][0][2] for entry in begun] == ["county rule: 20 minutes instead of 30"]
    assert begun[0].body["above"] == ["duty"]
    town.phone("duty-east").expects("Report by telephone", "20 minutes")


def test_releasing_the_statement_does_the_report_in_writing_and_goes_to_the_next_level_up(town: Town) -> None:
    declares(town, REPORTS)
    event = confirmed(town)
    [paper] = respond_queries.statements(EVERYWHERE, event)
    statements.release(paper.id, revision=paper.revision, actor=town.as_("commander-east"), now=town.now)
    town.phone("duty").expects("First report")
    assert [line.is_open for line in reports(event) if line.detail["by"] == "writing"] == [False]


def test_a_bypass_goes_over_the_head_of_the_next_level(town: Town) -> None:
    places.put_jurisdictions([Area("province", {"en": "Province"}, 1, ZONE.key)], actor="test", now=town.now)
    post = PostLine("duty-all", {"en": "Province on duty"}, "emergency", Role.DUTY_OFFICER, "", mail="duty-all@town.example",
                    language="en")  # fmt: skip
    org.put_posts([post], actor=SYSTEM, now=town.now)
    declares(town, REPORTS)
    event = confirmed(town)
    [paper] = respond_queries.statements(EVERYWHERE, event)
    statements.release(paper.id, revision=paper.revision, actor=town.as_("commander-east"), now=town.now)
    assert [line.sent_to for line in respond_queries.statements(EVERYWHERE, event)] == [["duty", "duty-all"]]


def test_a_late_report_is_told_to_the_commander_once(town: Town) -> None:
    declares(town, REPORTS)
    confirmed(town)
    town.read_all()
    town.after(minutes=21)
    late = [(letter.recipient, letter.subject) for letter in town.read_all() if letter.subject.startswith("Late: ")]
    assert sorted(late) == [
        ("post:commander", "Late: Report by telephone"),
        ("post:commander-east", "Late: Report by telephone"),
    ]
    town.after(minutes=5)
    assert [letter for letter in town.read_all() if letter.subject.startswith("Late: ")] == []


def test_each_report_is_begun_once_and_a_response_takes_it_over(town: Town) -> None:
    declares(town, REPORTS)
    event = confirmed(town)
    upward.on_event_confirmed([EventConfirmed(event, "rainstorm", 4, EAST, to_us(town.now), "vrf_1")], town.now)
    assert len(reports(event)) == 2
    respond.open_by_hand(event, 2, actor=town.as_("commander"), now=town.now)
    town.carry()
    every = tasks.of_event(EVERYWHERE, event, kind="report")
    assert len(every) == 2  # the playbook's own reports have become these
    assert all(line.detail.get("by") for line in every)


def test_the_duty_officer_reports_the_task_as_done(town: Town) -> None:
    declares(town, REPORTS)
    event = confirmed(town)
    phone = next(line for line in reports(event) if line.detail["by"] == "telephone")
    respond.finish_task(phone.id, "told the city at 03:12", actor=town.as_("duty-east"), now=town.now)
    assert not next(line for line in reports(event) if line.id == phone.id).is_open


def test_without_a_plan_nothing_is_begun(town: Town) -> None:
    assert reports(confirmed(town)) == []


def test_below_the_declared_level_nothing_is_begun(town: Town) -> None:
    declares(town, REPORTS.replace("from_level = 3", "from_level = 4"))
    assert reports(confirmed(town)) == []


def test_an_exercise_reports_nothing_upwards() -> None:
    with Town() as invented:
        acts.may_warn(invented)
        declares(invented, REPORTS)
        assert reports(confirmed(invented, level=4)) == []
        invented.read_all()


# ---------------------------------------------------------------- neighbours
def issues(town: Town, level: int = 3) -> str:
    storm = town.storm(level=level)
    warning = acts.drafts(town, "duty", storm.event)
    acts.signs(town, "signer", warning)
    town.carry()
    return storm.event


def test_the_duty_officers_next_door_and_those_that_are_named_are_told_once(town: Town) -> None:
    places.put_jurisdictions([Area("faraway", {"en": "Far away"}, 2, ZONE.key)], actor="test", now=town.now)
    town.hire("duty-far", Role.DUTY_OFFICER, "faraway")
    declares(town, NEIGHBOURS)
    event = issues(town)
    for post in ("duty-west", "duty-far"):
        town.phone(post).expects("Notice to neighbours", "Orange")
    notices = [letter for letter in town.read_all() if "neighbours" in letter.subject]
    assert notices == []  # neither the city, which answers for the east and knows it, nor anybody twice
    told = [entry for entry in ledger.chain(event) if entry.verb == "neighbours_told"]
    assert [(entry.body["posts"], entry.body["sources"]) for entry in told] == [
        (["duty-far", "duty-west"], ["Emergency Response Law, art. 60"])]  # fmt: skip


def test_below_the_declared_level_the_neighbours_hear_nothing(town: Town) -> None:
    declares(town, NEIGHBOURS)
    issues(town, level=2)
    assert [letter for letter in town.read_all() if "neighbours" in letter.subject] == []


def test_areas_that_touch_are_neighbours_and_those_that_hold_each_other_are_none(town: Town) -> None:
    square = [[[122.0, 30.0], [122.5, 30.0], [122.5, 30.5], [122.0, 30.5], [122.0, 30.0]]]
    places.put_jurisdictions([Area("island", {"en": "Island"}, 3, ZONE.key, square)], actor="test", now=town.now)
    assert neighbours.beside([EAST]) == [WEST]
    assert neighbours.beside([CITY]) == []
    assert neighbours.beside(["island"]) == []
    assert neighbours.beside(["nowhere"]) == []


def test_what_is_named_for_a_larger_area_holds_for_what_lies_in_it() -> None:
    declared = {CITY: ("a", "b"), EAST: ("b", "c")}
    assert neighbours.named([EAST], declared) == ["b", "c", "a"]
    assert neighbours.named([WEST], declared) == ["a", "b"]
