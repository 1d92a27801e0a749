"""The pages of a dispute in mediation, looked at: the application, the talks (closed, opened), the agreement to be signed, what
is to be performed, and for who applied, by receipt code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.case_pages import looked_at, page_of
from tests.rooms.disputes import (
    ARBITRATION,
    COMMITTEE,
    COURT,
    SESSION,
    WORDED,
    agreed,
    dispute,
    dispute_town,
    does,
    mediating,
)
from tocsin.records.org.models import Account
from tocsin.testing.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("beside_a_loop")]


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with dispute_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_of_a_dispute_in_every_look(
    town: Town, chromium: Browser, live_server: LiveServer, language: str
) -> None:
    url = live_server.url.replace("localhost", "127.0.0.1")
    asked, talking, settled, ended = dispute(town), mediating(town), agreed(town), mediating(town, ground="labour")
    does(town, asked.id, "ask", asked_on="2026-03-03", asked_how="letter")
    for nth in ("The map of 1998", "The map is right"):
        does(town, talking.id, "session", **SESSION | {"session_on": "2026-03-03"}, session_said=nth)
    does(town, ended.id, "end", next_route="arbitration", next_body=ARBITRATION, reply="You did not agree; ask there")
    page = page_of(chromium, town, url, COMMITTEE, language)
    page.goto(f"{url}/cases/new/mediation/dispute")
    looked_at(page, f"mediation-new-{language}")
    page.goto(f"{url}/cases/{asked.id}/")
    looked_at(page, f"mediation-consent-{language}")
    page.goto(f"{url}/cases/{talking.id}/")
    shown = page.text_content("main") or ""
    assert "Canary" not in shown
    assert "map" not in shown
    looked_at(page, f"mediation-closed-{language}")
    page.select_option("#seal-purpose", "mediate")
    page.click("button[name=what][value=read]")
    shown = page.text_content("main") or ""
    assert "The map of 1998" in shown  # the first session, beside the second
    assert "The map is right" in shown
    looked_at(page, f"mediation-opened-{language}")
    does(town, talking.id, "word", **WORDED)
    page.reload()
    looked_at(page, f"mediation-to-sign-{language}")
    page.goto(f"{url}/cases/{settled.id}/")
    looked_at(page, f"mediation-agreed-{language}")

    anybody = page_of(chromium, town, url, "", language)
    for code, words in ((settled.receipt, COURT), (ended.receipt, ARBITRATION)):
        anybody.goto(f"{url}/receipt")
        anybody.fill("#code", code)
        anybody.click("main button")
        said = anybody.text_content("main") or ""
        assert words in said  # the court that may confirm it; the body that goes on with it
        assert "Canary" not in said
    looked_at(anybody, f"mediation-receipt-{language}")
    town.read_all()
