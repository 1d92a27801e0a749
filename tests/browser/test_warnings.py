"""A warning from the event to the public page: composed and signed by keyboard alone, read without script; axe clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import RunningTown, storm
from tests.browser.test_accessibility import SIZES, check

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTown]:
    """A town of observed data in a storm, whose office may warn."""
    running = RunningTown(tmp_path_factory.mktemp("warned"), synthetic=False)
    try:
        storm(running)
        running.session("duty_officer")
        running.session("signer")
        running.do("may_warn", body="office")
        running.serve()
        yield running
    finally:
        running.close()


def focus(page: Page, selector: str, at_most: int = 80) -> None:
    """Press Tab until this has the focus: what cannot be reached by keyboard fails."""
    for _ in range(at_most):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by Tab")


def first_event(page: Page, own: RunningTown) -> str:
    page.goto(own.url + "/")
    page.wait_for_selector("#events a.open")
    return str(page.locator("#events a.open").first.get_attribute("href")).strip("/").rpartition("/")[2]


def draft(own: RunningTown, page: Page) -> str:
    """The draft of the first event, made by its form; the composer is open."""
    event = first_event(page, own)
    page.goto(f"{own.url}/console/warnings/compose?event={event}")
    if "compose?event" in page.url:
        page.wait_for_selector("button.main")
        page.keyboard.press("Enter")  # the only thing to do has the focus
    page.wait_for_selector("body[data-composing]")
    return page.url


def test_composed_and_signed_by_keyboard_alone_and_read_without_script(
    own: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(own, role="duty_officer").new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    address = draft(own, page)
    page.keyboard.press("Alt+3")
    assert page.evaluate("document.activeElement.closest('section').querySelector('h2').id") == "texts"
    focus(page, "#instruction_en")
    page.keyboard.press("Control+A")
    page.keyboard.type("Go upstairs now & stay <there>.")
    page.locator("#preview article", has_text="Go upstairs now & stay <there>.").wait_for()
    assert page.inner_text("[data-counts=instruction_en]") == "31/2000"
    page.wait_for_selector("body[data-saved]:not([data-saved=''])")  # saved on the server by itself
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".chip.submitted, .notice")
    assert "waits" in page.inner_text("main").lower()

    signer = open_context(own, role="signer").new_page()
    signer.goto(f"{address}/sign")
    assert "Notifies" in signer.inner_text("main")
    focus(signer, "button[value=sign]")
    signer.keyboard.press("Enter")
    signer.wait_for_selector("text=Public page")

    reader = open_context(own.url, java_script_enabled=False, size=(360, 800)).new_page()
    reader.goto(own.url + "/warnings")
    assert "Go upstairs now & stay <there>." in reader.inner_text("main")
    assert "Call 110, 119 or 120" in reader.inner_text("body > p >> nth=0")
    reader.click("h3 a")
    assert "This warning is in force" in reader.inner_text("main")
    reader.click("text=中文")
    assert reader.get_attribute("html", "lang") == "zh-Hans"
    assert "本预警正在生效" in reader.inner_text("main")
    identifier = address.rpartition("/")[2]
    cap = httpx.get(f"{own.url}/warnings/{identifier}.xml")
    assert "Go upstairs now &amp; stay &lt;there&gt;." in cap.text


def test_the_composer_works_without_script(own: RunningTown, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context(own, role="duty_officer", java_script_enabled=False).new_page()
    page.goto(own.url + "/console/warnings/")
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


def test_a_second_editor_keeps_what_was_typed(own: RunningTown, open_context: Callable[..., BrowserContext]) -> None:
    first, second = (open_context(own, role="duty_officer").new_page() for _ in range(2))
    first.goto(own.url + "/console/warnings/")
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


@pytest.mark.parametrize(("language", "theme", "size"), list(product(("en", "zh-hans"), ("light", "dark"), SIZES)))
def test_axe_finds_nothing_on_pages_of_warnings(
    own: RunningTown, open_context: Callable[..., BrowserContext], language: str, theme: str, size: tuple[int, int]
) -> None:
    duty = open_context(own, language, theme, size, role="duty_officer", bypass_csp=True).new_page()
    duty.goto(own.url + "/console/warnings/")
    check(duty, size[0], "list of warnings")
    duty.goto(own.url + "/console/warnings/authority")
    check(duty, size[0], "authority")
    duty.goto(own.url + "/console/warnings/")
    duty.select_option("#new-hazard", "gale")
    duty.check("input[name=level][value='3']")
    duty.check("input[name=paths][value='town/east']")
    duty.check("input[name=exercise]")
    duty.fill("#new-note", "Drill")
    duty.click(".fields button.main")
    duty.wait_for_selector("body[data-composing]")
    address = duty.url
    duty.click(".figures-table summary")
    check(duty, size[0], "composer")
    duty.fill("#beware_en", "")
    duty.fill("#contact", "")
    duty.click("button[value=check]")
    check(duty, size[0], "composer with an empty item")
    duty.fill("#beware_en", "Something else than the standard says.")
    duty.click("#submit")
    duty.wait_for_selector("[role=status]")
    signer = open_context(own, language, theme, size, role="signer", bypass_csp=True).new_page()
    signer.goto(f"{address}/sign")
    check(signer, size[0], "signing")
    signer.click("button[value=sign]")
    signer.wait_for_selector("a[href^='/warnings/']")
    check(signer, size[0], "a warning in force")
    duty.goto(address)
    check(duty, size[0], "a warning in force, for its duty officer")
    reader = open_context(own.url, language, theme, size, bypass_csp=True).new_page()
    for path in ("/warnings", f"/warnings/{address.rpartition('/')[2]}", "/warnings/none"):
        reader.goto(own.url + path)
        check(reader, size[0], path)


def test_public_pages_reflow_at_320_pixels(own: RunningTown, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context(own.url, size=(320, 800)).new_page()
    page.goto(own.url + "/warnings")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
