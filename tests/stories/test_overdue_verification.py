"""Nobody answers: the deadline of a verification passes, once, also while the server is down; a second inspector is asked."""

from __future__ import annotations

from tests.stories import acts
from tocsin.loop.verify import queries as looked
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Role
from tocsin.testing.town import EAST, Town


def test_a_verification_that_nobody_answers_is_told_once_and_somebody_else_is_asked(town: Town) -> None:
    town.at("03:40")
    storm = town.storm(level=4)
    town.hire("inspector-bridge", Role.INSPECTOR, EAST, lon=120.8, lat=30.3)
    town.phone("duty").expects("Red I")
    town.phone("inspector-east").expects("go and look")
    acts.acknowledges(town, "duty", storm.event)

    town.at("03:59")
    town.phone("duty").is_silent()  # red: twenty minutes
    town.at("04:01")
    town.phone("duty").expects("no answer in time")
    town.phone("inspector-bridge").expects("go and look")

    town.at("04:10")
    acts.answers(town, "inspector-bridge", storm.event, "confirmed")
    town.phone("duty").expects("confirmed")
    town.phone("inspector-east").expects("no longer needed")  # an answer is kept all the same
    overdue = [line for line in ledger.chain(storm.event) if line.verb == "verification_overdue"]
    assert len(overdue) == 1


def test_a_deadline_that_passed_while_the_server_was_down_is_told_when_it_is_back(town: Town) -> None:
    town.at("03:40")
    storm = town.storm(level=3)
    town.phone("duty").expects("Orange II")
    town.phone("inspector-east").expects("go and look")
    town.after_downtime(hours=5)
    town.phone("duty").expects("no answer in time")
    town.after(hours=5)
    town.phone("duty").is_silent()
    late = looked.verifications(town.as_("duty").scope, storm.event)[0]
    assert late.overdue_at is not None


def test_with_nobody_on_duty_to_look_the_duty_officer_hears_it_and_whoever_comes_is_asked(town: Town) -> None:
    town.goes_home("inspector-east", "inspector-west")
    town.at("04:00")
    town.storm(level=4)
    town.phone("duty").expects("Red I", "new")
    town.phone("duty").expects("nobody", "on duty")
    town.at("04:05")
    town.comes_to_work("inspector-east")
    town.at("04:07")
    town.phone("inspector-east").expects("go and look")
    town.at("04:27")
    town.phone("duty").expects("no answer in time")
