"""Joint consultation: who was asked, signed opinions, the deadline, a decision by name, minutes, tasks that come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.people import log_in
from tests.rooms.casework import at, casework_town, opened
from tests.rooms.test_respond_pages import browser
from tocsin.clocks import Period, Unit
from tocsin.records.consultation import queries, services
from tocsin.records.consultation.models import AskedRow, ConsultationRow, OpinionRow
from tocsin.records.consultation.services import NewTask, Question, ask, decide, give_opinion, sweep, withdraw
from tocsin.records.drafts.models import DraftRow
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.tasks import queries as tasks
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Stale, TooBig, UnknownName
from tocsin.testing.town import EAST, WEST, Town

ASKED = ("inspector-east", "signer", "operator-mill")
SOON = Period(3, Unit.WORKING_DAY)


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with consulting_town() as built:
        yield built
        built.read_all()  # the letters are asked for by name where they matter


@contextmanager
def consulting_town() -> Iterator[Town]:
    """The town of cases whose clock sweeps consultations too."""
    with casework_town(sweeps=(sweep,)) as town:
        Account.objects.update(must_change_password=False)
        yield town


def asked(town: Town, *posts: str, by: str = "case-handler", **given: Any) -> str:
    case = given.pop("case", "") or opened(town).id
    question = Question("May the mill go on working?", posts or ASKED, given.pop("within", SOON), case=case, **given)
    return ask(question, actor=town.as_(by), now=town.now)


def row(consultation: str) -> ConsultationRow:
    return ConsultationRow.objects.get(id=consultation)


def sign(town: Town, consultation: str, post: str, opinion: str = "agree", reasons: str = "", **given: Any) -> None:
    give_opinion(consultation, opinion, reasons, **{"digest": row(consultation).digest, "actor": town.as_(post),
                                                    "now": town.now, **given})  # fmt: skip


def decided(town: Town, consultation: str, by: str = "case-handler", **given: Any) -> list[str]:
    return decide(consultation, "It may, with a guard.",
                  **{"version": row(consultation).version, "actor": town.as_(by), "now": town.now, **given})  # fmt: skip


def test_the_whole_of_it(town):
    made = asked(town)
    assert row(made).due_at == at("2026-10-01T00:00")  # 25 September is a rest day of 2026: 28, 29, 30
    for post in ASKED:
        town.phone(post).expects("asked for an opinion")
    sign(town, made, "inspector-east")
    sign(town, made, "signer", "conditions", "only by day")
    with pytest.raises(Stale, match="operator-mill have not answered"):
        decided(town, made, answer="by day it is")
    sign(town, made, "operator-mill", "object", "it costs too much")
    with pytest.raises(BadValue, match="signer, operator-mill"):
        decided(town, made)
    due = town.now + timedelta(days=2)
    given = decided(
        town, made, answer="by day it is; costs are the mill's", new_tasks=[NewTask("inspector-east", "Look", due)]
    )
    task = tasks.task(EVERYWHERE, given[0])
    assert (task.post, task.due_at, task.about) == ("inspector-east", due, made)
    services.finish_task(task.id, "looked", actor=town.as_("inspector-east"), now=town.now)
    assert tasks.task(EVERYWHERE, given[0]).outcome == {"note": "looked"}
    verbs = [line.verb for line in ledger.chain(row(made).case)]
    assert verbs[1:] == [
        "consultation_asked",
        "opinion_signed",
        "opinion_signed",
        "opinion_signed",
        "consultation_decided",
    ]
    assert row(made).decided_by.startswith("case-handler/")
    asker = town.as_("case-handler")
    for late in (
        lambda: sign(town, made, "signer"),
        lambda: decided(town, made, answer="x"),
        lambda: withdraw(made, "no", version=row(made).version, actor=asker, now=town.now),
    ):
        with pytest.raises(Stale, match="over"):
            late()


def test_the_ledger_keeps_digests_and_no_words(town):
    made = asked(town, "signer")
    sign(town, made, "signer", "object", "the boiler is old")
    decided(town, made, answer="a new one comes")
    text = str([line.body for line in ledger.chain(row(made).case)])
    for word in ("mill go on", "boiler", "a new one", "with a guard"):
        assert word not in text
    assert row(made).digest in text
    assert OpinionRow.objects.get().digest in text


def test_an_opinion_is_signed_by_who_holds_an_asked_post_over_what_was_read(town):
    made = asked(town, "signer")
    with pytest.raises(NotAllowed, match="not asked"):
        sign(town, made, "inspector-east")
    with pytest.raises(Stale, match="another question"):
        sign(town, made, "signer", digest="0" * 64)
    for opinion in ("object", "conditions"):
        with pytest.raises(BadValue):
            sign(town, made, "signer", opinion, " ")
    with pytest.raises(BadValue):
        sign(town, made, "signer", "perhaps")
    with pytest.raises(TooBig):
        sign(town, made, "signer", "object", "x" * 4001)
    assert not OpinionRow.objects.exists()
    sign(town, made, "signer", "object", "no")
    sign(town, made, "signer", "agree")  # a second one counts, the first is kept
    file = queries.consultation(EVERYWHERE, "", made)
    assert [(post, one.opinion) for post, one in file.asked if one] == [("signer", "agree")]
    assert [one.opinion for one in file.earlier] == ["object"]
    assert OpinionRow.objects.first().account == town.account("signer")
    decided(town, made)  # nobody objects any more


def test_a_deadline_that_passes_is_told_once_and_lets_the_rest_be_decided(town):
    made = asked(town, "signer", "inspector-east")
    town.read_all()
    sign(town, made, "inspector-east")
    town.after_downtime(hours=24 * 10)
    town.after(days=2)
    town.phone("case-handler").expects("time to answer is over", "1 of those asked")
    told = [line.body for line in ledger.chain(row(made).case) if line.verb == "consultation_overdue"]
    assert [body["silent"] for body in told] == [["signer"]]
    decided(town, made)
    assert ledger.chain(row(made).case)[-1].body["silent"] == ["signer"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"words": " "}, BadValue), ({"words": "x" * 4001}, TooBig), ({"posts": ()}, BadValue),
        ({"posts": tuple(f"p{n}" for n in range(31))}, BadValue), ({"posts": ("moon",)}, UnknownName),
        ({"posts": ("administrator",)}, NotAllowed), ({"posts": ("auditor",)}, NotAllowed),
        ({"posts": ("case-handler",)}, NotAllowed), ({"case": ""}, BadValue), ({"event": "evt_1"}, BadValue),
        ({"case": "", "event": "evt_none"}, UnknownName), ({"case": "cas_none"}, UnknownName),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_words(town, given, error):
    question = {"words": "May it?", "posts": ("signer",), "within": SOON, "case": opened(town).id} | given
    with pytest.raises(error) as refused:
        ask(Question(**question), actor=town.as_("case-handler"), now=town.now)
    assert refused.value.remedy
    assert not ConsultationRow.objects.exists()


def test_who_asks_and_who_decides(town):
    case = opened(town).id
    with pytest.raises(NotAllowed):
        asked(town, "signer", by="inspector-east", case=case)
    made = asked(town, "signer", case=case)
    sign(town, made, "signer")
    for post in ("roads", "signer", "duty"):
        with pytest.raises(NotAllowed):
            decided(town, made, by=post)
    decided(town, made, by="commander")  # who directs the response there may


def test_an_office_asks_in_its_area_and_above_never_beside(town):
    case = opened(town).id
    town.hire("east-duty", Role.DUTY_OFFICER, EAST)
    with pytest.raises(NotAllowed, match="beside"):
        asked(town, "inspector-west", by="east-duty", case=case)
    assert asked(town, "inspector-east", "signer", by="east-duty", case=case)


def test_a_task_that_cannot_be_done_stops_the_whole_decision(town):
    made = asked(town, "signer")
    sign(town, made, "signer")
    ahead = town.now + timedelta(days=1)
    bad = [(NewTask("inspector-east", "", ahead), BadValue), (NewTask("inspector-east", "Look", town.now), BadTime),
           (NewTask("analyst", "Look", ahead), NotAllowed), (NewTask("moon", "Look", ahead), UnknownName)]  # fmt: skip
    for task, error in bad:
        with pytest.raises(error):
            decided(town, made, new_tasks=[NewTask("inspector-east", "Go", ahead), task])
    assert row(made).decided_at is None
    assert not tasks.about(EVERYWHERE, made)


def test_readers_see_their_area_and_those_asked_see_what_they_are_asked(town):
    made = asked(town, "operator-mill", "inspector-west")

    def sees(jurisdiction: str, role: Role, post: str, facility: str = "") -> bool:
        return bool(queries.consultations(Scope(jurisdiction, role, facility), post))

    assert sees(EAST, Role.INSPECTOR, "inspector-east")
    assert sees(WEST, Role.INSPECTOR, "inspector-west")  # asked, though it lies elsewhere
    assert not sees(WEST, Role.CASE_HANDLER, "x")
    assert sees(EAST, Role.FACILITY_OPERATOR, "operator-mill", "mill")
    assert not sees(EAST, Role.FACILITY_OPERATOR, "operator-other", "mill")
    with pytest.raises(NotAllowed):
        sees("", Role.ADMINISTRATOR, "administrator")
    with pytest.raises(UnknownName):
        queries.consultation(Scope(WEST, Role.CASE_HANDLER), "x", made)


@pytest.mark.django_db
def test_an_event_is_consulted_on_from_its_page():
    with translation.override("en"), Town() as town:
        Account.objects.update(must_change_password=False)
        storm = town.storm(level=3)
        town.carry()
        commander = browser(town, "commander")
        page = commander.get(f"/events/{storm.event}/").content.decode()
        assert f"/consultations/new?event={storm.event}" in page
        form = {
            "event": storm.event,
            "case": "",
            "question": "Do we close it?",
            "posts": ["signer"],
            "n": "2",
            "unit": "hour",
        }
        assert commander.post("/consultations/new", form).status_code == 302
        made = ConsultationRow.objects.get()
        assert (made.jurisdiction, made.due_at) == (EAST, town.now + timedelta(hours=2))
        assert [line.verb for line in ledger.chain(storm.event)].count("consultation_asked") == 1
        assert "Do we close it?" in commander.get(f"/events/{storm.event}/").content.decode()
        assert browser(town, "inspector-east").post("/consultations/new", form).status_code == 403
        assert commander.post("/consultations/new", form | {"event": "evt_none"}).status_code == 404
        town.read_all()


class TestDecision(TestCase):
    """Whatever is signed in whatever order: it is decided exactly when the slow twin says that it may be."""

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["agree", "object", "conditions"])), max_size=7),
           st.booleans(), st.booleans())  # fmt: skip
    def test_it_may_be_decided_when_the_twin_says_so(self, signed, is_late, says_why):
        with consulting_town() as town:
            made = asked(town)
            last: dict[str, str] = {}
            for number, opinion in signed:
                sign(town, made, ASKED[number], opinion, "so it is")
                last[ASKED[number]] = opinion
            if is_late:
                town.after(days=12)
            all_there = set(last) == set(ASKED)
            quarrel = any(opinion != "agree" for opinion in last.values())
            may = (all_there or is_late) and (says_why or not quarrel)
            try:
                decided(town, made, answer="because" if says_why else "")
                assert may
            except (Stale, BadValue):
                assert not may
            assert AskedRow.objects.filter(consultation=made).count() == len(ASKED)
            assert OpinionRow.objects.filter(consultation=made).count() == len(signed)
            town.read_all()


# ------------------------------------------------------------ pages
def test_the_pages_ask_sign_decide_and_finish(town):
    case = opened(town).id
    asker, signer, inspector = (browser(town, post) for post in ("case-handler", "signer", "inspector-east"))
    assert "consultations/new" in asker.get(f"/cases/{case}/").content.decode()
    form = {
        "case": case,
        "event": "",
        "question": "May it go on?",
        "posts": ["signer"],
        "n": "3",
        "unit": "working_day",
    }
    refused = asker.post("/consultations/new", form | {"n": "0"})
    assert refused.status_code == 422
    assert "May it go on?" in refused.content.decode()
    made = asker.post("/consultations/new", form)
    assert made.status_code == 302
    address = made["Location"]
    assert "May it go on?" in signer.get("/consultations/").content.decode()
    digest = ConsultationRow.objects.get().digest
    assert signer.post(f"{address}sign", {"opinion": "object", "reasons": "", "digest": digest}).status_code == 422
    assert (
        signer.post(f"{address}sign", {"opinion": "object", "reasons": "too old", "digest": digest}).status_code == 302
    )
    decision = {"version": "1", "decision": "It may", "answer": "a new one comes", "remarks": "", "title-1": "Look at it",
                "post-1": "inspector-east", "due-1": "2026-10-09T12:00"}  # fmt: skip
    assert asker.post(f"{address}decide", decision | {"due-1": ""}).status_code == 422
    assert asker.post(f"{address}decide", decision).status_code == 302
    page = inspector.get(address).content.decode()
    assert "too old" in page
    assert "Look at it" in page
    assert address in inspector.get("/tasks/").content.decode()
    task = tasks.about(EVERYWHERE, ConsultationRow.objects.get().id)[0].id
    assert inspector.post(f"{address}done", {"task": task, "note": "well"}).status_code == 302
    minutes = inspector.get(f"{address}minutes.txt").content.decode()
    for words in (
        "May it go on?",
        "Objects",
        "too old",
        "It may",
        "a new one comes",
        "Look at it",
        OpinionRow.objects.get().digest,
    ):
        assert words in minutes
    assert asker.post(f"{address}nothing", {}).status_code == 404
    assert address.split("/")[2] in asker.get(f"/cases/{case}/").content.decode()


DECISION = {"decision": "It may, with a guard", "remarks": "short", "answer": "", "title-1": "Look at it",
            "post-1": "inspector-east", "due-1": "2026-10-09T12:00", "title-2": "Write it down",
            "post-2": "", "due-2": "", "title-3": "", "post-3": "", "due-3": ""}  # fmt: skip


def test_a_refused_decision_keeps_what_was_typed_tasks_too(town):
    made = asked(town, "signer")
    sign(town, made, "signer")
    asker, address = browser(town, "case-handler"), f"/consultations/{made}/"
    refused = asker.post(f"{address}decide", DECISION | {"version": "1"})
    assert refused.status_code == 422
    for client_page in (refused.content.decode(), back_in_its_form(asker, address)):
        for typed in ("It may, with a guard", 'value="Look at it"', 'value="2026-10-09T12:00"', 'value="Write it down"',
                      '<option value="inspector-east" selected>'):  # fmt: skip
            assert typed in client_page
        assert client_page.count("<details open>") == 2  # of the rows in which something stands
    stale = asker.post(f"{address}decide", DECISION | {"version": "7", "post-2": "roads", "due-2": "2026-10-09T12:00"})
    assert stale.status_code == 409
    assert 'value="Write it down"' in stale.content.decode()
    asker.post(f"{address}decide", DECISION | {"version": "1", "title-2": ""})
    assert not DraftRow.objects.exists()
    assert [one.title["en"] for one in tasks.about(EVERYWHERE, made)] == ["Look at it"]


def back_in_its_form(client: Client, page: str) -> str:
    """The page with the draft that lies on it put back."""
    shown = client.get(page).content.decode()
    link = re.search(r'href="([^"]*[?&](?:amp;)?draft=\d+)"', shown)
    assert link, shown
    assert "Kept for you, not sent yet" in shown
    return client.get(link[1].replace("&amp;", "&")).content.decode()


@pytest.mark.parametrize(("row_given", "status"), [
    ({"title-1": "Look"}, 422), ({"post-1": "inspector-east"}, 422), ({"due-1": "2026-10-09T12:00"}, 422),
    ({"title-1": "Look", "post-1": "inspector-east", "due-1": "2026-02-30T12:00"}, 422),
    ({"title-1": "Look", "post-1": "inspector-east", "due-1": "soon"}, 422),
    ({"title-1": "Look", "post-1": "moon", "due-1": "2026-10-09T12:00"}, 404),
    ({"title-1": "x" * 201, "post-1": "inspector-east", "due-1": "2026-10-09T12:00"}, 422),
])  # fmt: skip
def test_half_a_task_is_refused_and_no_half_is_lost(town, row_given, status):
    made = asked(town, "signer")
    sign(town, made, "signer")
    asker, address = browser(town, "case-handler"), f"/consultations/{made}/"
    refused = asker.post(f"{address}decide", {"version": "1", "decision": "Yes"} | row_given)
    assert refused.status_code == status
    for typed in row_given.values():
        assert typed in refused.content.decode() or typed == "moon"  # no such post to choose
    assert row(made).decided_at is None


def test_questions_opinions_and_notes_that_were_refused_are_kept_each_for_its_form(town):
    one, other = opened(town).id, opened(town).id
    asker, signer = browser(town, "case-handler"), browser(town, "signer")
    form = {"event": "", "question": "May it go on?", "posts": ["signer", "inspector-east"], "n": "0", "unit": "hour"}
    for case in (one, other):
        assert asker.post("/consultations/new", form | {"case": case, "question": f"May {case}?"}).status_code == 422
    assert DraftRow.objects.count() == 2  # of two cases: neither takes the other's place
    shown = asker.get("/consultations/").content.decode()
    assert shown.count("Kept for you, not sent yet: Ask for opinions") == 2
    assert f"May {one}?" not in signer.get("/consultations/").content.decode()  # each reads its own
    back = asker.get(f"/consultations/new?case={one}&draft={DraftRow.objects.order_by('id')[0].pk}").content.decode()
    assert f"May {one}?" in back
    assert back.count(" checked>") == 2
    assert asker.post("/consultations/new", form | {"case": one, "n": "3"}).status_code == 302
    assert DraftRow.objects.count() == 1
    address = f"/consultations/{ConsultationRow.objects.get().id}/"
    signer.post(f"{address}sign", {"opinion": "conditions", "reasons": "only by day", "digest": "0" * 64})
    back = back_in_its_form(signer, address)
    assert "only by day</textarea>" in back
    assert '<option value="conditions" selected>' in back
    number = DraftRow.objects.get(form=f"{address}sign").pk
    assert signer.post(f"/cases/drafts/{number}/discard")["Location"] == address


@pytest.mark.parametrize("unseen", ["\x00", "\x1b", "\u202e"], ids=ascii)
def test_characters_that_nobody_sees_are_refused_in_every_field(town, unseen):
    text, case = f"May{unseen}it?", opened(town).id
    asker = town.as_("case-handler")
    with pytest.raises(BadValue, match="cannot be seen"):
        ask(Question(text, ("signer",), SOON, case=case), actor=asker, now=town.now)
    made = asked(town, "signer", case=case)
    with pytest.raises(BadValue, match="cannot be seen"):
        sign(town, made, "signer", "object", text)
    sign(town, made, "signer")
    task = NewTask("inspector-east", text, town.now + timedelta(days=1))
    for hostile in ({"answer": text}, {"remarks": text}, {"new_tasks": [task]}):
        with pytest.raises(BadValue, match="cannot be seen"):
            decided(town, made, **hostile)
    with pytest.raises(BadValue, match="cannot be seen"):
        withdraw(made, text, version=row(made).version, actor=asker, now=town.now)
    page = browser(town, "case-handler").post(f"/consultations/{made}/withdraw", {"version": "1", "why": text})
    assert page.status_code == 422
    assert row(made).version == 1


def test_a_form_of_a_consultation_pressed_twice_acts_once(town):
    case, asker, signer = opened(town).id, browser(town, "case-handler"), browser(town, "signer")
    form = {
        "case": case,
        "event": "",
        "question": "May it?",
        "posts": ["signer"],
        "n": "3",
        "unit": "hour",
        "once": "k",
    }
    for _press in range(2):
        assert asker.post("/consultations/new", form).status_code == 302
    made = ConsultationRow.objects.get()
    opinion = {"opinion": "agree", "reasons": "", "digest": made.digest, "once": "k"}
    for _press in range(2):
        assert signer.post(f"/consultations/{made.id}/sign", opinion).status_code == 302
    assert OpinionRow.objects.count() == 1
    decision = {"version": "1", "decision": "Yes", "title-1": "Look", "post-1": "inspector-east", "due-1": "2026-10-09T12:00",
                "once": "k"}  # fmt: skip
    for _press in range(2):
        assert asker.post(f"/consultations/{made.id}/decide", decision).status_code == 302
    assert len(tasks.about(EVERYWHERE, made.id)) == 1


def test_a_stranger_sees_nothing(town):
    made = asked(town, "signer")
    client = Client()
    log_in(client, "case_handler", WEST)
    assert client.get(f"/consultations/{made}/").status_code == 404
    assert client.get(f"/consultations/{made}/minutes.txt").status_code == 404
    assert client.post(f"/consultations/{made}/sign", {}).status_code == 404
    assert made not in client.get("/consultations/").content.decode()
