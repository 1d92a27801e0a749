"""The inspector's telephone in a real browser: four taps, one hand, without network, by keyboard, without script."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, check, check_every_look

pytestmark = pytest.mark.browser
COUNT_TAPS = """() => {
    window.taps = 0;
    addEventListener("click", (event) => { if (event.isTrusted && event.detail) window.taps += 1; }, true);
}"""
PIXEL_5 = {"viewport": {"width": 393, "height": 727}, "device_scale_factor": 2.75, "is_mobile": True, "has_touch": True}


@pytest.fixture
def field_town(empty_town: RunningTown) -> RunningTown:
    """A town with two red storms that its one inspector was asked to look at."""
    empty_town.session("inspector", "town/east")
    empty_town.session("duty_officer", "town")
    empty_town.do("found")
    empty_town.do("signals", items=[{"stream": 0, "level": 4, "age_s": 240}, {"stream": 5, "level": 3, "age_s": 60}])
    empty_town.do("carry")
    return empty_town


@pytest.fixture
def phone(chromium: Any, field_town: RunningTown) -> Iterator[Callable[..., BrowserContext]]:
    """A telephone with the inspector logged in."""
    opened = []

    def make(language: str = "en", theme: str = "light", role: str = "inspector", **options: Any) -> BrowserContext:
        session = field_town.session(role, "town/east" if role == "inspector" else "town")
        context = chromium.new_context(**(PIXEL_5 | options))
        context.set_default_timeout(30_000)
        context.add_cookies([
            {"name": session["cookie"], "value": session["key"], "url": field_town.url},
            {"name": "django_language", "value": language, "url": field_town.url},
            {"name": "tocsin_theme", "value": theme, "url": field_town.url},
        ])  # fmt: skip
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


def picture(tmp_path: Path) -> Path:
    """A photograph of 3000 x 2000, as a telephone takes it."""
    out = io.BytesIO()
    Image.effect_noise((3000, 2000), 40).convert("RGB").save(out, "JPEG", quality=60)
    path = tmp_path / "IMG_0001.jpg"
    path.write_bytes(out.getvalue())
    return path


def open_task(context: BrowserContext, town: RunningTown, number: int = 0) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.goto(f"{town.url}/field")
    page.locator(".task-list a").nth(number).click()
    page.wait_for_selector("body[data-task][data-ready]")
    return page


def answers(town: RunningTown) -> list[dict[str, Any]]:
    return [line for line in town.do("verifications")["lines"] if line["answer"]]


def test_four_taps_in_one_hand_from_arriving_to_the_receipt(
    field_town: RunningTown, phone: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    page = open_task(phone(), field_town)
    page.evaluate(COUNT_TAPS)
    for target in ("#arrived-button", ".answers label", "#send"):  # in the bottom third, where a thumb reaches
        box = page.locator(target).first.bounding_box()
        assert box is not None
        assert box["y"] >= 727 * 0.6, target
        assert box["height"] >= 48
    page.tap("#arrived-button")
    page.wait_for_selector("#arrived:not([hidden])")
    with page.expect_file_chooser() as chooser:
        page.tap(".photo-label")
    chooser.value.set_files(picture(tmp_path))
    page.wait_for_selector("#chosen-photos img")
    page.locator(".answers label").nth(0).tap()
    taps = page.evaluate("window.taps")
    page.tap("#send")
    page.wait_for_url("**/receipt")
    assert taps + 1 <= 4
    (line,) = answers(field_town)
    assert (line["answer"], line["sizes"]) == ("confirmed", [1600])


def test_without_network_the_answer_waits_on_the_telephone_and_says_so(
    field_town: RunningTown, phone: Callable[..., BrowserContext]
) -> None:
    context = phone()
    page = open_task(context, field_town)
    context.set_offline(True)
    page.fill("#note", "Water over the kerb")
    page.locator(".answers label").nth(1).tap()
    page.tap("#send")
    page.wait_for_selector("#outbox:not([hidden])")
    assert "Saved on this phone; 1 waiting to upload" in page.inner_text("#outbox")
    assert answers(field_town) == []
    page.tap("#send")  # pressed again: still one answer
    page.wait_for_selector("body[data-queued='1']")
    context.set_offline(False)
    page.wait_for_url("**/receipt")
    page.wait_for_selector("body[data-ready]")
    (line,) = answers(field_town)
    assert (line["answer"], line["note"]) == ("refuted", "Water over the kerb")
    assert page.locator("#outbox").is_hidden()


def test_a_page_that_was_open_before_opens_without_network_with_its_draft(
    field_town: RunningTown, phone: Callable[..., BrowserContext]
) -> None:
    context = phone()
    page = open_task(context, field_town)
    page.wait_for_selector("body[data-kept]")
    page.fill("#note", "Half a sen")
    context.set_offline(True)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.input_value("#note") == "Half a sen"
    page.locator(".answers label").nth(2).tap()
    page.tap("#send")
    page.wait_for_selector("body[data-queued='1']")
    page.goto(f"{field_town.url}/field")  # the list was open before, too
    page.wait_for_selector("#outbox:not([hidden])")
    context.set_offline(False)
    page.wait_for_selector("body[data-queued='0']")
    (line,) = answers(field_town)
    assert (line["answer"], line["note"]) == ("cannot_tell", "Half a sen")


def test_a_session_that_ended_loses_nothing(field_town: RunningTown, phone: Callable[..., BrowserContext]) -> None:
    context = phone()
    page = open_task(context, field_town)
    page.fill("#note", "Nothing to see")
    page.locator(".answers label").nth(1).tap()
    kept = context.cookies()
    context.clear_cookies()
    page.tap("#send")
    page.wait_for_selector("#outbox a")
    assert "Log in again" in page.inner_text("#outbox")
    context.add_cookies(kept)  # as after a log-in
    page.reload()
    page.wait_for_url("**/receipt")
    (line,) = answers(field_town)
    assert line["note"] == "Nothing to see"


def test_a_position_is_sent_only_when_pressed_for(
    field_town: RunningTown, phone: Callable[..., BrowserContext]
) -> None:
    context = phone(geolocation={"longitude": 113.5, "latitude": 30.1, "accuracy": 240}, permissions=["geolocation"])
    page = open_task(context, field_town)
    assert page.input_value("#answer [name=lon]") == ""
    page.tap("#locate")
    page.wait_for_function("() => document.querySelector('#answer [name=lon]').value !== ''")
    assert "240 m" in page.inner_text("#located")


def test_by_keyboard_alone(field_town: RunningTown, phone: Callable[..., BrowserContext]) -> None:
    page = open_task(
        phone(**{"viewport": {"width": 1440, "height": 900}, "is_mobile": False, "has_touch": False}), field_town
    )

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches({selector!r})"):
                return
        raise AssertionError(f"Tab does not reach {selector}")

    tab_to("#note")
    page.keyboard.type("By keys")
    tab_to("#arrived-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#arrived:not([hidden])")
    tab_to("[name=verdict]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt")
    (line,) = answers(field_town)
    assert (line["answer"], line["note"]) == ("refuted", "By keys")


def test_without_script(field_town: RunningTown, phone: Callable[..., BrowserContext], tmp_path: Path) -> None:
    page = phone(java_script_enabled=False).new_page()
    page.goto(f"{field_town.url}/field")
    page.locator(".task-list a").first.click()
    page.click("#arrived-button")
    page.wait_for_selector("#arrived:not([hidden])")
    page.set_input_files("[name=photo]", picture(tmp_path))
    assert page.evaluate("document.documentElement.scrollWidth") <= 393  # the browser's own file field is wide
    page.fill("#note", "No script")
    page.locator(".answers input").nth(0).check()
    page.click("#send")
    page.wait_for_url("**/receipt")
    (line,) = answers(field_town)
    assert (line["answer"], line["note"], len(line["sizes"])) == ("confirmed", "No script", 1)


def test_axe_finds_nothing_on_the_telephone(field_town: RunningTown, phone: Callable[..., BrowserContext]) -> None:
    for language in LANGUAGES:
        page = phone(language, bypass_csp=True, is_mobile=False, has_touch=False).new_page()
        page.goto(f"{field_town.url}/field")
        page.wait_for_selector("body[data-ready]")
        check_every_look(page, "list of tasks")
        page.locator(".task-list a").first.click()
        page.wait_for_selector("body[data-task][data-ready]")
        check_every_look(page, "task")
        page.click("#send")
        page.wait_for_selector("#wrong:not([hidden])")
        check_every_look(page, "task without an answer")
        page.context.close()


def test_axe_finds_nothing_on_receipt_and_asking(
    field_town: RunningTown, phone: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    page = open_task(phone(bypass_csp=True), field_town)
    page.set_input_files("[name=photo]", picture(tmp_path))
    page.locator(".answers label").nth(2).tap()
    page.tap("#send")
    page.wait_for_url("**/receipt")
    page.wait_for_selector("body[data-ready]")
    check(page, 393, "receipt")
    (line,) = answers(field_town)
    for language in LANGUAGES:
        duty = phone(language, "dark", "duty_officer", bypass_csp=True, is_mobile=False, has_touch=False).new_page()
        duty.goto(f"{field_town.url}/events/{line['event']}/verify")
        check_every_look(duty, "send to verify")
        duty.locator("main button.primary").click()
        duty.wait_for_url("**/events/*/#verify")
        check_every_look(duty, "event page with its verifications")
