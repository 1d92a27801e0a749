"""Petitions: through all levels to the end; to another lawful route; upheld. Every letter is read: one more fails the story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rooms.casework import at, clock, file, verbs
from tests.rooms.petitions import (
    CITY_DESK,
    DESK,
    OPINION,
    ORGAN,
    PROVINCE,
    assigned,
    by,
    concluded,
    does,
    petition,
    petition_town,
)  # fmt: skip
from tocsin.records.cases import queries, services
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.cases.told import told_by_code
from tocsin.records.ledger import queries as ledger
from tocsin.terms.errors import NotAllowed, Stale, Unavailable
from tocsin.testing.town import Town


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with petition_town() as built:
        yield built


def answers(town: Town, code: str) -> dict[str, object]:
    return dict(told_by_code(code, now=town.now).answers)


def test_a_petition_goes_through_every_level_and_ends(town: Town) -> None:
    made = petition(town)
    case, code = made.id, made.receipt
    assert made.number == "XF2026-000001"
    assert clock(case, "office_sort").due_at == at("2026-03-18T00:00")  # from the day it was received, not registered
    assert file(case).line.owner == DESK

    with pytest.raises(AnswersRefused) as refused:
        does(town, DESK, case, "assign")
    assert [(fault.field, fault.what) for fault in refused.value.faults] == [("next_body", "missing")]
    does(town, DESK, case, "assign", next_body="Housing bureau of the district")
    services.transfer(case, ORGAN, "it is competent", **by(town, DESK, case))
    assert answers(town, code)["next_body"] == "Housing bureau of the district"
    assert [hand.after for hand in queries.file_of_code(code).hands] == [DESK, ORGAN]

    town.after(days=12)  # 15 March, a Sunday: whoever has it was told on the Friday
    town.phone(ORGAN).expects("XF2026-000001", "Written notice", "due by 2026-03-19 00:00")
    does(town, ORGAN, case, "accept", notice_by="letter")
    assert clock(case, "objection").ended_how == "lapsed"  # five working days, and nobody was late
    assert clock(case, "conclude").due_at == at("2026-05-15T00:00")

    town.at("09:30")
    town.after(days=52)
    town.phone(ORGAN).expects("Handling opinion", "due by 2026-05-15 00:00")
    with pytest.raises(NotAllowed):
        services.extend(case, clock(case, "conclude").pk, "an expert is ill", **by(town, ORGAN, case))
    services.extend(case, clock(case, "conclude").pk, "an expert is ill", **by(town, "commander", case))
    assert clock(case, "conclude").due_at == at("2026-06-14T00:00")
    extended = [one for one in queries.file_of_code(code).clocks if one.code == "conclude"]
    assert [one.extensions for one in extended] == [1]  # the petitioner is told so
    town.after(days=30)
    town.phone(ORGAN).expects("Handling opinion", "due by 2026-06-14 00:00")  # near again, at its new date
    does(town, ORGAN, case, "conclude", **OPINION)
    does(town, ORGAN, case, "serve", served_on="2026-06-05")
    assert clock(case, "ask_review").due_at == at("2026-07-06T00:00")
    following = told_by_code(code, now=town.now).appeal
    assert following is not None
    assert (following.desk.title["en"], following.owner, following.until) == (
        "Review",
        CITY_DESK,
        at("2026-07-06T00:00"),
    )

    assert services.appeal(code, "it is the same house", now=town.now) == CITY_DESK  # the next higher body, by name
    town.phone(CITY_DESK).expects("XF2026-000001: Review asked for", "yours to decide")
    review = clock(case, "review", "appeal")
    shown = queries.file_of_code(code)
    assert [(one.owner, one.upheld) for one in shown.appeals] == [(CITY_DESK, None)]
    assert review.due_at in [one.due_at for one in shown.clocks if one.purpose == "appeal"]
    assert [line.id for line in queries.cases(town.as_(CITY_DESK).scope, queries.Filter(owner=CITY_DESK))] == [case]
    with pytest.raises(NotAllowed):
        services.decide_appeal(case, False, "no", **by(town, ORGAN, case))
    town.after(days=10)
    services.decide_appeal(case, False, "the agreement is clear", **by(town, CITY_DESK, case))
    assert file(case).line.state == "reviewed"
    does(
        town, ORGAN, case, "serve_review", review_served_on="2026-06-15", next_body="Housing department of the province"
    )
    assert answers(town, code)["next_body"] == "Housing department of the province"

    town.after(days=20)
    assert services.appeal(code, "nobody came to look", now=town.now) == PROVINCE  # and again the next higher
    town.phone(PROVINCE).expects("Re-examination asked for")
    recheck = clock(case, "recheck", "appeal")
    before = recheck.due_at
    town.after(days=2)
    with pytest.raises(NotAllowed):  # no other post stops it
        services.pause(case, recheck.pk, "a hearing", **by(town, "commander", case))
    services.pause(case, recheck.pk, "a hearing is held", **by(town, PROVINCE, case))
    town.after(days=8)
    services.resume(case, recheck.pk, "the hearing is over", **by(town, PROVINCE, case))
    assert (clock(case, "recheck", "appeal").due_at - before).days == 8
    body = next(line.body for line in ledger.chain(case) if line.verb == "clock_paused")
    assert "hearing does not count" in body["clause"]
    assert next(line.actor for line in ledger.chain(case) if line.verb == "clock_paused").startswith(PROVINCE)
    services.decide_appeal(case, False, "it stands", **by(town, PROVINCE, case))
    line = file(case).line
    assert (line.state, line.is_over, line.put_right_at) == ("final", True, None)
    assert told_by_code(code, now=town.now).appeal is None
    with pytest.raises(NotAllowed, match="last level"):
        services.appeal(code, "once more", now=town.now)
    town.after(days=60)
    assert "clock_run_out" not in verbs(case)
    assert not ledger.verify()


def test_what_belongs_elsewhere_is_sent_there_by_name(town: Town) -> None:
    made = petition(town)
    with pytest.raises(AnswersRefused):
        does(town, DESK, made.id, "send_elsewhere", route="court", reply="go to the court")
    does(town, DESK, made.id, "send_elsewhere", route="arbitration", next_body="Labour arbitration commission of the district",
         reply="ask there within a year, with the contract")  # fmt: skip
    line = file(made.id).line
    assert (line.state, line.is_over, line.replied_at is not None, line.put_right_at) == ("elsewhere", True, True, None)
    told = answers(town, made.receipt)
    assert (told["route"], told["next_body"]) == ("arbitration", "Labour arbitration commission of the district")
    assert queries.file_of_code(made.receipt).messages[-1].words == "ask there within a year, with the contract"
    town.after(days=40)


def test_an_accusation_goes_to_the_discipline_body(town: Town) -> None:
    made = petition(town, matter="administration")
    does(
        town,
        DESK,
        made.id,
        "pass_to_discipline",
        next_body="Discipline commission of the district",
        reply="it is with them",
    )
    assert file(made.id).line.state == "with_discipline"
    assert answers(town, made.receipt)["next_body"] == "Discipline commission of the district"


def test_an_upheld_review_begins_the_handling_anew_and_the_next_one_is_a_review_again(town: Town) -> None:
    made = concluded(town)
    services.appeal(made.receipt, "look at night", now=town.now)  # before it was served: not turned away
    town.phone(CITY_DESK).expects("Review asked for")
    services.decide_appeal(made.id, True, "look at night", **by(town, CITY_DESK, made.id))
    line = file(made.id).line
    assert (line.state, line.replied_at, line.over_at) == ("accepted", None, None)
    assert clock(made.id, "conclude").ended_at is None
    does(town, ORGAN, made.id, "conclude", **OPINION | {"decision": "supported"})
    does(town, ORGAN, made.id, "serve", served_on="2026-03-03")
    following = told_by_code(made.receipt, now=town.now).appeal
    assert following is not None
    assert following.desk.title["en"] == "Review"
    does(town, ORGAN, made.id, "carry_out", done="paid")
    assert file(made.id).line.put_right_at == town.now


def test_who_asks_too_late_is_told_the_clause(town: Town) -> None:
    made = concluded(town)
    does(town, ORGAN, made.id, "serve", served_on="2026-03-03")
    assert clock(made.id, "ask_review").due_at == at("2026-04-03T00:00")
    town.after_downtime(hours=24 * 31 + 15)  # the worker is down: the date holds all the same
    with pytest.raises(NotAllowed, match="time to ask is over"):
        services.appeal(made.receipt, "too late", now=town.now)
    town.carry()
    assert verbs(made.id).count("clock_lapsed") == 1
    assert not file(made.id).line.overdue
    assert told_by_code(made.receipt, now=town.now).appeal is None


def test_an_organ_objects_within_five_working_days_and_a_desk_decides(town: Town) -> None:
    made, late = assigned(town), assigned(town)
    services.contest(made.id, DESK, "not our house", **by(town, ORGAN, made.id))
    with pytest.raises(Stale, match="disputed"):
        does(town, ORGAN, made.id, "accept", notice_by="letter")
    services.rule(made.id, ORGAN, "it is yours", **by(town, "commander", made.id))
    does(town, ORGAN, made.id, "accept", notice_by="letter")
    town.after(days=8)
    with pytest.raises(Stale, match="time to object is over"):
        services.contest(late.id, DESK, "not ours", **by(town, ORGAN, late.id))
    does(town, ORGAN, late.id, "accept", notice_by="code")


def test_an_operator_neither_sees_it_nor_is_handed_it(town: Town) -> None:
    made = petition(town)
    with pytest.raises(NotAllowed):
        services.transfer(made.id, "operator-mill", "it is about you", **by(town, DESK, made.id))
    assert queries.count(town.as_("operator-mill").scope) == 0


def test_without_a_higher_post_the_requester_is_told_so_and_nothing_is_lost(town: Town) -> None:
    made = concluded(town)
    services.transfer(made.id, PROVINCE, "they take it over", **by(town, ORGAN, made.id))
    following = told_by_code(made.receipt, now=town.now).appeal
    assert following is not None
    assert following.owner == ""  # the page then names the body that the opinion named
    assert answers(town, made.receipt)["next_body"] == "Housing bureau of the city"
    with pytest.raises(Unavailable, match="no post could own it"):
        services.appeal(made.receipt, "unfair", now=town.now)
    assert not queries.file_of_code(made.receipt).appeals
