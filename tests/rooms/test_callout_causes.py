"""What calls out besides our own warnings, where the plan declares it: an order to respond, another authority's bulletin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.rooms.bulletins import declare, feed, message, reference, take
from tests.rooms.test_callout import PLAN
from tests.stories import acts
from tocsin.loop.observe.bulletins import services as bulletins
from tocsin.loop.respond import queries as incidents
from tocsin.loop.respond import services as respond
from tocsin.records.callout import queries
from tocsin.records.callout import services as callout
from tocsin.records.callout.queries import CallOutLine
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db
EVERY_CAUSE = PLAN.replace('["warning"]', '["warning", "bulletin", "response"]') + "least_response = 2\n"


@pytest.fixture
def town() -> Iterator[Town]:
    with Town(synthetic=False) as built:
        acts.may_warn(built)
        declare(feed(), now=built.now)
        titles = {"en": "Warden of the east", "zh-hans": "城东责任人"}
        post = PostLine("warden-east", titles, "emergency", Role.INSPECTOR, EAST, mail="warden-east@town.example",
                        language="en", duty="warden")  # fmt: skip
        org.put_posts([post], actor=SYSTEM, now=built.now)
        yield built
        built.read_all()


def declares(town: Town, document: str) -> None:
    callout.put_plan(document.encode(), "plan.toml", actor=SYSTEM, now=town.now)


def responds(town: Town) -> str:
    """A confirmed orange flood and the commander's order of response III."""
    storm = town.storm(level=3, hazard="river_flood")
    town.carry()
    acts.answers(town, "inspector-east", storm.event, "confirmed")
    town.carry()
    acts.opens_response(town, "commander", storm.event)
    town.carry()
    return storm.event


def called(kind: str) -> list[CallOutLine]:
    return [line for line, _areas, _waiting in queries.recent(EVERYWHERE) if line.kind == kind]


def test_an_order_to_respond_calls_out_and_its_end_is_told(town: Town) -> None:
    declares(town, EVERY_CAUSE)
    event = responds(town)
    [line] = called("response")
    assert [one.jurisdiction for one in queries.areas_of(EVERYWHERE, line.id)] == [EAST]
    words = {language: texts["speech"] for language, texts in line.texts.items()}
    assert "Response III" in words["en"]
    assert "Man your posts" in words["en"]
    assert "响应" in words["zh-hans"]
    assert "到岗到位" in words["zh-hans"]
    town.phone("warden-east").expects("Response III", "stay within reach")
    commander, incident = town.as_("commander"), incidents.incident_of(EVERYWHERE, event)
    for task in incidents.open_task_ids(EVERYWHERE, incident.id):
        respond.withdraw_task(incident.id, task, "The water has fallen.", actor=commander, now=town.now)
    incident = incidents.incident_of(EVERYWHERE, event)
    respond.end(incident.id, "The water has fallen.", version=incident.version, actor=commander, now=town.now)
    town.carry()
    assert called("response")[0].state == "over"
    town.phone("warden-east").expects("The response is over")


def test_a_response_below_the_plans_level_or_unnamed_by_it_calls_nobody(town: Town) -> None:
    declares(town, EVERY_CAUSE.replace("least_response = 2", "least_response = 3"))
    responds(town)
    assert called("response") == []
    declares(town, PLAN)
    assert called("response") == []


def test_a_bulletin_is_read_in_its_own_words_until_it_is_taken_back(town: Town) -> None:
    declares(town, EVERY_CAUSE)
    now = town.now
    take(message(sent=now, grading=("Immediate", "Extreme", "Observed")), now=now)
    town.carry()
    [line] = called("bulletin")
    assert line.texts["en"]["speech"] == "Heavy rain expected Keep away from rivers."
    town.phone("warden-east").expects("Heavy rain expected")
    later = now + timedelta(minutes=5)
    town.after(minutes=5)
    take(message("m-2", sent=later, kind="Cancel", cites=reference("m-1", now)), now=later)
    town.carry()
    assert called("bulletin")[0].state == "over"
    town.phone("warden-east").expects("Over: ")


def test_an_exercise_bulletin_calls_nobody(town: Town) -> None:
    declares(town, EVERY_CAUSE)
    take(message(sent=town.now, status="Exercise", grading=("Immediate", "Extreme", "Observed")), now=town.now)
    bulletins.settle(now=town.now)
    town.carry()
    assert called("bulletin") == []
