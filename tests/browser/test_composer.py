"""The composer by keyboard alone: hazard to signature, the area drawn with the arrow keys; drawing by pointer; passkeys with
the browser's own virtual authenticator; messages signed in advance, in every look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, check_every_look
from tests.browser.test_warnings import focus

pytestmark = pytest.mark.browser


def begun(warning_town: RunningTown, page: Page, hazard: str = "gale", level: int = 3) -> str:
    """A draft from scratch, by its form without a pointer; the composer is open."""
    page.goto(warning_town.url + "/console/warnings/")
    focus(page, "#new-hazard", 120)
    page.select_option("#new-hazard", hazard)
    page.focus(f"input[name=level][value='{level}']")
    page.keyboard.press("Space")
    page.focus("input[name=paths][value='town/east']")
    page.keyboard.press("Space")
    focus(page, ".fields button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-composing]")
    return page.url


def test_from_scratch_to_the_public_page_by_keyboard_alone_with_a_drawn_area(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(warning_town, role="duty_officer").new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    address = begun(warning_town, page)
    page.keyboard.press("Alt+2")
    focus(page, "#sketch svg", 120)
    assert page.get_attribute("#sketch svg", "aria-describedby") == "sketch-help"
    for keys in (["ArrowUp"] * 4, ["Shift+ArrowRight"], ["Shift+ArrowDown"] * 2):
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    for key in ("ArrowLeft", "Enter", "Backspace"):  # one point too many, and away with it
        page.keyboard.press(key)
    assert "Last point removed, 3 left" in page.inner_text("[data-said]")
    assert page.is_checked("input[name=mode][value=polygon]")
    outline = page.input_value("#outline")
    assert len(outline.split()) == 3
    assert page.locator("#sketch .drawn circle").count() == 3
    page.keyboard.press("Alt+3")
    focus(page, "#instruction_en")
    page.keyboard.press("Control+A")
    page.keyboard.type("Keep away from the cranes at once.")
    page.locator("#preview .bubble", has_text="Keep away from the cranes at once.").first.wait_for()
    assert "sent as 1 message" in page.inner_text("#preview")
    page.wait_for_selector("body[data-saved]:not([data-saved=''])")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".chip.submitted, .notice")

    signer = open_context(warning_town, role="signer").new_page()
    signer.goto(f"{address}/sign")
    assert "the part inside the outline" in signer.inner_text("main")
    focus(signer, "button[value=sign]")
    signer.keyboard.press("Enter")
    signer.wait_for_selector("text=Public page")
    cap = httpx.get(f"{warning_town.url}/warnings/{address.rpartition('/')[2]}.xml").text
    assert "<valueName>CMAMlongtext</valueName>" in cap
    assert "Keep away from the cranes at once." in cap.partition("speechText")[2]
    lat = outline.split()[0].partition(",")[0]
    assert f"{float(lat):g}"[:5] in cap.partition("<polygon>")[2].partition("</polygon>")[0]


def test_drawing_by_pointer_and_what_is_typed_is_drawn(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(warning_town, role="duty_officer").new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    begun(warning_town, page, level=2)
    svg = page.locator("#sketch svg")
    svg.scroll_into_view_if_needed()
    for x, y in ((120, 120), (260, 120), (260, 180)):
        svg.click(position={"x": x, "y": y})
    assert len(page.input_value("#outline").split()) == 3
    dot = page.locator("#sketch .drawn circle").first
    before = page.input_value("#outline").split()[0]
    dot.drag_to(svg, target_position={"x": 140, "y": 150})
    after = page.input_value("#outline").split()
    assert after[0] != before
    assert len(after) == 3  # dragging sets no new point
    page.fill("#outline", "30.0,113.0 30.1,113.0 30.1,113.2 30.0,113.2")
    assert page.locator("#sketch .drawn circle").count() == 4
    page.check("input[name=mode][value=cells]")
    svg.click(position={"x": 200, "y": 150})
    [cell] = page.input_value("#cells").split()
    assert page.locator(f"[data-cell='{cell}'].taken").count() == 1
    svg.click(position={"x": 200, "y": 150})
    assert page.input_value("#cells") == ""
    page.check("input[name=mode][value=circle]")
    svg.click(position={"x": 200, "y": 150})
    assert float(page.input_value("#lat")) > 29
    assert page.input_value("#km") == "1"
    page.click("button[value=discard]")


def test_a_signer_signs_with_a_passkey_and_without_it_does_not(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext]
) -> None:
    """With Chromium's virtual authenticator, on the name localhost (a passkey needs a name, not an address)."""
    duty = open_context(warning_town, role="duty_officer").new_page()
    address = begun(warning_town, duty, hazard="heat")
    duty.click("#submit")
    duty.wait_for_selector(".chip.submitted, .notice")

    here = warning_town.url.replace("127.0.0.1", "localhost")
    context = open_context(warning_town, role="signer")
    session = warning_town.session("signer")
    context.add_cookies([{"name": session["cookie"], "value": session["key"], "url": here}])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    telephone = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    page.goto(f"{here}/console/passkeys")
    page.wait_for_selector("body[data-passkeys]")
    page.fill("#passkey-name", "Telephone")
    page.click("[data-begin]")
    page.locator("li", has_text="Telephone").wait_for()

    page.goto(address.replace("127.0.0.1", "localhost") + "/sign")
    page.wait_for_selector("body[data-passkeys]")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": telephone, "isUserVerified": False})
    page.click("button[value=sign]")
    page.wait_for_function("() => document.querySelector('[data-passkey-said]').textContent !== ''")  # finger not known
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": telephone, "isUserVerified": True})
    page.click("button[value=sign]")
    page.wait_for_selector("text=Public page")
    assert "by passkey" in page.inner_text("main")
    page.goto(f"{here}/console/passkeys")
    assert "last used" in page.inner_text("main")
    page.click("text=Remove passkey")
    assert "You have none here yet" in page.inner_text("main")


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_the_pages_of_the_small_office(
    warning_town: RunningTown, open_context: Callable[..., BrowserContext], language: str
) -> None:
    duty = open_context(warning_town, language, role="duty_officer", bypass_csp=True).new_page()
    address = begun(warning_town, duty, hazard="rainstorm", level=4)
    duty.check("input[name=mode][value=cells]")
    duty.locator("#sketch svg").click(position={"x": 150, "y": 120})
    check_every_look(duty, "composer with cells")
    until = (datetime.now(UTC) + timedelta(minutes=40)).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%dT%H:%M")
    duty.fill("#expires", until)
    duty.check("input[name=mode][value=areas]")
    duty.check("input[name=flow][value=urgent]")
    duty.click("#submit")
    duty.wait_for_selector("[role=status], [role=alert]")
    signer = open_context(warning_town, language, role="signer", bypass_csp=True).new_page()
    signer.goto(f"{address}/sign")
    check_every_look(signer, "signing urgently")
    for path in ("/console/passkeys", "/console/warnings/presigned"):
        signer.goto(warning_town.url + path)
        check_every_look(signer, path)
    duty.goto(warning_town.url + "/console/warnings/presigned")
    check_every_look(duty, "proposing")
