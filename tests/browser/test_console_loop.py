"""Acknowledging by keyboard and without script, quiet on all screens at once, keys that can be changed, the filter, the big
screen, the event page's next action."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import RunningTown

pytestmark = pytest.mark.browser
DutyPage = Callable[..., Page]
Contexts = Callable[..., BrowserContext]
ANIMATION = "e => [getComputedStyle(e).animationName, getComputedStyle(e).animationDuration]"
SMALLEST = """() => Math.min(...[...document.querySelectorAll('main *')]
  .filter(e => e.getClientRects().length && !e.closest('.unseen, .wall-leave, .map-box, .skip-map'))
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  .map(e => parseFloat(getComputedStyle(e).fontSize)))"""


def test_a_red_arrives_and_is_acknowledged_by_keyboard(own_town: RunningTown, duty_page: DutyPage):
    page = duty_page(own_town)
    keys = 0
    own_town.do("signal", stream=10, level=4)
    expect(page.locator("#strip li.loud")).to_have_count(3)
    expect(page.locator("#assertive")).to_contain_text("Red I")
    assert page.title().startswith("(3) ")
    for key in ("n", "j", "a"):
        page.keyboard.press(key)
        keys += 1
        if key == "n":
            expect(page.locator("#event-arrivals")).to_be_hidden()
            expect(page.locator("#events .row:nth-child(1) a.open")).to_be_focused()
    row = page.locator("#events .row:focus-within")
    expect(row.locator(".owner")).to_have_text("Duty officer of all")
    expect(page.locator("#strip li.loud")).to_have_count(2)
    expect(row.locator("a.open")).to_be_focused()
    assert keys == 3


def test_what_one_acknowledges_is_quiet_on_every_screen(
    own_town: RunningTown, open_context: Contexts, duty_page: DutyPage
):
    other = duty_page(own_town, role="commander")
    mine = duty_page(own_town)
    red = other.locator("#strip li.loud").first
    expect(red).to_contain_text("Old Arsenal")
    mine.keyboard.press("a")  # nothing is in hand: the most severe of the strip
    expect(other.locator("#strip li.loud")).to_have_count(1)
    expect(other.locator("#events .row", has_text="Old Arsenal").locator(".owner")).to_have_text("Duty officer of all")
    expect(other.locator("#facts")).to_contain_text("6 unacknowledged")


def test_acknowledging_works_without_script(own_town: RunningTown, open_context: Contexts):
    page = open_context(own_town, java_script_enabled=False).new_page()
    page.goto(own_town.url + "/")
    page.locator("#events .row", has_text="Old Arsenal").get_by_role("button").click()
    assert page.url == own_town.url + "/"
    expect(page.locator("#events .row", has_text="Old Arsenal").locator(".owner")).to_have_text("Duty officer of all")
    assert page.locator("#strip li").count() == 1
    page.get_by_text("Filter of the list").click()
    page.select_option("select[name=level]", "2")
    page.fill("input[name=words]", "market")
    page.get_by_role("button", name="Filter the list").click()
    assert page.locator("#events .row").count() == 1
    assert "level=2" in page.url
    expect(page.locator("#strip li")).to_have_count(1)  # the filter never hides what is loud


def test_who_may_not_acknowledge_is_shown_no_button(town: RunningTown, duty_page: DutyPage):
    page = duty_page(town, role="analyst")
    assert page.locator("[data-take]").count() == 0
    assert "Nobody's yet" in page.inner_text("#events .row:nth-child(1)")


def test_keys_can_be_changed(town: RunningTown, duty_page: DutyPage):
    page = duty_page(town)
    page.keyboard.press("?")
    box = page.get_by_label("Next event", exact=True)
    box.fill("k")
    box.press("Tab")
    expect(page.locator("[data-keys-said]")).to_contain_text("used already")
    box.fill("x")
    box.press("Tab")
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("x")
    expect(page.locator("#events .row:nth-child(1) a.open")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("input[name=words]")).to_be_focused()
    page.keyboard.type("x")
    expect(page.locator("input[name=words]")).to_have_value("x")  # keys are silent while somebody types


def test_the_event_page_offers_the_next_action_and_tells_of_changes(own_town: RunningTown, open_context: Contexts):
    own_town.do("carry")
    page = open_context(own_town).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(own_town.url + "/")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-page=event][data-ready]")
    expect(page.locator(".stage")).to_have_count(8)
    expect(page.locator(".stage[aria-current]")).to_contain_text("Verify")
    expect(page.locator(".event-head").nth(1)).to_contain_text("Unverified")
    expect(page.locator(".next-act .primary")).to_contain_text("Acknowledge event")
    assert page.locator(".chart").count() == 1
    page.keyboard.press("a")
    expect(page.locator(".event-head").nth(1)).to_contain_text("Acknowledged by Duty officer of all")
    expect(page.locator(".history .person").first).to_contain_text("Duty officer of all")
    page.wait_for_selector("body[data-ready]")
    first = page.url
    page.keyboard.press("[")  # acknowledged, it stands behind those that nobody has
    page.wait_for_url(lambda url: url != first and "/events/" in url)
    page.goto(first)
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector("#freshness[data-state=live]")
    own_town.do("signal", stream=0, level=3)
    expect(page.locator("#changed a")).to_be_visible()
    page.keyboard.press("n")
    expect(page.locator("#changed a")).to_be_hidden()
    expect(page.locator("main")).to_contain_text("Orange II")
    assert said == []


def test_a_hidden_tab_still_hears_and_says_so(own_town: RunningTown, open_context: Contexts):
    """Nothing pauses in a tab that the browser calls hidden: the event is there before anybody looks."""
    page = open_context(own_town).new_page()
    page.add_init_script("""
      Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});
      Object.defineProperty(document, 'hidden', {get: () => true});
    """)
    page.goto(own_town.url + "/")
    page.wait_for_selector("#freshness[data-state=live]")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    own_town.do("signal", stream=13, level=4)
    expect(page.locator("#assertive")).to_contain_text("Red I")
    expect(page).to_have_title(re.compile(r"^\(3\) "))


def test_sound_waits_for_its_officer_and_stops_with_the_last_acknowledgement(
    own_town: RunningTown, duty_page: DutyPage
):
    page = duty_page(own_town)
    expect(page.locator("#sound")).to_contain_text("Sound is off")
    assert page.get_attribute("body", "data-sounded") is None
    page.get_by_role("link", name="Turn sound on").click()
    page.get_by_role("button", name="Play the sound of Red I").click()
    page.locator("#sound-turn").click()
    expect(page.locator("#sound-state")).to_have_text("Sound is on in this browser.")
    page.get_by_role("link", name="Open the duty console").click()
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("Escape")  # a gesture, as browsers want one
    page.wait_for_function("() => Number(document.body.dataset.sounded) >= 1")
    page.keyboard.press("a")
    expect(page.locator("#strip li.loud")).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator("#strip li.loud")).to_have_count(0)
    expect(page.locator("[data-sound-mute]")).to_be_hidden()


def test_a_loud_border_never_moves_for_who_wants_no_motion(town: RunningTown, open_context: Contexts):
    seen: dict[str, list[str]] = {}
    for motion in ("reduce", "no-preference"):
        page = open_context(town, reduced_motion=motion).new_page()
        page.goto(town.url + "/")
        seen[motion] = page.locator("#strip li.loud").first.evaluate(ANIMATION)
    assert seen["reduce"][0] == "none"
    assert seen["no-preference"] == ["loud", "1s"]


def test_the_big_screen_is_large_and_follows(own_town: RunningTown, open_context: Contexts):
    page = open_context(own_town, size=(1920, 1080)).new_page()
    page.goto(own_town.url + "/?wall=1")
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector("#freshness[data-state=live]")
    expect(page.locator("#wall-events li")).to_have_count(2)
    own_town.do("signal", stream=10, level=4)
    expect(page.locator("#wall-events li")).to_have_count(3)
    expect(page.locator("#wall-clock")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    assert page.evaluate(SMALLEST) >= 32
