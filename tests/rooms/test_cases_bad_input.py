"""Whatever comes into a case by its pages: refused in words, nothing changed, nothing lost. docs/cases.md, "Bad input", names
for each kind of it the test that holds it; those that stand nowhere else are here."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.http import HttpResponse
from django.test import Client

from tests.rooms.casework import LAMP, accepted, casework_town, file, opened, row, said, verbs
from tests.rooms.test_respond_pages import HOSTILE, browser
from tocsin.app.commands.clocks import clocks
from tocsin.records.cases import queries, services
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.drafts.models import DraftRow
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import BadValue, TocsinError
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db
UNSEEN = ("\x00", "\x07", "\x1b[2J", "\u202e", "\u2066", "\x7f")
NEW = "/cases/new/streets/request"


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


def state(case: str) -> tuple[object, ...]:
    kept = CaseRow.objects.filter(id=case).values("state", "version", "owner", "values", "over_at", "survivor").get()
    return (*kept.values(), verbs(case))


def post(client: Client, case: str, path: str, **form: object) -> HttpResponse:
    return client.post(f"/cases/{case}/{path}", {"version": row(case).version, **form})


# ------------------------------------------------------------ surplus
def test_a_field_that_no_question_asks_for_is_refused_at_the_page_and_at_the_service(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    before = state(case.id)
    refused = post(client, case.id, "move/answer", a_reply="on Monday", a_cause="cable", a_mood="bad")
    assert refused.status_code == 422
    assert "mood: is not asked for here" in said(refused)
    assert ">on Monday</textarea>" in said(refused)
    new = browser(town, "duty").post(
        NEW, {"a_thing": "lamp", "a_what": "dark", "a_owner": "me", "area": "simcity/east"}
    )
    assert new.status_code == 422
    assert "owner: is not asked for here" in said(new)
    with pytest.raises(AnswersRefused) as error:
        opened(town, {**LAMP, "owner": "me"})
    assert [(one.field, one.what) for one in error.value.faults] == [("owner", "surplus")]
    assert state(case.id) == before
    assert queries.count(EVERYWHERE) == 1


def test_a_field_that_comes_twice_is_refused_not_halved(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    refused = post(client, case.id, "move/answer", a_reply=["on Monday", "never"], a_cause="cable")
    assert refused.status_code == 422
    assert row(case.id).state == "accepted"


# ------------------------------------------------------------ hostile
@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_characters_that_nobody_sees_are_refused_wherever_one_writes(town: Town, unseen: str) -> None:
    case, other, client = accepted(town), accepted(town), browser(town, "case-handler")
    text, before = f"on{unseen}Monday", state(case.id)
    for path, form in (
        ("move/answer", {"a_reply": text, "a_cause": "x"}), ("message", {"words": text}),
        ("helpers", {"post": "lamps", "words": text}), ("hand", {"what": "transfer", "post": "lamps", "why": text}),
        ("hand", {"what": "contest", "post": "lamps", "why": text}), ("merge", {"number": other.number, "why": text}),
    ):  # fmt: skip
        refused = post(client, case.id, path, **form)
        assert refused.status_code == 422, path
        assert "cannot be seen" in said(refused), path
    assert (
        browser(town, "duty").post(NEW, {"a_thing": "lamp", "a_what": text, "area": "simcity/east"}).status_code == 422
    )
    assert state(case.id) == before
    assert DraftRow.objects.count() >= 5 or unseen == "\x00"  # what was typed is kept, where it can be kept at all


@pytest.mark.parametrize("address", [
    "/cases/?number=%00", "/cases/?kind=%00", "/cases/?state=%00", "/cases/?event=%00", "/cases/?facility=%00", "/cases/%00/",
    "/consultations/new?case=%00", "/consultations/new?event=%00", "/consultations/%00/", "/risks/?facility=%00", "/risks/%00/",
    "/laws?pack=%00&kind=%00", "/cases/?draft=%00", "/receipt?code=%00",
])  # fmt: skip
def test_an_address_with_a_zero_in_it_is_answered_in_words(town: Town, address: str) -> None:
    answer = browser(town, "case-handler").get(address)
    assert answer.status_code in (200, 302, 404, 422)


def test_markup_and_formats_are_words_like_others(town: Town) -> None:
    case, client = accepted(town), browser(town, "case-handler")
    words = HOSTILE + " {0.__class__} %s ${x} {{ x }} =1+1"
    assert post(client, case.id, "message", words=words).status_code == 302
    page = said(client.get(f"/cases/{case.id}/"))
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "{0.__class__} %s ${x} {{ x }} =1+1" in page
    assert [one.words for one in file(case.id).messages] == [words]


# ------------------------------------------------------------ dates that cannot be
@pytest.mark.parametrize(
    "since", ["2026-02-30", "0000-00-00", "20260101", "2199-13-01", "9999-12-31", "1-1-1", "-1", "tomorrow"]
)
def test_a_day_that_cannot_be_is_refused_and_what_was_typed_stays(town: Town, since: str) -> None:
    duty = browser(town, "duty")
    refused = duty.post(NEW, {"a_thing": "lamp", "a_what": "dark", "a_since": since, "area": "simcity/east"})
    assert refused.status_code == 422
    assert f'value="{since}"' in said(refused)
    with pytest.raises(AnswersRefused):
        opened(town, {**LAMP, "since": since})
    assert queries.count(EVERYWHERE) == 0


# ------------------------------------------------------------ moves that are not allowed
def test_a_move_that_is_not_allowed_says_why_and_keeps_what_was_typed(town: Town) -> None:
    case = opened(town)
    handler, inspector = browser(town, "case-handler"), browser(town, "inspector-east")
    before = state(case.id)
    for client, move, status in (
        (handler, "answer", 409),
        (handler, "burn", 422),
        (inspector, "accept", 403),
        (handler, "reopen", 409),
    ):
        refused = post(client, case.id, f"move/{move}", a_reply="typed for an hour")
        assert refused.status_code == status, move
        assert 'role="alert"' in said(refused)
    assert state(case.id) == before
    assert "typed for an hour" in said(handler.get(f"/cases/{case.id}/"))


# ------------------------------------------------------------ merged into itself
def test_a_case_is_not_merged_into_itself_nor_in_a_ring(town: Town) -> None:
    one, other, client = accepted(town), accepted(town), browser(town, "case-handler")
    before = state(one.id)
    for number in (one.number, one.number.lower(), f" {one.number} "):
        refused = post(client, one.id, "merge", number=number, why="the same lamp")
        assert refused.status_code in (409, 422)
        assert 'value="the same lamp"' in said(refused) or ">the same lamp<" in said(refused)
    with pytest.raises(BadValue):
        services.merge(one.id, one.id, "x", version=row(one.id).version, actor=town.as_("case-handler"), now=town.now)
    assert state(one.id) == before
    assert post(client, one.id, "merge", number=other.number, why="the same lamp").status_code == 302
    ring = post(client, other.id, "merge", number=one.number, why="the other way round")
    assert ring.status_code in (404, 409, 422)
    assert row(one.id).survivor == ""


# ------------------------------------------------------------ calendar not loaded
def test_a_deadline_without_its_calendar_is_provisional_on_page_and_receipt() -> None:
    with casework_town("2026-12-30T09:00") as town:
        Account.objects.update(must_change_password=False)
        case = accepted(town)
        client, anybody = browser(town, "case-handler"), Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="en")
        assert "Provisional: the year's working days are not loaded" in html.unescape(
            said(client.get(f"/cases/{case.id}/"))
        )
        assert "(provisional)" in said(client.get("/cases/"))
        assert "(provisional: next year" in said(anybody.post("/receipt", {"code": case.receipt}))
        years = {
            "year": [
                {"year": 2027, "off": ["2027-01-01/2027-01-03"], "worked": [], "source": "a test", "verified": False}
            ]
        }
        services.load_years("cn", years, actor=SYSTEM, now=town.now)
        for page in (
            client.get(f"/cases/{case.id}/"),
            client.get("/cases/"),
            anybody.post("/receipt", {"code": case.receipt}),
        ):
            assert "provisional" not in said(page).casefold()


# ------------------------------------------------------------ the command
@pytest.mark.parametrize(("words", "said_of_it"), [
    (("due", "petitions/conclude", "--start", "2026-02-30T09:00+08:00"), "2026-02-30T09:00+08:00"),
    (("due", "petitions/conclude", "--start", "2026-03-02T09:00"), "zone"),
    (("due", "petitions/none", "--start", "2026-03-02T09:00+08:00"), "no such clock"),
    (("due", "none", "--start", "2026-03-02T09:00+08:00"), "pack/clock"),
    (("list", "moon"), "pack moon"),
])  # fmt: skip
def test_the_command_refuses_dates_and_names_that_cannot_be(words: tuple[str, ...], said_of_it: str) -> None:
    with pytest.raises(TocsinError) as refused:
        CliRunner().invoke(clocks, [*words], catch_exceptions=False, standalone_mode=False)
    assert said_of_it in str(refused.value)
    assert refused.value.remedy


def test_the_command_says_that_a_date_beyond_the_loaded_years_is_provisional() -> None:
    ran = CliRunner().invoke(
        clocks, ["due", "workplace_safety/review_low", "--start", "2033-01-03T09:00+08:00", "--json"]
    )
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.output)["provisional"] is True


@pytest.mark.parametrize("text", [
    "year = 1", "[[year]]\nyear = 2027\noff = ['2027-02-30']\nworked = []\nsource = 'x'\nverified = false\n", "\x00",
    "calendar = 'mars'\n[[year]]\nyear = 2027\n",
])  # fmt: skip
def test_the_command_refuses_a_calendar_that_cannot_be(tmp_path: Path, text: str, town: Town) -> None:
    file = tmp_path / "years.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(TocsinError) as refused:
        CliRunner().invoke(clocks, ["load", str(file)], catch_exceptions=False, standalone_mode=False)
    assert refused.value.remedy


# ------------------------------------------------------------ the table of docs/cases.md
def test_every_test_that_the_page_names_is_there() -> None:
    tests = Path(__file__).parents[1]
    page = (tests.parent / "docs" / "cases.md").read_text("utf-8")
    table = page.partition("## Bad input")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w/]+)`((?: (?:\*[^*]+\*)(?:, (?=\*))?)*)", table.partition("|---")[2])
    assert len(named) > 25
    for name, parts in named:
        found = [path for path in (tests / "rooms" / f"{name}.py", tests / f"{name}.py", tests / name) if path.exists()]
        assert found or name == "document", name  # the target of `fuzz`
        text = found[0].read_text("utf-8").replace("_", " ") if found and found[0].is_file() else ""
        for words in re.findall(r"\*([^*]+)\*", parts):
            wanted = words.casefold().replace(",", "")
            assert re.search(rf"def test [a-z ]*{re.escape(wanted)}", text), (name, words)
