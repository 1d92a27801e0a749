"""Mediation: agreed and performed; no agreement; agreed and not performed; a party withdraws. Every letter is read: one more
fails the story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.rooms.casework import at, clock, file, verbs
from tests.rooms.disputes import (
    ARBITRATION,
    COMMITTEE,
    CONSENT,
    COURT,
    SESSION,
    WORDED,
    agreed,
    dispute,
    dispute_town,
    does,
    mediating,
    read,
)  # fmt: skip
from tocsin.records.cases import queries, services
from tocsin.records.cases.models import ClockRow
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.cases.services import purging
from tocsin.records.cases.told import told_by_code
from tocsin.records.ledger import queries as ledger
from tocsin.terms.errors import NotAllowed, Refused, UnknownName
from tocsin.testing.town import Town


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with dispute_town() as built:
        yield built


def told(town: Town, code: str) -> dict[str, object]:
    return dict(told_by_code(code, now=town.now).answers)


def running(case: str) -> set[str]:
    return set(ClockRow.objects.filter(case_id=case, ended_at=None).values_list("code", flat=True))


def test_a_dispute_is_mediated_agreed_confirmed_and_performed(town: Town) -> None:
    made = dispute(town)
    case, code = made.id, made.receipt
    assert made.number == "TJ2026-000001"
    assert file(case).line.owner == COMMITTEE
    assert clock(case, "look").due_at == at("2026-03-10T00:00")
    does(town, case, "ask", asked_on="2026-03-03", asked_how="letter")
    town.after(days=2)
    with pytest.raises(Refused):  # one of the two does not agree: nothing begins
        does(town, case, "begin", **CONSENT | {"consent_second": "no"})
    assert file(case).line.state == "asked"
    does(town, case, "begin", **CONSENT)
    assert clock(case, "mediate").due_at == at("2026-04-05T00:00")

    does(town, case, "session", **SESSION, session_said="She says the map is old", session_next="2026-03-12")
    assert told(town, code)["session_next"] == "2026-03-12"
    town.after(days=7)
    does(
        town,
        case,
        "session",
        session_on="2026-03-12",
        session_how="together",
        present="both",
        session_said="The map is right",
    )
    said = read(town, case)
    assert (said["session_said#1"], said["session_said"]) == ("She says the map is old", "The map is right")
    assert "session_next" not in told(town, code)  # the day is over, and no other was set

    with pytest.raises(AnswersRefused) as refused:
        does(town, case, "word", **{name: value for name, value in WORDED.items() if name != "duty_2_by"})
    assert [(fault.field, fault.what) for fault in refused.value.faults] == [("duty_2_by", "missing")]
    does(town, case, "word", **WORDED)
    does(town, case, "talk_on", why_on="the money is too much")
    does(town, case, "word", **{name: value for name, value in WORDED.items() if not name.startswith("duty_2")})
    assert "duty_2" not in read(town, case)  # what was worded before and is left out now binds nobody
    does(town, case, "sign", effective_on="2026-03-12", confirming_court=COURT, reply="The wall goes back by 25 March")
    assert running(case) == {"judicial_confirmation", "visit"}
    assert clock(case, "judicial_confirmation").due_at == at("2026-04-12T00:00")
    assert clock(case, "visit").due_at == at("2026-04-08T00:00")
    seen = told(town, code)
    assert (seen["confirming_court"], seen["effective_on"], seen["perform_by"]) == (COURT, "2026-03-12", "2026-03-31")
    assert queries.file_of_code(code).messages[-1].words == "The wall goes back by 25 March"
    assert [one.purpose for one in queries.file_of_code(code).reads] == ["mediate", "mediate"]

    town.after(days=6)
    does(town, case, "confirm", confirm_applied_on="2026-03-13", confirmed_on="2026-03-18", confirmed_by=COURT)
    line = file(case).line
    assert (line.state, line.is_over, line.replied_at is not None, line.put_right_at) == (
        "confirmed",
        False,
        True,
        None,
    )
    town.after(days=21)  # the last day has come; whoever has it in hand is told before the visit is late
    town.phone(COMMITTEE).expects("TJ2026-000001", "Visit", "due by 2026-04-08 00:00")
    town.phone(COMMITTEE).expects("TJ2026-000001", "Visit", "is overdue")
    town.phone("commander").expects("TJ2026-000001", "Visit", "is overdue")
    does(
        town,
        case,
        "visit_confirmed",
        visited_on="2026-04-08",
        visit_said="Half of it is down",
        next_visit_on="2026-04-14",
    )
    assert clock(case, "visit_again").due_at == at("2026-04-15T00:00")
    town.after(days=4)
    town.phone(COMMITTEE).expects("Next visit", "due by 2026-04-15 00:00")
    does(town, case, "performed", visited_on="2026-04-12", visit_said="The wall is back", reply="All of it is done")
    line = file(case).line
    assert (line.state, line.is_over, line.put_right_at) == ("performed", True, town.now)
    assert running(case) == set()
    assert told_by_code(code, now=town.now).appeal is None
    assert not ledger.verify()

    assert purging.due_cases(now=town.now + timedelta(days=1095)) == []
    assert purging.due_cases(now=town.now + timedelta(days=1097)) == [case]


def test_without_agreement_the_next_body_is_named(town: Town) -> None:
    made = mediating(town, ground="labour", matter="work_pay")
    assert running(made.id) == {"labour_mediation"}
    assert clock(made.id, "labour_mediation").due_at == at("2026-03-18T00:00")  # fifteen days from the application
    town.after(days=11)
    town.phone(COMMITTEE).expects("TJ2026-000001", "arbitration", "due by 2026-03-18 00:00")
    with pytest.raises(AnswersRefused):
        does(town, made.id, "end", next_route="arbitration", reply="ask there")
    does(town, made.id, "end", next_route="arbitration", next_body=ARBITRATION, reply="You did not agree; ask there")
    line = file(made.id).line
    assert (line.state, line.is_over, line.replied_at is not None, line.put_right_at) == (
        "no_agreement",
        True,
        True,
        None,
    )
    seen = told(town, made.receipt)
    assert (seen["next_route"], seen["next_body"]) == ("arbitration", ARBITRATION)
    assert queries.file_of_code(made.receipt).messages[-1].words == "You did not agree; ask there"
    town.after(days=30)  # nothing is due any more


def test_an_agreement_that_is_not_performed_goes_to_the_next_body(town: Town) -> None:
    made = agreed(town)
    town.after(days=31)
    town.phone(COMMITTEE).expects("Visit", "due by 2026-04-08 00:00")
    assert verbs(made.id).count("clock_lapsed") == 1  # nobody asked the court to confirm it, and nobody is late by that
    does(town, made.id, "not_performed", visited_on="2026-04-02", visit_said="Nothing is done", next_route="court",
         next_body=COURT, reply="It was not done; you may sue there")  # fmt: skip
    line = file(made.id).line
    assert (line.state, line.is_over, line.put_right_at) == ("not_performed", True, None)
    assert told(town, made.receipt)["next_body"] == COURT
    town.after(days=20)


def test_a_party_withdraws_and_it_ends_at_once(town: Town) -> None:
    made = mediating(town)
    does(town, made.id, "word", **WORDED)
    does(
        town,
        made.id,
        "stop",
        unwilling="second",
        next_route="court",
        next_body=COURT,
        reply="The other side does not go on",
    )
    assert (file(made.id).line.state, running(made.id)) == ("unwilling", set())
    assert told(town, made.receipt)["next_body"] == COURT
    for move, answers in (("session", SESSION), ("sign", {"effective_on": "2026-03-03"})):
        with pytest.raises(Refused):
            does(town, made.id, move, **answers)
    town.after(days=40)


def test_the_parties_set_a_period_of_their_own_and_nobody_else_does(town: Town) -> None:
    made = mediating(town)
    with pytest.raises(NotAllowed):
        services.extend(made.id, clock(made.id, "mediate").pk, "longer", version=file(made.id).line.version,
                        actor=town.as_("commander"), now=town.now)  # fmt: skip
    with pytest.raises(Refused):
        does(town, made.id, "own_period", period_by="second", own_until="2026-05-06")
    does(town, made.id, "own_period", period_by="both", own_until="2026-05-06")
    assert running(made.id) == {"own_period"}
    assert clock(made.id, "own_period").due_at == at("2026-05-07T00:00")
    assert told(town, made.receipt)["own_until"] == "2026-05-06"
    does(town, made.id, "own_period", period_by="both", own_until="2026-03-20")
    assert clock(made.id, "own_period").due_at == at("2026-03-21T00:00")
    town.after(days=14)
    town.phone(COMMITTEE).expects("period that the parties set", "due by 2026-03-21 00:00")
    does(town, made.id, "settle", reply="They have settled it over tea")
    assert file(made.id).line.state == "settled"


def test_the_other_party_gives_no_answer_and_the_committee_is_told(town: Town) -> None:
    made = dispute(town)
    does(town, made.id, "ask", asked_on="2026-03-03", asked_how="letter")
    town.after(days=11)
    town.phone(COMMITTEE).expects("Answer of the other party", "due by 2026-03-14 00:00")
    town.phone(COMMITTEE).expects("Answer of the other party", "is overdue")
    town.phone("commander").expects("Answer of the other party", "is overdue")
    does(town, made.id, "stop", unwilling="second", next_route="court", next_body=COURT, reply="There was no answer")


def test_nobody_but_the_committee_reads_it_and_an_operator_sees_nothing(town: Town) -> None:
    made = agreed(town)
    for post in ("commander", "duty", "inspector-east"):
        with pytest.raises(NotAllowed):
            services.read_sealed(made.id, "mediate", actor=town.as_(post), now=town.now)
    assert queries.count(town.as_("operator-mill").scope) == 0
    with pytest.raises(UnknownName):
        queries.case_file(town.as_("operator-mill").scope, made.id)
    outside = file(made.id).line.values
    assert "Canary" not in str(outside)
    assert "wall" not in str(outside)


def test_the_court_holds_it_invalid_and_the_next_body_is_named(town: Town) -> None:
    made = agreed(town)
    does(
        town,
        made.id,
        "not_confirmed",
        next_route="court",
        next_body=COURT,
        reply="The court holds it invalid; you may sue",
    )
    assert file(made.id).line.state == "no_agreement"
    assert running(made.id) == set()
