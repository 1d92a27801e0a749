"""What a form asks again: the answer before it is kept, under the seal where it was, and told as an earlier one; what is left
out does not stand any more; what belongs together is asked for together; a limit is warned of before its day."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.test import Client

from tests.rooms.casework import at, casework_town, clock, row
from tests.rooms.disputes import COMMITTEE, CONSENT, SESSION, WORDED, dispute, dispute_town, does, mediating, read
from tests.rooms.test_respond_pages import browser
from tocsin.records.cases import services
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.cases.sealing import answers_opened
from tocsin.records.org.models import Account
from tocsin.records.seal import services as seal
from tocsin.terms.errors import Damaged
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with dispute_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


def held_sessions(town: Town) -> str:
    case = mediating(town).id
    for nth in ("one", "two", "three"):
        does(town, case, "session", **SESSION | {"session_on": "2026-03-03"}, session_said=f"talk {nth}")
    return case


def test_each_session_is_kept_in_its_order_and_shown(town: Town) -> None:
    case = held_sessions(town)
    kept = read(town, case)
    names = [name for name in kept if name.startswith("session_said")]
    assert [(name, kept[name]) for name in names] == [
        ("session_said#1", "talk one"), ("session_said#2", "talk two"), ("session_said", "talk three"),
    ]  # fmt: skip
    order = list(kept)
    assert (
        order.index("session_said#1") < order.index("session_on#2") < order.index("session_on")
    )  # each session together
    page = browser(town, COMMITTEE).get(f"/cases/{case}/").content.decode()
    assert "What was talked about, what is still open (earlier answer 2)" in page
    assert "•••" in page or "talk two" in page


def test_earlier_answers_lie_under_the_seal_and_cannot_change_places(town: Town) -> None:
    case = held_sessions(town)
    held = row(case)
    assert "talk" not in json.dumps(held.values)
    inside = json.loads(bytes(held.sealed or b""))
    inside["session_said#1"], inside["session_said#2"] = inside["session_said#2"], inside["session_said#1"]
    CaseRow.objects.filter(id=case).update(sealed=json.dumps(inside).encode())
    held = row(case)
    with pytest.raises(Damaged):
        answers_opened(held, held.values, held.sealed, seal.open_key(held.seal_key))


def test_what_is_left_out_this_time_does_not_stand(town: Town) -> None:
    case = mediating(town).id
    does(town, case, "word", **WORDED)
    does(town, case, "talk_on", why_on="too much")
    does(town, case, "word", **{name: value for name, value in WORDED.items() if not name.startswith("duty_2")})
    kept = read(town, case)
    assert "duty_2" not in kept
    assert kept["duty_2#1"] == WORDED["duty_2"]
    assert kept["duty_1"] == WORDED["duty_1"]


def test_questions_that_belong_together_are_asked_for_together(town: Town) -> None:
    case = mediating(town).id
    for left_out in ("duty_2", "duty_2_who", "duty_2_by"):
        with pytest.raises(AnswersRefused) as refused:
            does(town, case, "word", **{name: value for name, value in WORDED.items() if name != left_out})
        assert [(fault.field, fault.what) for fault in refused.value.faults] == [(left_out, "missing")]
    assert "duty_2" not in read(town, case)


def test_a_case_that_lies_open_keeps_them_too_and_an_order_is_warned_of_before_its_day() -> None:
    with casework_town(packs=("workplace_safety",)) as town:
        case = services.open_case("workplace_safety/finding", {"grade": "general", "what": "no guard"}, jurisdiction=EAST,
                                  actor=town.as_("inspector-east"), now=town.now).id  # fmt: skip
        services.move(case, "order", {"demand": "fit one", "limit_on": "2026-10-20"}, version=1,
                      actor=town.as_("case-handler"), now=town.now)  # fmt: skip
        limit = clock(case, "rectify")
        assert limit.due_at == at("2026-10-21T00:00")
        assert limit.warn_at == at("2026-10-16T09:00")  # two days before, and that is a Sunday


def test_nobody_begins_before_both_agree(town: Town) -> None:
    made = dispute(town)
    does(town, made.id, "ask", asked_on="2026-03-03", asked_how="talk")
    client: Client = browser(town, COMMITTEE)
    for without in ("consent_first", "consent_second"):
        answers = {f"a_{name}": value for name, value in (CONSENT | {without: "no"}).items()}
        answer = client.post(f"/cases/{made.id}/move/begin", answers | {"version": "2", "once": without})
        assert answer.status_code in (403, 409, 422)
        assert row(made.id).state == "asked"
