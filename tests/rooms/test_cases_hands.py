"""Whose a case is, who helps, what is one with what: transfer, ruling, legs, merge and split, appeal, the requester's side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rooms.casework import (
    REQUEST,
    accepted,
    answered,
    at,
    casework_town,
    clock,
    file,
    move,
    opened,
    row,
    verbs,
)
from tocsin.records.cases import queries, services
from tocsin.records.cases.models import ClockRow
from tocsin.records.ledger import queries as ledger
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.testing.town import WEST, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town() as built:
        yield built


def by(town: Town, case: str, post: str = "case-handler") -> dict[str, object]:
    return {"version": row(case).version, "actor": town.as_(post), "now": town.now}


# ------------------------------------------------------------ hands
def test_a_transfer_names_who_goes_on_and_keeps_the_number(town):
    case = accepted(town)
    services.transfer(case.id, "roads", "it is a road", **by(town, case.id))
    line = file(case.id).line
    assert (line.owner, line.number) == ("roads", case.number)
    shown = queries.file_of_code(case.receipt)
    assert [(hand.what, hand.after) for hand in shown.hands] == [("assigned", "case-handler"), ("transferred", "roads")]
    with pytest.raises(NotAllowed):
        move(town, case.id, "answer", reply="x", cause="y")  # who gave it away does not answer


@pytest.mark.parametrize(
    ("post", "error"),
    [
        ("", BadValue),
        ("case-handler", BadValue),
        ("moon", UnknownName),
        ("inspector-west", NotAllowed),
        ("auditor", NotAllowed),
    ],
)
def test_a_transfer_to_nobody_in_particular_is_refused(town, post, error):
    case = accepted(town)
    with pytest.raises(error) as refused:
        services.transfer(case.id, post, "not ours", **by(town, case.id))
    assert refused.value.remedy
    with pytest.raises(BadValue):
        services.transfer(case.id, "roads", "  ", **by(town, case.id))
    with pytest.raises(NotAllowed):
        services.transfer(case.id, "roads", "I want it", **by(town, case.id, "lamps"))
    assert file(case.id).line.owner == "case-handler"


def test_a_contested_assignment_is_ruled_once_and_not_sent_round(town):
    case = opened(town)
    services.contest(case.id, "roads", "it is a road", **by(town, case.id))
    assert clock(case.id, "ruling", "ruling").due_at == at("2026-09-30T00:00")  # two working days after the holiday
    with pytest.raises(Stale, match="disputed"):
        services.transfer(case.id, "lamps", "x", **by(town, case.id))
    with pytest.raises(NotAllowed):
        services.rule(case.id, "roads", "I say so", **by(town, case.id))
    move(town, case.id, "accept")  # until then the owner works on
    with pytest.raises(Stale, match="disputed"):
        move(town, case.id, "answer", reply="x", cause="y")
    services.rule(case.id, "roads", "roads it is", **by(town, case.id, "commander"))
    assert file(case.id).line.owner == "roads"
    assert clock(case.id, "ruling", "ruling").ended_at == town.now
    with pytest.raises(Stale, match="decided"):
        services.contest(case.id, "lamps", "no", **by(town, case.id, "roads"))
    assert [hand.what for hand in file(case.id).hands] == ["assigned", "contested", "ruled"]


def test_a_ruling_that_is_late_is_told_of(town):
    case = opened(town)
    services.contest(case.id, "roads", "it is a road", **by(town, case.id))
    town.after(days=6)
    told = [line.body["purpose"] for line in ledger.chain(case.id) if line.verb == "clock_run_out"]
    assert told == ["ruling"]


# ------------------------------------------------------------ helpers
def asked(town: Town, case: str, post: str = "lamps") -> int:
    return services.ask_helper(case, post, "your part, please", **by(town, case))


def test_the_lead_ends_only_when_the_helpers_have_replied_or_were_waived(town):
    case = answered(town)
    first, second = asked(town, case.id), asked(town, case.id, "roads")
    for code, answers in (("finish", {"reply": "light"}), ("withdraw", {})):  # no end at all, whatever the guard says
        with pytest.raises(Stale, match="helpers"):
            move(town, case.id, code, **answers)
    with pytest.raises(NotAllowed):
        services.reply_leg(case.id, first, "done", actor=town.as_("roads"), now=town.now)
    services.reply_leg(case.id, first, "done", actor=town.as_("lamps"), now=town.now)
    with pytest.raises(NotAllowed):
        services.waive_leg(case.id, second, "no need", **by(town, case.id, "lamps"))
    with pytest.raises(BadValue):
        services.waive_leg(case.id, second, "", **by(town, case.id))
    services.waive_leg(case.id, second, "no road is near", **by(town, case.id))
    move(town, case.id, "finish", reply="light")
    legs = file(case.id).legs
    assert [(leg.reply, leg.waived_why) for leg in legs] == [("done", ""), ("", "no road is near")]
    waived = [line for line in ledger.chain(case.id) if line.verb == "helper_waived"]
    assert waived[0].actor.startswith("case-handler/")
    assert not ClockRow.objects.filter(case_id=case.id, ended_at=None).exists()


def test_helpers_are_asked_once_and_a_leg_is_answered_once(town):
    case = answered(town)
    leg = asked(town, case.id)
    with pytest.raises(BadValue, match="asked already"):
        asked(town, case.id)
    services.reply_leg(case.id, leg, "done", actor=town.as_("lamps"), now=town.now)
    with pytest.raises(Stale):
        services.reply_leg(case.id, leg, "again", actor=town.as_("lamps"), now=town.now)
    with pytest.raises(UnknownName):
        services.reply_leg(case.id, 10**9, "x", actor=town.as_("lamps"), now=town.now)
    assert row(case.id).legs_open == 0
    asked(town, case.id)  # asked again for something else
    assert row(case.id).legs_open == 1


# ------------------------------------------------------------ merge and split
def test_the_earliest_deadline_survives_a_merge_and_each_is_owed_an_answer(town):
    old = accepted(town)
    town.after(days=4)
    new = accepted(town)
    earliest = clock(old.id, "handle").due_at
    services.merge(
        old.id, new.id, "the same lamp", version=row(old.id).version, actor=town.as_("case-handler"), now=town.now
    )
    handle = [one for one in file(new.id).clocks if one.code == "handle" and one.ended_at is None]
    assert [one.due_at for one in handle] == [earliest]
    assert clock(old.id, "answer").ended_at is None  # each requester waits for an answer, by their own date
    assert clock(new.id, "answer").ended_at is None
    with pytest.raises(Stale, match=new.number):
        move(town, old.id, "withdraw")
    move(town, new.id, "answer", reply="on Monday", cause="cable")
    for code in (old.receipt, new.receipt):
        shown = queries.file_of_code(code)
        assert [(m.is_reply, m.words) for m in shown.messages] == [(True, "on Monday")]
    assert clock(old.id, "answer").ended_how == "replied"
    assert row(old.id).replied_at == town.now
    assert "case_answered_with" in verbs(old.id)
    assert [number for _id, number in file(new.id).joined] == [old.number]


def test_a_merged_case_runs_out_only_of_what_it_still_owes(town):
    old, new = accepted(town), accepted(town)
    services.merge(old.id, new.id, "same", version=row(old.id).version, actor=town.as_("case-handler"), now=town.now)
    town.after(days=30)
    assert verbs(old.id).count("clock_run_out") == 1  # the answer
    assert verbs(new.id).count("clock_run_out") == 2


def test_a_split_gives_everything_back(town):
    old = accepted(town)
    leg = asked(town, old.id)
    town.after(days=4)
    new = accepted(town)
    before = {
        one.code: one.due_at
        for case in (old, new)
        for one in file(case.id).clocks
        if one.ended_at is None and not one.leg
    }
    own = [
        (case.id, one.code, one.due_at) for case in (old, new) for one in file(case.id).clocks if one.ended_at is None
    ]
    services.merge(old.id, new.id, "same", version=row(old.id).version, actor=town.as_("case-handler"), now=town.now)
    assert (row(old.id).legs_open, row(new.id).legs_open) == (0, 1)
    with pytest.raises(NotAllowed):
        services.split(old.id, "another lamp", actor=town.as_("lamps"), now=town.now)
    services.split(old.id, "another lamp", actor=town.as_("case-handler"), now=town.now)
    assert [(case.id, one.code, one.due_at) for case in (old, new) for one in file(case.id).clocks
            if one.ended_at is None] == own  # fmt: skip
    assert before
    assert (row(old.id).legs_open, row(new.id).legs_open, row(old.id).survivor) == (1, 0, "")
    services.reply_leg(old.id, leg, "mine", actor=town.as_("lamps"), now=town.now)
    move(town, old.id, "answer", reply="x", cause="y")
    with pytest.raises(Stale):
        services.split(old.id, "again", actor=town.as_("case-handler"), now=town.now)
    assert not ledger.verify()


def test_what_cannot_be_merged(town):
    one, other = accepted(town), accepted(town)
    over = opened(town)
    move(town, over.id, "withdraw")
    west = opened(town, jurisdiction=WEST)
    finding = services.open_case("workplace_safety/finding", {"grade": "general", "what": "x"}, facility="mill",
                                 actor=town.as_("inspector-east"), now=town.now)  # fmt: skip
    handler = town.as_("case-handler")

    def merge(case: str, into: str, version: int | None = None, actor=handler) -> None:
        services.merge(case, into, "same", version=version or row(case).version, actor=actor, now=town.now)

    for case, into, version, error in [
        (one.id, one.id, None, BadValue), (one.id, over.id, None, Stale), (over.id, one.id, None, Stale),
        (one.id, finding.id, None, BadValue), (one.id, "cas_none", None, UnknownName), (one.id, other.id, 99, Stale),
    ]:  # fmt: skip
        with pytest.raises(error):
            merge(case, into, version)
    with pytest.raises(NotAllowed):
        merge(one.id, other.id, actor=town.as_("lamps"))
    merge(west.id, one.id)
    with pytest.raises(Stale, match="merged into"):
        merge(west.id, other.id)
    merge(one.id, other.id)  # what was merged into it goes along
    assert row(west.id).survivor == other.id
    with pytest.raises(Stale):
        merge(other.id, one.id)  # no ring


# ------------------------------------------------------------ the requester
def test_messages_both_ways_by_code(town):
    case = accepted(town)
    services.write_as_requester(case.receipt.lower().replace("-", " "), "it is the third one", now=town.now)
    services.write_to_requester(case.id, "thank you", **by(town, case.id))
    assert [(m.from_requester, m.words) for m in queries.file_of_code(case.receipt).messages] == [
        (True, "it is the third one"), (False, "thank you")]  # fmt: skip
    assert row(case.id).replied_at is None  # a message is no answer
    for code in ("", "x", case.receipt[:-1], case.receipt + "2"):
        with pytest.raises(UnknownName):
            queries.file_of_code(code)
        with pytest.raises(UnknownName):
            services.write_as_requester(code, "x", now=town.now)
    for words in ("", " ", "x" * 2001, "a\x07"):
        with pytest.raises(BadValue):
            services.write_as_requester(case.receipt, words, now=town.now)
    told = [line for line in ledger.chain(case.id) if line.verb == "requester_wrote"]
    assert told[0].actor == "requester"
    assert "third" not in str(told[0].body)


def test_satisfaction_is_asked_once_a_closing_and_only_at_the_end(town):
    case = answered(town)
    with pytest.raises(Stale):
        services.rate(case.receipt, 4, True, now=town.now)
    move(town, case.id, "finish", reply="light")
    with pytest.raises(BadValue):
        services.rate(case.receipt, 6, True, now=town.now)
    services.rate(case.receipt, 2, False, now=town.now)
    with pytest.raises(Stale):
        services.rate(case.receipt, 5, True, now=town.now)
    move(town, case.id, "reopen")
    move(town, case.id, "answer", reply="again")
    move(town, case.id, "finish", reply="now")
    services.rate(case.receipt, 5, True, now=town.now)
    assert verbs(case.id).count("case_rated") == 2


def test_every_appeal_has_a_named_owner_and_the_requester_sees_them(town):
    case = accepted(town)
    with pytest.raises(Stale):
        services.appeal(case.receipt, "unfair", now=town.now)
    move(town, case.id, "answer", reply="no", cause="none")
    move(town, case.id, "finish", reply="no")
    owner = services.appeal(case.receipt, "it is still dark", now=town.now)
    assert owner == "commander"
    shown = queries.file_of_code(case.receipt)
    assert [(one.owner, one.upheld) for one in shown.appeals] == [("commander", None)]
    assert clock(case.id, "appeal", "appeal").due_at == at("2026-10-25T00:00")
    with pytest.raises(Stale, match="being looked at"):
        services.appeal(case.receipt, "again", now=town.now)
    with pytest.raises(NotAllowed):
        services.decide_appeal(case.id, True, "yes", **by(town, case.id))
    services.decide_appeal(case.id, True, "go and look again", **by(town, case.id, "commander"))
    line = file(case.id).line
    assert (line.state, line.over_at, line.replied_at, line.reopened) == ("accepted", None, None, 1)
    assert clock(case.id, "answer").ended_at is None  # the time for the answer begins anew
    assert queries.file_of_code(case.receipt).messages[-1].words == "go and look again"
    with pytest.raises(Stale):
        services.decide_appeal(case.id, True, "yes", **by(town, case.id, "commander"))


def test_an_appeal_that_is_not_upheld_leaves_the_case_over(town):
    case = answered(town)
    move(town, case.id, "finish", reply="no")
    services.appeal(case.receipt, "unfair", now=town.now)
    services.decide_appeal(case.id, False, "it was right", **by(town, case.id, "commander"))
    assert file(case.id).line.is_over
    assert clock(case.id, "appeal", "appeal").ended_at == town.now
    assert file(case.id).line.kind.name == REQUEST
