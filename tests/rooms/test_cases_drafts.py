"""What was typed and not taken is kept for its author, offered again, and gone in time; a form sent twice acts once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from tests.rooms.casework import accepted, casework_town, file, move, opened, row, said, verbs
from tests.rooms.test_respond_pages import HOSTILE, browser
from tocsin.records.cases import queries as cases
from tocsin.records.drafts import queries, services
from tocsin.records.drafts.models import DraftRow, SentRow
from tocsin.records.org.models import Account
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.seal.models import DataKeyRow
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


def test_what_a_stale_page_brought_is_kept_and_put_back_into_its_form(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    seen = row(case.id).version
    town_other = browser(town, "duty")
    move(town, case.id, "withdraw", "duty")  # somebody else, meanwhile: the form is gone from the page
    answer = {"a_reply": "on Monday " + HOSTILE, "a_cause": "cable", "version": seen}
    stale = client.post(f"/cases/{case.id}/move/answer", answer)
    assert stale.status_code == 409
    assert "on Monday &lt;script&gt;" in said(stale)  # in the kept draft: its form is no longer there
    page = said(client.get(f"/cases/{case.id}/"))
    assert "Kept for you, not sent yet: Answer" in page
    assert "on Monday &lt;script&gt;" in page
    assert "on Monday" not in said(town_other.get(f"/cases/{case.id}/"))  # nobody else sees it
    assert "on Monday" in said(client.get("/cases/"))
    move(town, case.id, "reopen") if "reopen" in row(case.id).makers else None
    link = re.search(r'href="(/cases/[^"]*\?draft=\d+)"', page)
    assert link


def test_a_refused_form_is_offered_again_and_gone_once_it_is_sent(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    refused = client.post(f"/cases/{case.id}/move/answer", {"a_reply": "on Monday", "version": row(case.id).version})
    assert refused.status_code == 422
    link = re.search(r'href="(/cases/[^"]*\?draft=\d+)"', said(client.get(f"/cases/{case.id}/")))
    assert link
    back = said(client.get(link[1]))
    assert ">on Monday</textarea>" in back
    assert "Kept for you" not in back
    sent = client.post(
        f"/cases/{case.id}/move/answer", {"a_reply": "on Monday", "a_cause": "x", "version": row(case.id).version}
    )
    assert sent.status_code == 302
    assert not DraftRow.objects.exists()


def test_a_new_case_that_was_refused_is_offered_again(town: Town) -> None:
    duty = browser(town, "duty")
    assert duty.post("/cases/new/streets/request", {"a_what": "dark for a week", "area": "nowhere"}).status_code in (
        404,
        422,
    )
    page = said(duty.get("/cases/new/streets/request"))
    assert "dark for a week" in page
    link = re.search(r'href="(/cases/new/[^"]*\?draft=\d+)"', page)
    assert link
    assert 'value="dark for a week"' in said(duty.get(link[1]))
    form = {"a_thing": "lamp", "a_what": "dark for a week", "area": "simcity/east", "once": "k"}
    assert duty.post("/cases/new/streets/request", form).status_code == 200
    assert not DraftRow.objects.exists()


def test_a_draft_is_thrown_away_by_its_author_only(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    client.post(f"/cases/{case.id}/move/answer", {"a_reply": "on Monday", "version": 1})
    number = DraftRow.objects.get().pk
    assert browser(town, "lamps").post(f"/cases/drafts/{number}/discard").status_code == 302
    assert DraftRow.objects.exists()
    assert browser(town, "lamps").get(f"/cases/{case.id}/?draft={number}").status_code == 200
    assert "on Monday" not in said(browser(town, "lamps").get(f"/cases/{case.id}/?draft={number}"))
    gone = client.post(f"/cases/drafts/{number}/discard")
    assert gone["Location"] == f"/cases/{case.id}/"
    assert not DraftRow.objects.exists()


def test_what_came_after_the_session_had_ended_is_kept_by_the_log_in(town: Town) -> None:
    case = accepted(town)
    password = "a long enough password"
    account = Account.objects.get(id=town.account("case-handler"))
    account.set_password(password)
    account.save()
    client, path = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="en"), f"/cases/{case.id}/move/answer"
    ended = client.post(path, {"a_reply": "typed for an hour", "version": "2"})
    assert ended.status_code == 403
    carried = re.search(r'name="carried" value="([^"]*)"', ended.content.decode())
    assert carried
    import html

    form = {"username": account.username, "password": password, "next": path, "carried": html.unescape(carried[1])}
    assert "typed for an hour" in said(client.post("/login", form))
    assert [line.form for line in queries.drafts(str(account.pk))] == [path]  # also when that page is closed now


def test_a_form_pressed_twice_acts_once(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    form = {"words": "a cable is on its way", "version": row(case.id).version, "once": "k"}
    for _press in range(3):
        assert client.post(f"/cases/{case.id}/message", form).status_code == 302
    assert [one.words for one in file(case.id).messages].count("a cable is on its way") == 1
    changed = client.post(f"/cases/{case.id}/message", {**form, "words": "another message"})
    assert changed.status_code == 409  # not the same form: it is refused in words, and kept
    assert "another message" in said(client.get(f"/cases/{case.id}/"))
    assert verbs(case.id).count("requester_written_to") == 1


def test_what_was_refused_may_be_sent_again_with_the_same_number(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    form = {"words": "your part", "post": "moon", "version": row(case.id).version, "once": "k"}
    assert client.post(f"/cases/{case.id}/helpers", form).status_code == 404
    assert not SentRow.objects.exists()
    assert client.post(f"/cases/{case.id}/helpers", {**form, "post": "lamps"}).status_code == 302
    assert len(file(case.id).legs) == 1


def test_two_different_cases_from_one_page_are_two(town: Town) -> None:
    duty = browser(town, "duty")
    form = {"a_thing": "lamp", "a_what": "dark", "area": "simcity/east", "once": "k"}
    for what in ("dark", "dark", "broken"):  # pressed twice; gone back, something else typed
        duty.post("/cases/new/streets/request", {**form, "a_what": what})
    assert cases.count(EVERYWHERE) == 2


def test_drafts_are_limited_in_number_size_and_time(town: Town) -> None:
    account = town.account("case-handler")
    for number in range(services.MOST_DRAFTS + 5):
        assert services.keep(
            account, f"/cases/cas_{number}/message", [("words", f"text {number}")], now=town.after(minutes=1)
        )
    kept = queries.drafts(account)
    assert len(kept) == services.MOST_DRAFTS
    assert kept[0].form.endswith("24/message")
    assert not services.keep(account, "/cases/x/message", [("words", "x" * 70_000)], now=town.now)
    assert not services.keep(account, "/cases/x/message", [("words", "  ")], now=town.now)
    assert not services.keep("", "/cases/x/message", [("words", "x")], now=town.now)
    services.act_once("k" * 64, lambda: None, now=town.now)
    services.sweep(now=town.now + services.KEPT - timedelta(hours=2))
    assert DraftRow.objects.count() == services.MOST_DRAFTS
    assert not SentRow.objects.exists()
    services.sweep(now=town.now + services.KEPT + timedelta(seconds=1))
    assert not DraftRow.objects.exists()


def test_why_a_draft_was_refused_is_said_in_the_language_of_whoever_reads_it(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    one, chinese = client.get, {"HTTP_ACCEPT_LANGUAGE": "zh-hans"}
    missing = {"a_reply": "on Monday", "version": row(case.id).version}
    assert client.post(f"/cases/{case.id}/move/answer", missing, **chinese).status_code == 422
    assert "表单: 原因: 必填" in said(one(f"/cases/{case.id}/", **chinese))
    assert "form: Cause: is needed" in said(one(f"/cases/{case.id}/", HTTP_ACCEPT_LANGUAGE="en"))
    move(town, case.id, "withdraw", "duty")
    late = {"a_reply": "on Monday", "a_cause": "cable", "version": row(case.id).version}
    assert client.post(f"/cases/{case.id}/move/answer", late, HTTP_ACCEPT_LANGUAGE="en").status_code == 409
    number = row(case.id).number
    assert f"case {number}: “Answer” is not possible while it is “Withdrawn”" in said(one(f"/cases/{case.id}/"))
    page = said(one(f"/cases/{case.id}/", **chinese))
    assert "“已撤回”状态下不能“答复”" in page
    assert "not possible" not in page


def test_a_draft_of_a_sealed_kind_is_unreadable_without_its_key_and_dies_with_it(town: Town) -> None:
    account = town.account("case-handler")
    fields = [("a_what", "canary words"), ("once", "k")]
    assert services.keep(
        account, "/cases/new/p/k", fields, [["thing: canary words are wrong"]], sealed=True, now=town.now
    )
    raw = DraftRow.objects.values_list("fields", "sealed", "why", "said", "form").get()
    assert "canary" not in str(raw)
    assert queries.drafts(account)[0].fields == tuple(fields)
    key = DraftRow.objects.get().seal_key
    services.discard(account, form="/cases/new/p/k")
    assert not DataKeyRow.objects.filter(id=key).exists()


def test_the_case_page_carries_a_number_in_every_form(town: Town) -> None:
    case, client = opened(town), browser(town, "case-handler")
    page = client.get(f"/cases/{case.id}/").content.decode()
    forms = re.findall(r'<form method="post" action="/cases/cas_[^"]*"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert len(forms) >= 4
    assert all('name="once"' in form for form in forms)
