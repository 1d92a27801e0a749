"""Review, ledger and evaluation in a browser: the main jobs by keyboard, on a telephone, without script, and for axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, check_every_look

pytestmark = pytest.mark.browser


@pytest.fixture
def refuted_town(own_town: RunningTown) -> tuple[RunningTown, str]:
    """A town in a storm, with one event that may be closed; the event's id."""
    own_town.do("carry")
    event = own_town.do("refute")["event"]
    own_town.do("seal")
    return own_town, event


def tab_to(page: Page, selector: str, at_most: int = 80) -> None:
    """Reach it with the Tab key alone."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


def test_the_slowest_stage_is_named_by_keyboard(
    refuted_town: tuple[RunningTown, str], open_context: Callable[..., BrowserContext]
):
    town, _event = refuted_town
    page = open_context(town, role="analyst").new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.goto(town.url + "/evaluation")
    page.wait_for_selector("#keys-open:not([hidden])")
    expect(page.locator(".indicator")).to_have_count(8)
    assert page.locator(".funnel .slowest").count() == 1
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.name") == "days"
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    tab_to(page, ".period button")
    page.keyboard.press("Enter")
    page.wait_for_url("**days=365**")
    page.wait_for_selector("#keys-open:not([hidden])")
    with page.expect_download() as download:
        page.keyboard.press("e")
    assert download.value.suggested_filename == "tocsin-evaluation.csv"
    page.keyboard.press("?")
    assert page.locator("#keys[open]").count() == 1
    page.keyboard.press("Escape")
    tab_to(page, ".indicator a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/evaluation/acknowledged**")
    assert "evt_" in page.inner_text("main table")


def test_who_knew_what_when_on_a_telephone(
    refuted_town: tuple[RunningTown, str], open_context: Callable[..., BrowserContext]
):
    town, event = refuted_town
    page = open_context(town, role="auditor", size=(360, 800), has_touch=True, is_mobile=True).new_page()
    page.goto(f"{town.url}/events/{event}/review")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert "Chain verified up to entry" in page.inner_text("main")
    page.get_by_role("link", name="decisions").tap()
    expect(page.locator(".story > li.machine")).to_have_count(0)
    assert "Event refuted" in page.inner_text(".story")
    page.locator(".story summary").first.tap()
    assert page.locator(".story pre").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate("""[...document.querySelectorAll('main a.button, main button, main summary')]
      .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)""")
    assert small == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_the_pages_of_review(
    refuted_town: tuple[RunningTown, str], open_context: Callable[..., BrowserContext], language: str
):
    town, event = refuted_town
    auditor = open_context(town, language, role="auditor", bypass_csp=True).new_page()
    for path in (f"/ledger?subject={event}", "/ledger?subject=nothing", f"/events/{event}/review", "/evaluation",
                 "/evaluation/receipted"):  # fmt: skip
        auditor.goto(town.url + path)
        auditor.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        check_every_look(auditor, path)
    auditor.goto(town.url + "/ledger")
    auditor.click("main button.main")
    check_every_look(auditor, "the ledger after verifying")
    commander = open_context(town, language, role="commander", bypass_csp=True).new_page()
    commander.goto(f"{town.url}/events/{event}/review")
    check_every_look(commander, "the review with its form")


def test_closing_and_reviewing_work_without_script(own_town: RunningTown, open_context: Callable[..., BrowserContext]):
    own_town.do("carry")
    event = own_town.do("refute")["event"]
    duty = open_context(own_town, java_script_enabled=False).new_page()
    duty.goto(f"{own_town.url}/events/{event}/review")
    duty.fill("#reason", "A broken gauge.")
    duty.click("text=Close event")
    assert "The event is closed." in duty.inner_text("main")
    commander = open_context(own_town, role="commander", java_script_enabled=False).new_page()
    commander.goto(f"{own_town.url}/events/{event}/review")
    commander.fill("#lessons", "Look at the gauge once a month.")
    commander.fill("#words-1", "Look at the gauge")
    commander.click("text=Publish review")
    assert commander.locator("[role=alert]").count() == 1  # no post and no day yet: refused, nothing lost
    assert commander.input_value("#words-1") == "Look at the gauge"
    commander.select_option("#post-1", index=1)
    commander.fill("#due-1", (date.today() + timedelta(days=30)).isoformat())  # noqa: DTZ011 - any day ahead
    commander.click("text=Publish review")
    assert "Published by" in commander.inner_text("main")
    assert commander.locator("#lessons").count() == 0
