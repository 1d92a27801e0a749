"""Command and rectification in a browser: the commander opens a response by keyboard, an operator enters the five
implementations on a telephone; axe is clean on every page of both."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, check, check_every_look

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own(observed_town: RunningTown) -> RunningTown:
    """A town in a storm with somebody of every role that answers."""
    for role in ("duty_officer", "commander", "inspector", "case_handler"):
        observed_town.session(role)
    observed_town.serve()
    return observed_town


@pytest.fixture(scope="module")
def event(own: RunningTown) -> str:
    return str(own.do("propose_response")["event"])


@pytest.fixture(scope="module")
def order(own: RunningTown) -> dict[str, str]:
    return dict(own.do("serve_order"))


def picture() -> dict[str, object]:
    made = io.BytesIO()
    Image.new("RGB", (640, 480), "white").save(made, "JPEG")
    return {"name": "sump.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}


def operator(
    own: RunningTown, open_context: Callable[..., BrowserContext], order: dict[str, str], **options: object
) -> Page:
    context = open_context(own.url, **options)
    context.add_cookies([{"name": order["cookie"], "value": order["key"], "url": own.url}])
    return context.new_page()


def test_the_commander_opens_a_response_with_two_keys_and_the_duty_officer_reports_with_one_click(
    own: RunningTown, open_context: Callable[..., BrowserContext], event: str
) -> None:
    page = open_context(own, role="commander").new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.goto(f"{own.url}/events/{event}/")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("d")
    page.wait_for_url("**/response/")
    assert "declares Response II from Red I on" in page.inner_text("main")
    page.wait_for_function("() => document.activeElement.matches('button.primary')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".mode.emergency")
    assert page.locator(".tasks > li").count() >= 6
    assert "Nobody on duty for this action" in page.inner_text("main")

    duty = open_context(own, role="duty_officer").new_page()
    duty.goto(f"{own.url}/events/{event}/response/")
    duty.click("text=Draft the first report")
    duty.wait_for_selector(".paper")
    assert "Response II opened" in duty.inner_text(".paper >> nth=0")
    assert "二级响应" in duty.inner_text(".paper >> nth=1")
    page.goto(duty.url)
    page.click("text=Release the report")
    page.wait_for_selector("text=Released by")

    duty.goto(own.url + "/tasks/")
    before = duty.locator("text=We have it").count()
    duty.click("text=We have it >> nth=0")
    duty.wait_for_selector("text=Receipt came")
    assert duty.locator("text=We have it").count() == before - 1


def test_an_operator_enters_the_five_on_a_telephone_without_script(
    own: RunningTown, open_context: Callable[..., BrowserContext], order: dict[str, str]
) -> None:
    page = operator(own, open_context, order, size=(360, 800), java_script_enabled=False)
    page.goto(own.url + "/findings/")
    page.click(".tasks a")
    day = (datetime.now().astimezone() + timedelta(days=5)).strftime("%Y-%m-%d")
    page.fill("#person", "Head of the underpass crew")
    page.fill("#measures", "New pump, tested twice")
    page.fill("#deadline", day)
    page.fill("#plan", "Close the underpass and pump by hand")
    page.click("text=Send the plan")
    assert "money is empty" in page.inner_text("#refused")
    assert page.input_value("#plan") == "Close the underpass and pump by hand"
    page.fill("#money", "0")
    page.click("text=Send the plan")
    page.wait_for_selector("text=Five implementations entered")
    page.set_input_files("#proof", picture())
    page.click("button:has-text('Report it fixed')")
    page.wait_for_selector(".badges, .chip >> text=Reported fixed")
    assert page.locator(".photos img").count() == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(
    own: RunningTown, open_context: Callable[..., BrowserContext], event: str, order: dict[str, str], language: str
) -> None:
    finding = f"/findings/{order['finding']}/"
    of_roles = {
        "commander": ("/responses/", f"/events/{event}/response/", "/tasks/"), "duty_officer": (f"/events/{event}/", "/tasks/"),
        "inspector": ("/findings/", "/findings/new", f"/findings/new?event={event}", finding),
        "case_handler": ("/findings/", finding),
    }  # fmt: skip
    for role, paths in of_roles.items():
        page = open_context(own, language, role=role, bypass_csp=True).new_page()
        for path in paths:
            page.goto(own.url + path)
            page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true })")
            check_every_look(page, f"{path} as {role}")
        if role == "duty_officer":
            page.goto(f"{own.url}/events/{event}/response/")
            page.locator("a[href^='/statements/']").first.click()
            page.wait_for_selector(".paper")
            check_every_look(page, "a report")
    page = operator(own, open_context, order, language=language, bypass_csp=True)
    for path in ("/findings/", finding, "/tasks/"):
        page.goto(own.url + path)
        check_every_look(page, f"{path} as the operator")


def test_the_form_of_the_five_with_every_fault_is_clean_too(
    own: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    another = dict(own.do("serve_order"))
    page = operator(own, open_context, another, theme="light", size=(360, 800), bypass_csp=True)
    page.goto(f"{own.url}/findings/{another['finding']}/")
    page.click("text=Send the plan")
    page.wait_for_selector("#refused")
    assert page.locator("[aria-invalid=true]").count() == 5
    check(page, 360, "five faults")
