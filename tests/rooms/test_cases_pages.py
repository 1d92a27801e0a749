"""Pages of cases: the list, a case with its moves, a new one, the requester's receipt; what is refused keeps what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from tests.rooms.casework import accepted, answered, casework_town, clock, file, move, opened, row, said
from tests.rooms.test_rectify_pages import picture
from tests.rooms.test_respond_pages import HOSTILE, browser
from tocsin.doors.portal.receipt import TRIES
from tocsin.records.cases import queries, services
from tocsin.records.org.models import Account
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town() as built:
        Account.objects.update(must_change_password=False)
        TRIES._seen.clear()
        yield built


def test_a_case_is_opened_by_its_form_and_the_receipt_is_shown_once(town):
    duty = browser(town, "duty")
    page = duty.get("/cases/new/streets/request")
    assert page.status_code == 200
    form = {
        "a_thing": "lamp",
        "a_what": "dark " + HOSTILE,
        "area": "simcity/east",
        "once": "k",
        "a_seen_at": "2026-09-24T00:30",
    }
    made = duty.post("/cases/new/streets/request", form)
    assert made.status_code == 200
    code = re.search(r"<code>([0-9A-Z-]{24})</code>", said(made))
    assert code
    assert HOSTILE not in said(made)
    line = queries.file_of_code(code[1]).line
    assert line.values["seen_at"] == "2026-09-24T00:30:00+00:00"
    again = duty.post("/cases/new/streets/request", form)  # the button pressed twice
    assert again.status_code == 302
    assert queries.count(EVERYWHERE) == 1
    assert code[1] not in said(duty.get(again["Location"]))


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(town):
    duty = browser(town, "duty")
    refused = duty.post(
        "/cases/new/streets/request", {"a_thing": "", "a_what": "dark", "a_since": "2026-02-30", "a_lamps": "ten"}
    )
    assert refused.status_code == 422
    page = said(refused)
    for words in (
        "About: is needed",
        "Since: is no day",
        "How many: is of another kind",
        'value="2026-02-30"',
        'value="ten"',
    ):
        assert words in page, words
    assert queries.count(EVERYWHERE) == 0
    case = accepted(town)
    handler = browser(town, "case-handler")
    refused = handler.post(
        f"/cases/{case.id}/move/answer", {"a_reply": "on Monday " + HOSTILE, "version": row(case.id).version}
    )
    assert refused.status_code == 422
    assert "Cause: is needed" in said(refused)
    assert "on Monday &lt;script&gt;" in said(refused)


def test_moves_are_buttons_for_those_who_may_and_a_stale_page_says_so(town):
    case = opened(town)
    handler, inspector = browser(town, "case-handler"), browser(town, "inspector-east")
    assert f"/cases/{case.id}/move/accept" in said(handler.get(f"/cases/{case.id}/"))
    assert "/move/" not in said(inspector.get(f"/cases/{case.id}/"))
    seen = str(row(case.id).version)
    done = handler.post(f"/cases/{case.id}/move/accept", {"version": seen})
    assert done.status_code == 302
    stale = handler.post(f"/cases/{case.id}/move/withdraw", {"version": seen})
    assert stale.status_code == 409
    assert "somebody has changed it" in said(stale)
    assert handler.post(f"/cases/{case.id}/move/withdraw", {}).status_code == 409
    assert inspector.post(f"/cases/{case.id}/move/withdraw", {"version": seen}).status_code in (403, 409)
    west = browser(town, "inspector-west")
    assert west.get(f"/cases/{case.id}/").status_code == 404


def test_every_act_of_the_page_works_by_its_form(town):
    case, other = answered(town), accepted(town)
    handler, lamps, commander = (browser(town, post) for post in ("case-handler", "lamps", "commander"))

    def act(client: Client, path: str, **form: object) -> None:
        done = client.post(f"/cases/{case.id}/{path}", {"version": row(case.id).version, **form})
        assert done.status_code == 302, said(done)[-3000:]

    act(handler, "helpers", post="lamps", words="your part")
    leg = file(case.id).legs[0].id
    assert "Reply" in said(lamps.get(f"/cases/{case.id}/"))
    act(lamps, f"helpers/{leg}", words="done")
    act(handler, "helpers", post="roads", words="yours too")
    act(handler, f"helpers/{file(case.id).legs[1].id}", what="waive", words="no need")
    act(handler, f"clocks/{clock(case.id, 'handle').pk}", what="pause", why="a hearing")
    act(handler, f"clocks/{clock(case.id, 'handle').pk}", what="resume", why="it is over")
    act(commander, f"clocks/{clock(case.id, 'handle').pk}", what="extend", why="frost")
    act(handler, "message", words="a cable is on its way")
    act(handler, "documents", photo=picture())
    assert handler.get(f"/cases/{case.id}/documents/1").status_code == 200
    assert browser(town, "inspector-west").get(f"/cases/{case.id}/documents/1").status_code == 404
    act(handler, "merge", number=other.number, why="the same lamp")
    assert other.number in said(handler.get(f"/cases/{case.id}/"))
    assert handler.post(f"/cases/{other.id}/split", {"why": "another lamp"}).status_code == 302
    act(handler, "hand", what="contest", post="roads", why="a road")
    act(commander, "hand", what="rule", post="roads", why="it is one")
    act(browser(town, "roads"), "hand", what="transfer", post="lamps", why="a lamp after all")
    page = said(lamps.get(f"/cases/{case.id}/"))
    for words in (
        "Helper asked",
        "Deadline extended: Handling",
        "Decided whose case it is",
        "Case handed to another post",
    ):
        assert words in page, words
    assert handler.post(f"/cases/{case.id}/hand", {"what": "burn"}).status_code == 422


@pytest.mark.parametrize(
    ("path", "form"),
    [("merge", {"number": "SQ2026-000001", "why": "itself"}), ("merge", {"number": "nothing", "why": "x"}),
     ("hand", {"what": "transfer", "post": "", "why": "x"}), ("helpers", {"post": "moon", "words": "x"}),
     ("documents", {}), ("appeal", {"upheld": "1", "why": "x"})],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words_on_the_page(town, path, form):
    case = accepted(town)
    assert case.number == "SQ2026-000001"
    refused = browser(town, "case-handler").post(f"/cases/{case.id}/{path}", {"version": row(case.id).version, **form})
    if path == "documents":
        assert refused.status_code == 302  # nothing chosen, nothing kept
    else:
        assert refused.status_code in (403, 404, 409, 422)
        assert 'role="alert"' in said(refused)
    hostile = {"photo": picture() if False else _pretender()}
    assert browser(town, "case-handler").post(f"/cases/{case.id}/documents", {"version": row(case.id).version, **hostile}
                                              ).status_code == 422  # fmt: skip


def _pretender() -> object:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("a.jpg", b"%PDF-1.7 /JavaScript", "image/jpeg")


def test_the_list_is_filtered_and_scoped(town):
    case, late = accepted(town), opened(town)
    town.after(days=30)
    move(town, case.id, "withdraw")
    handler = browser(town, "case-handler")
    assert late.number in said(handler.get("/cases/"))
    assert case.number not in said(handler.get("/cases/"))
    assert case.number in said(handler.get("/cases/?which=over&kind=streets/request&state=withdrawn"))
    assert late.number in said(handler.get("/cases/?which=overdue&mine=1"))
    assert late.number in said(handler.get(f"/cases/?number={late.number.lower()}"))
    assert handler.get("/cases/?which=nonsense&start=x&state=<script>").status_code == 200
    assert late.number not in said(browser(town, "inspector-west").get("/cases/"))


def test_an_operator_sees_its_facility_and_nothing_before_the_order(town):
    inspector, handler = town.as_("inspector-east"), town.as_("case-handler")
    finding = services.open_case("workplace_safety/finding", {"grade": "major", "what": "doors welded"}, facility="mill",
                                 actor=inspector, now=town.now)  # fmt: skip
    operator = browser(town, "operator-mill")
    assert finding.number not in said(operator.get("/cases/"))
    assert operator.get(f"/cases/{finding.id}/").status_code == 404
    services.move(finding.id, "order", {"demand": "open them", "limit_on": "2026-10-09"}, version=row(finding.id).version,
                  actor=handler, now=town.now)  # fmt: skip
    page = said(operator.get(f"/cases/{finding.id}/"))
    assert "doors welded" in page
    assert f"/cases/{finding.id}/move/plan" in page
    assert operator.get(f"/cases/{opened(town).id}/").status_code == 404


def test_the_requester_follows_writes_rates_and_appeals_by_code_alone(town):
    case = accepted(town)
    anybody = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="en")
    assert anybody.get("/receipt").status_code == 200
    page = anybody.post("/receipt", {"code": case.receipt.lower()})
    for words in (case.number, "Accepted", "Case handler", "not yet", "2026-10-10 00:00"):
        assert words.lower() in said(page).lower(), words
    assert page["Cache-Control"] == "no-store"
    assert "case-handler/" not in said(page)  # posts, never accounts
    wrote = anybody.post("/receipt", {"code": case.receipt, "what": "write", "words": "hello " + HOSTILE})
    assert "Your message is with the office" in said(wrote)
    assert HOSTILE not in said(wrote)
    early = anybody.post("/receipt", {"code": case.receipt, "what": "rate", "score": "3"})
    assert early.status_code == 409
    move(town, case.id, "answer", reply="no money", cause="none")
    move(town, case.id, "finish", reply="no money")
    assert "no money" in said(anybody.post("/receipt", {"code": case.receipt}))
    assert (
        anybody.post("/receipt", {"code": case.receipt, "what": "rate", "score": "1", "put_right": "no"}).status_code
        == 200
    )
    assert anybody.post("/receipt", {"code": case.receipt, "what": "rate", "score": "9"}).status_code == 422
    kept = anybody.post("/receipt", {"code": case.receipt, "what": "appeal", "words": ""})
    assert kept.status_code == 422
    appeal = anybody.post("/receipt", {"code": case.receipt, "what": "appeal", "words": "it is dark"})
    for words in ("Commander", "Waits for the decision", "Appeal", "2026-10-25 00:00"):
        assert words.lower() in said(appeal).lower(), words


def test_wrong_codes_all_read_the_same_and_are_counted(town):
    anybody = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="en")
    assert anybody.post("/receipt", {"code": "AAAA-BBBB"}).status_code == 404
    for _ in range(60):
        last = anybody.post("/receipt", {"code": "AAAA-BBBB"})
    assert last.status_code == 429


def test_pages_speak_chinese(town):
    case = answered(town)
    page = said(browser(town, "case-handler", "zh-hans").get(f"/cases/{case.id}/"))
    for words in ("诉求", "已答复，未办结", "办结", "期限", "答复内容"):
        assert words in page, words
    anybody = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="zh-hans")
    assert "已答复，未办结" in said(anybody.post("/receipt", {"code": case.receipt}))


def test_how_long_is_left_is_said_once(town):
    case = accepted(town)
    page = re.sub(r"<[^>]*>", " ", browser(town, "case-handler").get(f"/cases/{case.id}/").content.decode())
    rows = re.findall(r"(Due in (\d+ \w+).{0,60})", re.sub(r"\s+", " ", page))
    assert rows
    assert not [row for row, left in rows if f"in {left}" in row.removeprefix(f"Due in {left}")]
    assert all(re.search(r"\d\d-\d\d \d\d:\d\d", row) for row, _left in rows[1:])  # beside it the moment itself
