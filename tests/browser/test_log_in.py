"""Log-in, post, password and staff pages in a browser: by keyboard, by axe, and with a session that ends while typing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, check_every_look

pytestmark = pytest.mark.browser
LogIn = Callable[..., dict[str, str]]


def test_log_in_by_keyboard_leads_to_the_page_that_was_asked_for(
    town: RunningTown, open_context: Callable[..., BrowserContext]
):
    session = town.session("duty_officer")
    page = open_context(town.url).new_page()
    page.goto(town.url + "/sources/?source=works")
    expect(page.locator("#username")).to_be_focused()
    page.keyboard.type(session["username"])
    page.keyboard.press("Tab")
    page.keyboard.type(session["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(town.url + "/sources/?source=works")
    expect(page.locator(".head .post")).to_have_text("Duty officer of all")
    assert session["username"] not in page.inner_text("header")
    page.locator(".head").get_by_role("button", name="Log out").click()
    page.wait_for_url(town.url + "/login")
    page.go_back()
    page.wait_for_url(lambda url: "/login" in url)  # nothing of the console comes back from the browser's memory


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(
    town: RunningTown, open_context: Callable[..., BrowserContext], log_in: LogIn, language: str
):
    page = open_context(town.url, language, bypass_csp=True).new_page()
    page.goto(town.url + "/login")
    check_every_look(page, "log-in")
    page.fill("#username", "nobody")
    page.fill("#password", "wrong")
    page.click("button.main")
    page.wait_for_selector(".notice.error")
    check_every_look(page, "log-in refused")
    log_in(town, page, "administrator")
    for path in ("/staff", "/password", "/events/evt_none/"):
        page.goto(town.url + path)
        check_every_look(page, path)
    page.goto(town.url + "/staff")
    for summary in page.locator("details summary").all():
        summary.click()
    check_every_look(page, "/staff with its forms open")
    log_in(town, page, "signer", "town/east", name="two.posts")
    log_in(town, page, "inspector", "town/east", name="two.posts")
    page.goto(town.url + "/post")
    check_every_look(page, "/post")


def open_form(page: Page, town: RunningTown) -> None:
    page.goto(town.url + "/staff")
    page.locator("#accounts details summary").click()
    page.fill("#account-username", "wang.wei")
    page.fill("#account-name", "Wang Wei 王伟")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_session_that_ends_while_typing_loses_nothing(
    own_town: RunningTown, open_context: Callable[..., BrowserContext], log_in: LogIn, script: bool
):
    page = open_context(own_town.url, java_script_enabled=script).new_page()
    session: dict[str, Any] = log_in(own_town, page, "administrator")
    open_form(page, own_town)
    own_town.do("end_session", key=session["key"])
    page.get_by_role("button", name="Open account", exact=True).click()
    expect(page.locator(".notice")).to_contain_text("Your session ended before this was sent")
    page.fill("#username", session["username"])
    page.fill("#password", session["password"])
    page.locator("button.main").click()
    expect(page.locator(".facts")).to_contain_text("Wang Wei 王伟")
    page.get_by_role("button", name="Send it now").click()
    expect(page.locator(".one-time")).to_be_visible()
    expect(page.locator("#accounts table")).to_contain_text("wang.wei")


def test_what_was_typed_is_there_after_a_reload_and_gone_after_it_arrived(
    own_town: RunningTown, open_context: Callable[..., BrowserContext], log_in: LogIn
):
    page = open_context(own_town.url).new_page()
    log_in(own_town, page, "administrator")
    open_form(page, own_town)
    page.reload()
    expect(page.locator("#account-username")).to_have_value("wang.wei")
    page.goto(own_town.url + "/password")
    page.goto(own_town.url + "/staff")
    expect(page.locator("#account-name")).to_have_value("Wang Wei 王伟")
    page.locator("#accounts details summary").click()
    page.get_by_role("button", name="Open account", exact=True).click()
    expect(page.locator(".one-time")).to_be_visible()
    page.goto(own_town.url + "/staff")
    expect(page.locator("#account-username")).to_have_value("")


def test_a_page_whose_session_ended_says_so(own_town: RunningTown, duty_page: Callable[..., Page]):
    page = duty_page(own_town)
    own_town.do("end_session", key=own_town.session("duty_officer")["key"])
    page.wait_for_selector("#freshness[data-state=lost]")
    expect(page.locator("#freshness")).to_contain_text("You are logged out")
