"""A warning from the event to the public page: composed and signed by keyboard alone, read without script; axe clean."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, check_every_look

pytestmark = pytest.mark.browser


def focus(page: Page, selector: str, at_most: int = 80) -> None:
    """Press Tab until this has the focus: what cannot be reached by keyboard fails."""
    for _ in range(at_most):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by Tab")


def first_event(page: Page, warning_town: RunningTown) -> str:
    page.goto(warning_town.url + "/")
    page.wait_for_selector("#events a.open")
    return str(page.locator("#events a.open").first.get_attribute("href")).strip("/").rpartition("/")[2]


def draft(warning_town: RunningTown, page: Page) -> str:
    """The draft of the first event, made by its form; the composer is open."""
    event = first_event(page, warning_town)
    page.goto(f"{warning_town.url}/console/warnings/compose?event={event}")
    if "compose?event" in page.url:
        page.wait_for_selector("button.main")
        page.keyboard.press("Enter")  # the only thing to do has the focus
    page.wait_for_selector("body[data-composing]")
    return page.url


def test_composed_and_signed_by_keyboard_alone_and_read_without_script(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(warning_town, role="duty_officer").new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    address = draft(warning_town, page)
    page.keyboard.press("Alt+3")
    assert page.evaluate("document.activeElement.closest('section').querySelector('h2').id") == "texts"
    focus(page, "#instruction_en")
    page.keyboard.press("Control+A")
    page.keyboard.type("Go upstairs now & stay <there>.")
    page.locator("#preview article.phone", has_text="Go upstairs now & stay <there>.").wait_for()
    assert page.inner_text("[data-counts=instruction_en]") == "31/2000"
    page.wait_for_selector("body[data-saved]:not([data-saved=''])")  # saved on the server by itself
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".chip.submitted, .notice")
    assert "waits" in page.inner_text("main").lower()

    signer = open_context(warning_town, role="signer").new_page()
    signer.goto(f"{address}/sign")
    assert "Notifies" in signer.inner_text("main")
    focus(signer, "button[value=sign]")
    signer.keyboard.press("Enter")
    signer.wait_for_selector("text=Public page")

    reader = open_context(warning_town.url, java_script_enabled=False, size=(360, 800)).new_page()
    reader.goto(warning_town.url + "/warnings")
    assert "Go upstairs now & stay <there>." in reader.inner_text("main")
    assert "Call 110, 119 or 120" in reader.inner_text("body > p >> nth=0")
    reader.click("h3 a")
    assert "This warning is in force" in reader.inner_text("main")
    reader.click("text=中文")
    assert reader.get_attribute("html", "lang") == "zh-Hans"
    assert "本预警正在生效" in reader.inner_text("main")
    identifier = address.rpartition("/")[2]
    cap = httpx.get(f"{warning_town.url}/warnings/{identifier}.xml")
    assert "Go upstairs now &amp; stay &lt;there&gt;." in cap.text


def test_the_composer_works_without_script(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(warning_town, role="duty_officer", java_script_enabled=False).new_page()
    page.goto(warning_town.url + "/console/warnings/")
    page.select_option("#new-hazard", "gale")
    page.check("input[name=level][value='2']")
    page.check("input[name=paths][value='town/east']")
    page.click("text=Compose warning")
    page.check("input[name=mode][value=circle]")
    page.fill("#lat", "30.1")
    page.fill("#lon", "113.1")
    page.fill("#km", "far")
    page.click("button[value=check]")
    assert "The radius is a number" in page.inner_text("[role=alert]")
    assert page.input_value("#lat") == "30.1"
    page.fill("#km", "4")
    page.click("button[value=check]")
    assert "Ready to be sent for approval" in page.inner_text("#preview")
    page.click("button[value=discard]")
    assert page.url.endswith("/console/warnings/")


def test_a_second_editor_keeps_what_was_typed(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    first, second = (open_context(warning_town, role="duty_officer").new_page() for _ in range(2))
    first.goto(warning_town.url + "/console/warnings/")
    first.select_option("#new-hazard", "heat")
    first.check("input[name=level][value='1']")
    first.check("input[name=paths][value='town/east']")
    first.click("text=Compose warning")
    first.wait_for_selector("body[data-composing]")
    second.goto(first.url)
    second.wait_for_selector("body[data-composing]")
    second.fill("#headline_en", "Theirs")
    second.click("button:not(.unseen)[value=save]")
    first.fill("#headline_en", "Mine, too late")
    first.click("button:not(.unseen)[value=save]")
    assert "changed it meanwhile" in first.inner_text("[role=alert]")
    assert first.input_value("#headline_en") == "Mine, too late"


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_pages_of_warnings(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext], language: str
) -> None:
    duty = open_context(warning_town, language, role="duty_officer", bypass_csp=True).new_page()
    duty.goto(warning_town.url + "/console/warnings/")
    check_every_look(duty, "list of warnings")
    duty.goto(warning_town.url + "/console/warnings/authority")
    check_every_look(duty, "authority")
    duty.goto(warning_town.url + "/console/warnings/")
    duty.select_option("#new-hazard", "gale")
    duty.check("input[name=level][value='3']")
    duty.check("input[name=paths][value='town/east']")
    duty.check("input[name=exercise]")
    duty.fill("#new-note", "Drill")
    duty.click(".fields button.main")
    duty.wait_for_selector("body[data-composing]")
    address = duty.url
    duty.click(".figures-table summary")
    check_every_look(duty, "composer")
    duty.fill("#beware_en", "")
    duty.fill("#contact", "")
    duty.click("button[value=check]")
    check_every_look(duty, "composer with an empty item")
    duty.fill("#beware_en", "Something else than the standard says.")
    duty.click("#submit")
    duty.wait_for_selector("[role=status]")
    signer = open_context(warning_town, language, role="signer", bypass_csp=True).new_page()
    signer.goto(f"{address}/sign")
    check_every_look(signer, "signing")
    signer.click("button[value=sign]")
    signer.wait_for_selector("a[href^='/warnings/']")
    check_every_look(signer, "a warning in force")
    duty.goto(address)
    check_every_look(duty, "a warning in force, for its duty officer")
    reader = open_context(warning_town.url, language, bypass_csp=True).new_page()
    for path in ("/warnings", f"/warnings/{address.rpartition('/')[2]}", "/warnings/none"):
        reader.goto(warning_town.url + path)
        check_every_look(reader, path)


def test_public_pages_reflow_at_320_pixels(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(warning_town.url, size=(320, 800)).new_page()
    page.goto(warning_town.url + "/warnings")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
