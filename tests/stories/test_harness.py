"""The harness itself: the smallest story, and that it notices what it must notice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.tasks import queries as tasks_of
from tocsin.records.tasks import services as tasks
from tocsin.records.tasks.services import Order
from tocsin.terms.errors import NotAllowed
from tocsin.testing.town import EAST, WEST, Town


def give_pump_task(town: Town) -> str:
    """A task of no room, with the message that a room would send."""
    with transaction.atomic():
        order = Order("pump", {"en": "Pump out the underpass"}, "underpass-east", "", EAST, "inspector-east",
                      due_at=town.now + timedelta(minutes=10), level=3)  # fmt: skip
        task = tasks.give(order, actor=SYSTEM, now=town.now)
        tell_posts("pump_asked", [org.post("inspector-east")],
                   lambda language: Text("Pump out the underpass", "Due in 10 minutes."),
                   about=task, link=f"/tasks/{task}", level=3, actor=SYSTEM, now=town.now)  # fmt: skip
    return task


def test_a_task_rings_one_telephone_and_its_deadline_is_told_of(town: Town) -> None:
    town.at("03:41")
    task = give_pump_task(town)
    letter = town.phone("inspector-east").expects("pump out", "due in 10 minutes", f"/tasks/{task}")
    assert letter.language == "en"
    town.phone("inspector-west").is_silent()

    town.at("03:50")
    scope = town.as_("duty").scope
    assert tasks_of.overdue(scope) == []
    town.at("03:52")
    assert [line.id for line in tasks_of.overdue(scope)] == [task]


def test_a_deadline_that_passed_while_the_server_was_down_is_told_of_afterwards(town: Town) -> None:
    task = give_pump_task(town)
    town.phone("inspector-east").expects("pump")
    town.after_downtime(hours=3)
    town.carry()
    assert [line.id for line in tasks_of.overdue(town.as_("duty").scope)] == [task]


def test_a_message_that_nobody_expected_fails_the_story(db: None) -> None:
    with (
        pytest.raises(AssertionError, match=r"nobody expected.*\n.*post:inspector-east: Pump out the underpass"),
        Town() as town,
    ):
        give_pump_task(town)


def test_a_message_that_does_not_come_fails_the_story(town: Town) -> None:
    with pytest.raises(AssertionError, match="inspector-west waits in vain for pump"):
        town.phone("inspector-west").expects("pump")


def test_a_channel_that_is_down_is_tried_again_until_it_answers(town: Town) -> None:
    town.inboxes["mail"].down = "the post office is on fire"
    give_pump_task(town)
    town.carry()
    town.phone("inspector-east").is_silent()
    town.after(minutes=2)
    town.inboxes["mail"].down = ""
    town.after(minutes=5)
    town.phone("inspector-east").expects("pump")


def test_who_is_on_shift_may_act(town: Town) -> None:
    assert town.as_("signer").role == "signer"
    town.goes_home("signer")
    with pytest.raises(NotAllowed):
        town.as_("signer")
    town.comes_to_work("signer")
    assert town.as_("signer").account == town.account("signer")


def test_a_storm_moves_as_the_engine_moves_it(town: Town) -> None:
    from tocsin.loop.detect import queries as detect

    town.at("04:00")
    storm = town.storm(level=2)
    other = town.storm(at=WEST, level=3)
    scope = town.as_("duty").scope
    assert {line.id for line in detect.open_events(scope)} == {storm.event, other.event}
    storm.changes_to(4)
    assert detect.event(scope, storm.event).event.level == 4
    storm.ends()
    assert {line.id for line in detect.open_events(scope)} == {other.event}
    town.read_all()  # whom the loop told of it is for the stories to say
    town.phone("duty").is_silent()
