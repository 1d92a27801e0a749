"""Call-outs in a browser: the duty officer enters a call made by hand with the keyboard alone, and a warden says "I have heard
it" under a link with one tap, without log-in and without script; axe is clean on every page of both."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, check_every_look

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_call_outs_in_every_look(
    busy_town: RunningTown, open_context: Callable[..., BrowserContext], language: str
) -> None:
    ids = busy_town.things
    callout = f"/console/callouts/{ids['callout_id']}"
    page = open_context(busy_town, language, bypass_csp=True).new_page()
    for path in ("/", "/console/callouts/", callout, f"{callout}/areas/{ids['area_id']}"):
        page.goto(busy_town.url + path)
        check_every_look(page, path)
    public = open_context(busy_town.url, language, bypass_csp=True).new_page()
    public.goto(busy_town.url + urlsplit(ids["link"]).path)
    check_every_look(public, "the page under the link")


def test_a_call_made_by_hand_is_entered_with_the_keyboard_alone(
    own_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    own_town.session()
    ids = own_town.do("call_out")
    page = open_context(own_town).new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.goto(own_town.url + "/")
    strip = page.locator(".unanswered .strip")
    assert "Reed village 2" in strip.inner_text()
    assert "NOT REACHED" in strip.inner_text()
    strip.focus()
    for _step in range(10):  # the strip itself, then its entries, the longest waiting first
        page.keyboard.press("Tab")
        if "Reed village 2" in page.evaluate("document.activeElement.innerText"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/areas/{ids['area_id']}")
    for _step in range(60):
        if page.evaluate("document.activeElement.id") == "hand-post":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "hand-post"
    for _step in range(15):  # over the parts of the moment to the button
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('button.primary')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("text=call made by hand")
    assert "Reached" in page.inner_text(".event-head")
    page.goto(own_town.url + "/")
    assert "Reed village 2" not in page.locator(".unanswered .strip").inner_text()


def test_one_tap_under_the_link_without_log_in_or_script(
    own_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    own_town.session()
    ids = own_town.do("call_out")
    page = open_context(own_town.url, size=(360, 800), java_script_enabled=False).new_page()
    page.goto(own_town.url + urlsplit(ids["link"]).path)
    button = page.locator("main button")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    assert "Red rainstorm" in page.inner_text("main")
    button.click()
    own_town.do("carry")
    officer = open_context(own_town).new_page()
    officer.goto(f"{own_town.url}/console/callouts/{ids['callout_id']}/areas/{ids['area_id']}")
    assert "link confirmed" in officer.inner_text("main")
