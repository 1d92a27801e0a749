"""A night in which nobody answers: the chain calls one after the other until somebody has it, and then nobody any more."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.stories import acts
from tocsin.records.dispatch import answers
from tocsin.records.dispatch.message import Letter
from tocsin.records.escalation import queries as escalation
from tocsin.records.escalation import services
from tocsin.records.escalation.chain import Chain, Step
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import CITY, Town

MINUTE = timedelta(minutes=1)


def declares(town: Town, kind: str, *steps: tuple[int, str], **other: object) -> None:
    found = tuple(Step(n * MINUTE, (post,)) for n, post in steps)
    chain = Chain(f"chain-{kind}", (kind,), found, areas=(CITY,), **other)  # type: ignore[arg-type]
    services.put_chains([chain], actor=SYSTEM, now=town.now)


def presses_the_button(town: Town, letter: Letter) -> None:
    found = re.search(r"/heard/(\S+)/(\S+)", letter.body)
    assert found, letter.body
    assert answers.answer_by_link(found[1], found[2], now=town.now)


def test_an_event_at_night_is_called_out_until_somebody_has_it(town: Town) -> None:
    declares(town, "event", (3, "duty"), (5, "commander"), (5, "analyst"), least_level=3, repeats=1)
    town.at("03:41")
    town.storm(level=3)
    town.phone("duty").expects("Orange II")
    town.phone("inspector-east").expects("go and look")
    town.at("03:43")
    town.phone("duty").is_silent()
    town.at("03:44")
    town.phone("duty").expects("Nobody has it yet", "acknowledge", "Call 1 of 6")
    town.at("03:49")
    letter = town.phone("commander").expects("Nobody has it yet", "Call 2 of 6")
    presses_the_button(town, letter)
    town.at("04:20")
    town.phone("duty").expects("No answer in time")  # of the verification, which has a letter of its own
    for post in ("duty", "commander", "analyst"):
        town.phone(post).is_silent()
    assert escalation.unanswered(EVERYWHERE) == []


def test_acknowledging_on_the_console_ends_it_and_a_higher_level_begins_anew(town: Town) -> None:
    declares(town, "event", (3, "commander"), least_level=3)
    town.at("03:41")
    storm = town.storm(level=3)
    town.at("03:42")
    acts.acknowledges(town, "duty", storm.event)
    town.at("03:50")
    town.read_all()
    town.phone("commander").is_silent()
    storm.changes_to(4)
    town.at("03:54")
    town.phone("commander").expects("Nobody has it yet", "Red I")
    town.read_all()


def test_a_warning_that_nobody_signs_is_called_for_until_it_is_signed(town: Town) -> None:
    acts.may_warn(town)
    declares(town, "signature", (2, "signer"), (2, "commander"))
    town.at("03:41")
    storm = town.storm(level=3)
    acts.acknowledges(town, "duty", storm.event)
    warning = acts.drafts(town, "duty", storm.event)
    town.phone("signer").expects("To sign")
    town.at("03:43")
    town.phone("signer").expects("Nobody has it yet", "signature")
    acts.signs(town, "signer", warning)
    town.read_all()
    town.at("03:46")
    assert not [letter for letter in town.read_all() if "Nobody has it yet" in letter.subject]
    assert escalation.unanswered(EVERYWHERE) == []


def test_steps_that_fell_due_while_the_server_was_down_come_at_once(town: Town) -> None:
    declares(town, "event", (3, "duty"), (5, "commander"), least_level=3, repeats=1)
    town.at("03:41")
    town.storm(level=3)
    town.read_all()
    town.after_downtime(minutes=12)
    called = [letter.recipient for letter in town.read_all() if "Nobody has it yet" in letter.subject]
    assert sorted(called) == ["post:commander", "post:duty"]
    (line,) = escalation.unanswered(EVERYWHERE)
    assert line.next_at is not None
    assert line.next_at > town.now
    town.after(hours=1)
    town.read_all()


def test_a_verification_and_letters_that_failed_are_called_for_too(town: Town) -> None:
    declares(town, "verification", (1, "commander"))
    town.at("03:41")
    storm = town.storm(level=3)
    town.after(hours=1)
    called = [letter for letter in town.read_all() if "Nobody has it yet: No answer in time" in letter.subject]
    assert [letter.recipient for letter in called] == ["post:commander"]
    acts.answers(town, "inspector-east", storm.event, "confirmed")
    town.after(minutes=1)
    town.read_all()
    assert escalation.unanswered(EVERYWHERE) == []
