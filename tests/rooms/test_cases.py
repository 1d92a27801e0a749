"""Cases: opened once, moved by who may, answered, put right, opened again; whatever is refused changes nothing and says why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.rooms.casework import (
    LAMP,
    REQUEST,
    accepted,
    answered,
    casework_town,
    clock,
    facts,
    file,
    move,
    opened,
    row,
    verbs,
)
from tocsin.records.cases import queries, services
from tocsin.records.cases.kinds import kind_of, kinds_in_use
from tocsin.records.cases.models import CaseRow, DeclarationRow
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.errors import BadValue, NotAllowed, Refused, Stale, TooBig, Unavailable, UnknownName
from tocsin.testing.town import EAST, WEST, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town() as built:
        yield built


def test_a_case_has_one_number_one_owner_and_its_first_clock(town):
    first, second = opened(town), opened(town)
    assert (first.number, second.number) == ("SQ2026-000001", "SQ2026-000002")
    line = file(first.id).line
    assert (line.owner, line.state, line.jurisdiction) == ("case-handler", "received", EAST)
    assert [one.code for one in file(first.id).clocks] == ["answer"]
    assert len(first.receipt) == 24
    assert first.receipt not in json.dumps([one.body for one in ledger.chain(first.id)])
    assert facts("case_opened") == 2
    assert not ledger.verify()


def test_opening_twice_gives_the_same_case(town):
    once = opened(town, once="form-1")
    again = opened(town, once="form-1")
    assert (again.id, again.number, again.receipt) == (once.id, once.number, "")
    assert CaseRow.objects.count() == 1
    assert verbs(once.id) == ["case_opened"]


def test_reply_and_put_right_are_two_states(town):
    case = answered(town)
    line = file(case.id).line
    assert line.replied_at is not None
    assert line.put_right_at is None
    assert not line.is_over
    move(town, case.id, "finish", reply="it is light again")
    line = file(case.id).line
    assert line.put_right_at is not None
    assert line.is_over
    assert [one.code for one in file(case.id).clocks if one.ended_at is None] == []


def test_what_was_asked_once_is_not_asked_again(town):
    case = answered(town)
    with pytest.raises(AnswersRefused) as refused:
        move(town, case.id, "finish", reply="light", cause="lamp")
    assert [(fault.field, fault.what) for fault in refused.value.faults] == [("cause", "surplus")]
    assert file(case.id).line.values["cause"] == "cable"


BAD_ANSWERS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, [("thing", "missing"), ("what", "missing")]),
    ({"thing": "lamp", "what": "  "}, [("what", "missing")]),
    ({"thing": "sun", "what": "x"}, [("thing", "choice")]),
    ({"thing": "lamp", "what": "x" * 401}, [("what", "long")]),
    ({"thing": "lamp", "what": 7}, [("what", "type")]),
    ({"thing": "lamp", "what": "a\x00b"}, [("what", "hidden")]),
    ({"thing": "lamp", "what": "a\u202eb"}, [("what", "hidden")]),
    ({"thing": "lamp", "what": "x", "surplus": 1}, [("surplus", "surplus")]),
    ({"thing": "lamp", "what": "x", "lamps": 0}, [("lamps", "range")]),
    ({"thing": "lamp", "what": "x", "lamps": "many"}, [("lamps", "type")]),
    ({"thing": "lamp", "what": "x", "since": "2026-02-30"}, [("since", "day")]),
    ({"thing": "lamp", "what": "x", "since": "0001-01-01"}, [("since", "day")]),
    ({"thing": "lamp", "what": "x", "seen_at": "2026-09-24T25:00:00+08:00"}, [("seen_at", "moment")]),
    ({"thing": "lamp", "what": "x", "seen_at": "2026-09-24T08:00:00"}, [("seen_at", "zone")]),
    ({"thing": "lamp", "what": "x", "seen_at": "2027-01-01T08:00:00+08:00"}, [("seen_at", "ahead")]),
    ({"thing": "lamp", "what": {"$ref": "#"}}, [("what", "type")]),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "faults"), BAD_ANSWERS)
def test_bad_answers_are_refused_all_at_once_and_nothing_is_made(town, answers, faults):
    with pytest.raises(AnswersRefused) as refused:
        opened(town, answers)
    assert [(fault.field, fault.what) for fault in refused.value.faults] == faults
    assert CaseRow.objects.count() == 0
    assert opened(town).number == "SQ2026-000001"  # no number was lost either


def test_moves_that_are_not_allowed_change_nothing(town):
    case = accepted(town)
    before = (row(case.id).version, verbs(case.id), facts("case_moved"))
    for post, code, answers, error in [
        ("case-handler", "finish", {"reply": "x"}, Stale),  # from another state
        ("case-handler", "nonsense", {}, BadValue),
        ("inspector-east", "answer", {"reply": "x", "cause": "y"}, NotAllowed),
        ("lamps", "answer", {"reply": "x", "cause": "y"}, NotAllowed),  # does not own it
        ("case-handler", "answer", {}, AnswersRefused),
        ("case-handler", "withdraw", {"surplus": "x"}, AnswersRefused),
    ]:
        with pytest.raises(error) as refused:
            move(town, case.id, code, post, **answers)
        assert refused.value.remedy
    assert (row(case.id).version, verbs(case.id), facts("case_moved")) == before


def test_a_page_that_is_out_of_date_is_refused(town):
    case = opened(town)
    seen = row(case.id).version
    move(town, case.id, "accept")
    with pytest.raises(Stale, match="somebody has changed it"):
        services.move(case.id, "withdraw", version=seen, actor=town.as_("case-handler"), now=town.now)


def test_the_same_button_pressed_twice_moves_once(town):
    case = opened(town)
    seen = row(case.id).version
    actor = town.as_("case-handler")
    services.move(case.id, "accept", version=seen, actor=actor, now=town.now)
    with pytest.raises(Stale):
        services.move(case.id, "accept", version=seen, actor=actor, now=town.now)
    assert verbs(case.id).count("case_moved") == 1


def test_who_opened_it_does_not_decline_it(town):
    case = opened(town, actor=town.as_("case-handler"))
    with pytest.raises(NotAllowed, match="somebody else"):
        move(town, case.id, "decline", reply="no", cause="not ours")


def test_a_case_is_read_and_worked_on_in_its_area_only(town):
    case = opened(town)
    with pytest.raises(UnknownName):
        queries.case_file(Scope(WEST, Role.INSPECTOR), case.id)
    with pytest.raises(NotAllowed):
        queries.cases(Scope("", Role.ADMINISTRATOR))
    assert queries.count(Scope(EAST, Role.INSPECTOR)) == 1
    with pytest.raises(NotAllowed):
        move(town, case.id, "withdraw", "inspector-west")


def test_a_list_is_refused_case_by_case(town):
    cases = [opened(town).id for _ in range(4)]
    move(town, cases[1], "accept")
    steps = [services.Step(case) for case in [*cases[:3], "cas_none"]] + [services.Step(cases[3], 7)]
    moved = services.move_many(steps, "accept", actor=town.as_("case-handler"), now=town.now)
    assert sorted(moved.done) == sorted([cases[0], cases[2]])
    assert {case: type(error) for case, error in moved.refused.items()} == {
        cases[1]: Stale, "cas_none": UnknownName, cases[3]: Stale
    }  # fmt: skip
    assert [verbs(case).count("case_moved") for case in cases] == [1, 1, 1, 0]
    assert facts("case_moved") == 3
    assert not ledger.verify()


def test_a_list_that_is_too_long_or_names_a_case_twice_is_refused_whole(town):
    case = opened(town).id
    actor = town.as_("case-handler")
    with pytest.raises(BadValue):
        services.move_many([services.Step(case), services.Step(case)], "accept", actor=actor, now=town.now)
    with pytest.raises(TooBig):
        services.move_many([services.Step(f"cas_{n}") for n in range(501)], "accept", actor=actor, now=town.now)
    assert row(case).state == "received"


def test_a_case_keeps_the_pack_version_under_which_it_began(town, monkeypatch):
    case = opened(town)
    kept = row(case.id).declaration_id
    kind = kind_of(REQUEST, kept)
    assert kind == kinds_in_use()[REQUEST]
    monkeypatch.setattr("tocsin.records.cases.kinds.packs_in_use", tuple)  # the pack is gone; its old cases are not
    kind_of.__globals__["_kept"].cache_clear()
    assert DeclarationRow.objects.get(sha=kept).pack == "streets"
    move(town, case.id, "accept")
    assert file(case.id).line.state == "accepted"
    with pytest.raises(UnknownName):
        opened(town)


def test_a_case_that_nobody_could_own_is_not_opened(town):
    from tocsin.records.org import services as org
    from tocsin.records.org.actor import SYSTEM

    for post in ("case-handler", "lamps", "roads"):
        town.goes_home(post)
    assert file(opened(town).id).line.owner == "case-handler"  # nobody on duty: the post has it all the same
    for post in ("case-handler", "lamps", "roads"):
        org.close_post(post, actor=SYSTEM, now=town.now)
    with pytest.raises(Unavailable, match="no post could own"):
        opened(town)


def test_the_tables_themselves_hold(town):
    case = opened(town)
    for wrong in ({"survivor": case.id}, {"legs_open": -1}, {"owner": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CaseRow.objects.filter(id=case.id).update(**wrong)


def test_reopening_counts_and_starts_the_clocks_anew(town):
    case = answered(town)
    move(town, case.id, "finish", reply="light again")
    town.after(days=3)
    move(town, case.id, "reopen", "lamps")
    line = file(case.id).line
    assert (line.state, line.reopened, line.put_right_at, line.over_at) == ("accepted", 1, None, None)
    assert clock(case.id, "handle").started_at == town.now
    assert {one.code for one in file(case.id).clocks if one.ended_at is None} == {"answer", "handle"}


def test_every_refusal_is_in_words_of_the_reader(town):
    from django.utils import translation

    case = opened(town)
    with translation.override("zh-hans"), pytest.raises(Refused) as refused:
        move(town, case.id, "finish", reply="x")
    assert "“办结”" in refused.value.rule
    assert any("\u4e00" <= letter <= "\u9fff" for letter in refused.value.remedy)


def test_links_to_places_facilities_events_and_other_cases(town):
    parent = opened(town, facility="mill", place="behind the gate", event="evt_1")
    child = opened(town, parent=parent.id)
    assert file(parent.id).line.facility == "mill"
    assert [line.number for line in file(parent.id).children] == [child.number]
    assert [line.id for line in queries.cases(EVERYWHERE, queries.Filter(event="evt_1"))] == [parent.id]
    for wrong in ({"facility": "palace"}, {"jurisdiction": "atlantis"}, {"parent": "cas_none"}):
        with pytest.raises(UnknownName):
            opened(town, LAMP, **wrong)
