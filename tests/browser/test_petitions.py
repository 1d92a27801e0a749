"""The pages of a petition, looked at: for the organ (closed, opened, a deadline passed and told of), for who decides the
review, and for who came forward, by receipt code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.case_pages import looked_at, page_of
from tests.rooms.petitions import CITY_DESK, DESK, ORGAN, assigned, concluded, does, petition, petition_town
from tocsin.records.org.models import Account
from tocsin.testing.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("beside_a_loop")]


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with petition_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_of_a_petition_in_every_look(
    town: Town, chromium: Browser, live_server: LiveServer, language: str
) -> None:
    url = live_server.url.replace("localhost", "127.0.0.1")
    late, sorted_one, answered = petition(town), assigned(town), concluded(town)
    town.after(days=16)  # the sorting of one is late, and so is the notice of another
    does(town, ORGAN, answered.id, "serve", served_on="2026-03-04")
    page = page_of(chromium, town, url, ORGAN, language)
    page.goto(f"{url}/cases/{answered.id}/")
    shown = page.text_content("main") or ""
    assert "Canary" not in shown
    assert "Mill Lane" not in shown
    looked_at(page, f"petition-closed-{language}")
    page.select_option("#seal-purpose", "handle")
    page.click("button[name=what][value=read]")
    assert "Canary" in (page.text_content("main") or "")
    looked_at(page, f"petition-opened-{language}")
    page.goto(f"{url}/cases/{sorted_one.id}/")
    assert (
        page.locator("#told-title ~ ul").first.locator("li").count() == 3
    )  # near; passed, to the organ and to the supervisor
    looked_at(page, f"petition-told-{language}")
    desk = page_of(chromium, town, url, DESK, language)
    desk.goto(f"{url}/cases/{late.id}/")
    looked_at(desk, f"petition-to-sort-{language}")
    desk.goto(f"{url}/cases/new/petitions/petition")
    looked_at(desk, f"petition-new-{language}")

    anybody = page_of(chromium, town, url, "", language)
    anybody.goto(f"{url}/receipt")
    anybody.fill("#code", answered.receipt)
    anybody.click("main button")
    said = anybody.text_content("main") or ""
    assert "Housing bureau of the city" in said  # the next body
    assert "2026-04-04 00:00" in said  # until when a review can be asked for
    looked_at(anybody, f"petition-receipt-{language}")
    anybody.fill("#appeal", "it is the same house")
    anybody.click("button[name=what][value=appeal]")
    assert "2026-04-19 00:00" in (anybody.text_content("main") or "")  # when the review is due
    looked_at(anybody, f"petition-review-{language}")

    reviewer = page_of(chromium, town, url, CITY_DESK, language)
    reviewer.goto(f"{url}/cases/?mine=1")
    assert answered.number in (reviewer.text_content("main") or "")
    reviewer.goto(f"{url}/cases/{answered.id}/")
    looked_at(reviewer, f"petition-decide-{language}")
    town.read_all()
