"""Pages of review, ledger and evaluation: what they show to whom, and that nothing typed is lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client, RequestFactory

from tests.rooms import walking
from tests.rooms.walking import quick_town
from tocsin.doors.access import POST_KEY
from tocsin.doors.console import evaluate_panel, review_panel
from tocsin.doors.console.frame import frame_of
from tocsin.doors.console.panels import Contributor, Panel
from tocsin.loop.detect import queries as detect
from tocsin.loop.review import queries
from tocsin.loop.review.services import READ_CHAIN
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger import services as ledger_services
from tocsin.records.ledger.models import LedgerEntry
from tocsin.records.org.models import Account
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with quick_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


def browser(town: Town, post: str, language: str = "en") -> Client:
    client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(Account.objects.get(id=town.account(post)), "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[POST_KEY] = post
    session.save()
    return client


def text_of(town: Town, post: str, path: str, status: int = 200, language: str = "en") -> str:
    answer = browser(town, post, language).get(path)
    text = answer.content.decode()
    assert answer.status_code == status, text[-2000:]
    return text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_review_page_tells_the_story_by_posts(town: Town, language: str) -> None:
    storm = walking.walk(town)
    text = text_of(town, "auditor", f"/events/{storm.event}/review", language=language)
    for word in {"en": ("Event acknowledged", "Warning signed and issued", "Chain verified up to entry", "inspector east"),
                 "zh-hans": ("认领", "签发", "inspector-east")}[language]:  # fmt: skip
        assert word in text
    assert (
        "acc_" not in text.split('<ol class="story"')[0]
    )  # no account in what is said; the entry as written may hold it


def test_an_event_opened_this_moment_has_a_page_too(town: Town) -> None:
    event = town.storm(level=2).event  # nothing was carried yet: no file is open
    assert "its condition still holds" in text_of(town, "duty", f"/events/{event}/review")


def test_only_decisions_and_pages_of_entries(town: Town) -> None:
    storm = walking.walk(town)
    every = text_of(town, "auditor", f"/events/{storm.event}/review")
    decided = text_of(town, "auditor", f"/events/{storm.event}/review?only=decisions")
    assert decided.count('<li class="machine">') == 0 < every.count('<li class="machine">')
    assert decided.count('<li class="person">') == every.count('<li class="person">') > 5
    assert text_of(town, "auditor", f"/events/{storm.event}/review?start=99999")
    assert text_of(town, "auditor", f"/events/{storm.event}/review?start=nonsense")


def test_looking_is_noted_once_a_view(town: Town) -> None:
    storm = walking.walk(town)
    text_of(town, "auditor", f"/events/{storm.event}/review")
    text_of(town, "auditor", f"/ledger?subject={storm.event}")
    assert [line.verb for line in ledger.chain(READ_CHAIN)] == ["timeline_read", "ledger_read"]
    assert all(line.actor.startswith("auditor/") for line in ledger.chain(READ_CHAIN))


@pytest.mark.parametrize("post", ["inspector-east", "operator-mill", "analyst", "administrator", "signer"])
def test_who_reviews_nothing_reads_no_timeline(town: Town, post: str) -> None:
    event = town.storm(level=2).event
    town.carry()
    text_of(town, post, f"/events/{event}/review", 403)
    if post != "signer":
        text_of(town, post, "/ledger", 403)
    assert not ledger.chain(READ_CHAIN)


def test_an_unknown_event_is_404_and_nothing_is_written(town: Town) -> None:
    text_of(town, "auditor", "/events/evt_none/review", 404)
    assert not ledger.chain(READ_CHAIN)


def test_closing_is_refused_by_name_and_keeps_the_reason(town: Town) -> None:
    storm = town.storm(level=2)
    walking.acknowledge(town, storm.event)
    answer = browser(town, "duty").post(f"/events/{storm.event}/close", {"reason": "The water has gone."})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "its condition still holds" in text
    storm.ends()
    town.carry()
    again = browser(town, "duty").post(f"/events/{storm.event}/close", {"reason": ""})
    assert again.status_code == 422
    done = browser(town, "duty").post(f"/events/{storm.event}/close", {"reason": "The water has gone."})
    assert done.status_code == 302, done.content.decode()[-3000:]
    assert queries.is_closed(EVERYWHERE, storm.event)


def form(town: Town, **other: object) -> dict[str, object]:
    day = (town.now + timedelta(days=30)).date().isoformat()
    return {"version": "0", "lessons": "<b>The gauge</b> was right.", "words": ["Raise the kerb", "", ""],
            "post": ["case-handler", "", ""], "due": [day, "", ""], "action": "publish"} | other  # fmt: skip


def test_a_review_is_published_in_one_step_and_hostile_text_is_text(town: Town) -> None:
    storm = walking.walk(town)
    answer = browser(town, "commander").post(f"/events/{storm.event}/review", form(town))
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    assert queries.review(town.as_("auditor").scope, storm.event).state == "published"
    text = text_of(town, "auditor", f"/events/{storm.event}/review")
    assert "&lt;b&gt;The gauge&lt;/b&gt;" in text
    assert "<b>The gauge" not in text


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"due": ["", "", ""]}, 422, "due date is missing"),
        ({"post": ["", "", ""]}, 422, "names no post"),
        ({"post": ["auditor", "", ""]}, 422, "does no tasks"),
        ({"version": "7"}, 409, "somebody else changed it"),
        ({"lessons": ""}, 422, "has no lessons"),
        ({"version": "x", "due": ["2020-01-01", "", ""]}, 422, "due date has passed"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(town: Town, wrong: dict[str, object], status: int, said: str) -> None:
    storm = walking.walk(town)
    answer = browser(town, "commander").post(f"/events/{storm.event}/review", form(town, **wrong))
    text = answer.content.decode()
    assert answer.status_code == status, text[-2000:]
    assert said in text
    assert 'value="Raise the kerb"' in text
    assert queries.review(town.as_("auditor").scope, storm.event).state != "published"


def test_an_event_that_was_tampered_with_says_so_in_red_words(town: Town) -> None:
    storm = walking.walk(town)
    LedgerEntry.objects.filter(subject=storm.event, number=3).update(verb="nothing_happened")
    text = text_of(town, "auditor", f"/events/{storm.event}/review")
    assert "The record is NOT as it was written. It holds up to entry 2." in text
    assert "Nothing happened" in text


# ---------------------------------------------------------------- ledger
def test_the_ledger_page_shows_roots_chains_and_verifies(town: Town) -> None:
    storm = walking.walk(town)
    ledger_services.seal(now=town.now)
    auditor = browser(town, "auditor")
    text = auditor.get(f"/ledger?subject={storm.event}").content.decode()
    assert "Chain verified up to entry" in text
    assert ledger.newest_root().hash in text  # type: ignore[union-attr]
    assert "Everything is as it was written" in auditor.post("/ledger").content.decode()
    LedgerEntry.objects.filter(subject=storm.event, number=3).update(verb="nothing_happened")
    harmed = auditor.post(f"/ledger?subject={storm.event}").content.decode()
    assert f"{storm.event}, entry 3: edited" in harmed
    assert "does not exist" not in harmed
    assert storm.event in auditor.get(f"/ledger?subject={storm.event[4:14]}").content.decode()
    assert "There is no such chain" in auditor.get("/ledger?subject=nothing").content.decode()


def test_an_auditor_of_an_area_reads_no_chain_of_another_or_of_accounts(town: Town) -> None:
    storm = walking.walk(town)
    text = text_of(town, "auditor", "/ledger?subject=org")  # its area is the city, not the whole
    assert "There is no such chain in your area" in text
    assert storm.event in text
    assert ">org<" not in text


def test_the_newest_root_is_public_and_says_nothing_else(town: Town) -> None:
    assert Client(HTTP_HOST="localhost").get("/ledger/root").json() is not None or not ledger.roots()
    walking.walk(town)
    ledger_services.seal(now=town.now)
    answer = Client(HTTP_HOST="localhost").get("/ledger/root")
    assert answer.status_code == 200
    assert set(json.loads(answer.content)) == {"number", "hash", "at", "entries", "tree"}


# ---------------------------------------------------------------- evaluation
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_board_shows_figures_with_cases_and_definitions(town: Town, language: str) -> None:
    walking.walk(town)
    ledger_services.seal(now=town.now)
    text = text_of(town, "analyst", "/evaluation", language=language)
    assert text.count('class="indicator"') == 8
    assert {"en": "fewer than 5 cases: not shown", "zh-hans": "少于 5"}[language] in text
    for indicator in ("acknowledged", "receipted", "delivered", "rectified"):
        opened = text_of(town, "analyst", f"/evaluation/{indicator}", language=language)
        assert "evt_" in opened or "cas_" in opened  # a finding is a case
    text_of(town, "analyst", "/evaluation/nonsense", 404)


def test_the_board_is_there_before_any_root_and_for_any_period(town: Town) -> None:
    LedgerEntry.objects.update(sealed_in=None)
    for query in (
        "",
        "?days=7",
        "?days=nonsense",
        "?since=2025-11-22&until=2025-11-22",
        "?since=9999-99-99",
        "?until=0001-01-01",
    ):
        text_of(town, "analyst", f"/evaluation{query}")


def test_figures_are_exported_and_kept(town: Town) -> None:
    walking.walk(town)
    analyst = browser(town, "analyst")
    assert analyst.post("/evaluation/keep").status_code == 302
    answer = analyst.get("/evaluation.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 8
    assert (rows[0]["indicator"], rows[0]["n"], rows[0]["median_s"]) == ("acknowledged", "1", "60.000")
    assert rows[0]["ledger_root_hash"] == ledger.newest_root().hash  # type: ignore[union-attr]
    assert "Computation" in analyst.get("/evaluation").content.decode()


@pytest.mark.parametrize("post", ["duty", "signer", "inspector-east", "case-handler", "operator-mill", "administrator"])
def test_others_see_no_evaluation(town: Town, post: str) -> None:
    for path in ("/evaluation", "/evaluation.csv", "/evaluation/acknowledged"):
        text_of(town, post, path, 403)
    assert browser(town, post).post("/evaluation/keep").status_code == 403


# ---------------------------------------------------------------- the panels of the event page
def panel(town: Town, post: str, event: str, contribute: Contributor = review_panel.contribute) -> Panel:
    actor = town.as_(post)
    return contribute(RequestFactory().get("/"), frame_of(actor), actor, detect.event(actor.scope, event))


def test_the_panel_offers_the_closing_and_then_the_review(town: Town) -> None:
    storm = town.storm(level=4)
    town.carry()
    before = panel(town, "duty", storm.event)
    assert (before.state, before.next) == ("none", None)
    assert "its condition still holds" in before.html
    walking.to_closing(town, storm)
    offer = panel(town, "duty", storm.event).next
    assert offer is not None
    assert offer.url == f"/events/{storm.event}/review#closing"
    assert panel(town, "inspector-east", storm.event).next is None
    browser(town, "duty").post(f"/events/{storm.event}/close", {"reason": "over"})
    town.carry()
    offer = panel(town, "commander", storm.event).next
    assert offer is not None
    assert offer.url == f"/events/{storm.event}/review#review"
    browser(town, "commander").post(f"/events/{storm.event}/review", form(town))
    assert panel(town, "duty", storm.event).state == "done"


def test_the_panel_of_evaluation_says_whether_it_is_counted(town: Town) -> None:
    storm = town.storm(level=4)
    town.carry()
    assert panel(town, "duty", storm.event, evaluate_panel.contribute).state == "none"
    walking.to_closing(town, storm)
    browser(town, "duty").post(f"/events/{storm.event}/close", {"reason": "over"})
    assert panel(town, "duty", storm.event, evaluate_panel.contribute).state == "todo"
    town.carry()
    assert panel(town, "analyst", storm.event, evaluate_panel.contribute).state == "done"
