"""The duty page's main job by keyboard, its stillness under changes, and what it says when the connection is gone."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser.conftest import ROOT, RunningTown

pytestmark = pytest.mark.browser
DutyPage = Callable[..., Page]


def test_main_job_by_keyboard_alone(town: RunningTown, open_context: Callable[..., BrowserContext]):
    """Know what needs me now, look at it, come back: not one use of the pointer, nothing from elsewhere, no fault."""
    page = open_context(town).new_page()
    asked: list[Request] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright takes no builtin
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(town.url + "/")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    expect(page.locator("#events .row:nth-child(1) a.open")).to_be_focused()
    expect(page.locator("#events .row:nth-child(1) .mark")).to_have_text("Red I")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    second = page.locator("#events .row:nth-child(2) a.open")
    expect(second).to_be_focused()
    expect(page.locator("#events .row:nth-child(2) .absolute")).to_be_visible()
    expect(page.locator("#events .row:nth-child(3) .absolute")).to_be_hidden()
    place = second.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(place)
    expect(page.locator("main")).to_contain_text("No data in danger")
    page.go_back()
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    assert said == []
    assert [request.url for request in asked if not request.url.startswith((town.url, "data:"))] == []


def test_single_keys_can_be_switched_off(town: RunningTown, duty_page: DutyPage):
    page = duty_page(town)
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("j")
    page.keyboard.press("?")
    assert page.evaluate("document.activeElement === document.body")
    expect(page.locator("dialog#keys")).to_be_hidden()


def test_nothing_moves_under_the_hand(own_town: RunningTown, duty_page: DutyPage):
    """50 changes a second, many of them new events and new reds: the row under the pointer stays where it is."""
    page = duty_page(own_town)
    row = page.locator("#events .row:nth-child(3)")
    row.hover()
    page.evaluate(
        """() => {
          const row = document.querySelector('#events .row:nth-child(3)');
          const box = row.getBoundingClientRect();
          const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
          window.watched = {looks: 0, ids: new Set(), tops: new Set(), most: 0};
          (function look() {
            const under = document.elementFromPoint(x, y).closest('.row');
            watched.looks += 1;
            watched.ids.add(under && under.id);
            watched.tops.add(Math.round(row.getBoundingClientRect().top));
            watched.most = Math.max(watched.most, document.querySelectorAll('.row').length);
            requestAnimationFrame(look);
          })();
        }"""
    )
    before = page.evaluate("document.body.dataset.cursor")
    own_town.do("burst", changes=150, seconds=3.0, first=7, streams=20)
    page.wait_for_function("cursor => Number(document.body.dataset.cursor) > Number(cursor) + 100", arg=before)
    watched = page.evaluate(
        "({looks: watched.looks, ids: [...watched.ids], tops: [...watched.tops], most: watched.most})"
    )
    assert watched["looks"] > 30
    assert len(watched["ids"]) == 1
    assert len(watched["tops"]) == 1
    assert watched["most"] <= 60
    expect(page.locator("#event-arrivals")).to_be_visible()
    assert re.fullmatch(
        r"\d+ new, \d+ (Red I|Orange II|Yellow III|Blue IV)\. Press N to show", page.inner_text("#event-arrivals")
    )


def test_a_new_red_is_pinned_at_once_and_the_list_waits_for_n(own_town: RunningTown, duty_page: DutyPage):
    page = duty_page(own_town)
    rows = page.locator("#events .row").count()
    page.keyboard.press("j")
    own_town.do("signal", stream=10, level=4)
    own_town.do("signal", stream=11, level=1)
    expect(page.locator("#event-arrivals")).to_have_text(
        re.compile(r"2 new, 1 Red I\. Press N to show|3 new, 1 Red I\. Press N to show")
    )
    expect(page.locator("#strip li")).to_have_count(3)
    expect(page.locator("#assertive")).to_contain_text("Red I")
    assert page.locator("#events .row").count() == rows
    expect(page.locator("#events .row:nth-child(1) a.open")).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator("#event-arrivals")).to_be_hidden()
    assert page.locator("#events .row").count() > rows
    expect(page.locator("#counts li:first-child .count")).to_have_text("2")


def test_a_shown_event_changes_in_place(own_town: RunningTown, duty_page: DutyPage):
    page = duty_page(own_town)
    row = page.locator("#events .row", has_text="Tea Hills")
    expect(row.locator(".mark")).to_have_text("Blue IV")
    own_town.do("signal", stream=3, level=4)
    expect(row.locator(".mark")).to_have_text("Red I")
    expect(page.locator("#strip li", has_text="Tea Hills")).to_have_count(1)
    expect(page.locator("#event-arrivals")).to_be_hidden()


def test_what_was_missed_is_told_after_a_reconnect(own_town: RunningTown, duty_page: DutyPage):
    """The server dies, things happen, it comes back: the browser asks from its last id and misses nothing."""
    page = duty_page(own_town)
    own_town.stop_serving()
    own_town.do("signal", stream=12, level=4)
    own_town.do("signal", stream=2, level=0)
    own_town.do("signal", stream=3, level=3)
    own_town.serve()
    expect(page.locator("#strip li")).to_have_count(4)
    expect(page.locator("#event-arrivals")).to_contain_text("new, 1 Red I")
    expect(page.locator("#events .row", has_text="Tea Hills").locator(".mark")).to_have_text("Orange II")
    expect(page.locator("#freshness")).not_to_have_attribute("data-state", "lost")


@pytest.mark.parametrize(("language", "words"), [("en", "Connection lost"), ("zh-hans", "连接中断")])
def test_silence_is_said_in_words(own_town: RunningTown, duty_page: DutyPage, language: str, words: str):
    page = duty_page(own_town, language=language)
    own_town.stop_serving()
    page.wait_for_selector("#freshness[data-state=lost]")
    text = page.inner_text("#freshness")
    assert words in text
    assert re.search(r"\d\d-\d\d \d\d:\d\d \+08:00", text), "the data's own time is said"
    assert page.get_attribute("body", "data-connection") == "lost"


def test_old_data_are_said_to_be_delayed(own_town: RunningTown, duty_page: DutyPage):
    own_town.do("tally", newest_age_s=600.0)
    page = duty_page(own_town)
    page.wait_for_selector("#freshness[data-state=delayed]")
    assert page.inner_text("#freshness").strip().startswith("Delayed 10 min. Data as of")


def test_a_tab_behind_another_hears_too_over_one_connection(
    own_town: RunningTown, open_context: Callable[..., BrowserContext]
):
    context = open_context(own_town)
    behind, front = context.new_page(), context.new_page()
    for page in (behind, front):
        page.goto(own_town.url + "/")
        page.wait_for_selector("#freshness[data-state=live]")
    front.bring_to_front()
    own_town.do("signal", stream=13, level=4)
    for page in (behind, front):
        expect(page.locator("#strip li")).to_have_count(3)
    targets = context.new_cdp_session(front).send("Target.getTargets", {"filter": [{"type": "shared_worker"}]})[
        "targetInfos"
    ]
    assert len([target for target in targets if own_town.url in target["url"]]) == 1


def test_everything_is_there_without_script(town: RunningTown, open_context: Callable[..., BrowserContext]):
    page = open_context(town, java_script_enabled=False).new_page()
    page.goto(town.url + "/")
    assert page.locator("#events .row").count() == 7
    assert page.locator("#signals .row").count() >= 6
    assert "As loaded" in page.inner_text("#freshness")
    for name in ("#keys-open", "#event-arrivals", "#signal-arrivals"):
        expect(page.locator(name)).to_be_hidden()  # nothing is drawn that does not work
    page.click("text=中文")
    assert page.inner_text("h1") == "值班台"
    assert "合成数据" in page.inner_text(".exercise")
    page.click("text=浅色主题")
    assert page.get_attribute("html", "data-theme") == "light"
    page.click("#events .row:nth-child(2) a.open")
    assert "危险中数据缺失" in page.inner_text("main")
    page.goto(town.url + "/sources/")
    kinds = set(page.locator("tbody .mark").all_inner_texts())
    assert {"数据缺失", "正常", "红色 I级"} <= kinds
    page.goto(town.url + "/quarantine/")
    assert "时间没有时区" in page.inner_text("main")


def test_script_and_sheets_keep_their_budget():
    """Console excluding map: at most 80 KB of script, compressed."""
    folder = ROOT / "src/tocsin/doors/console/static"
    script = sum(len(gzip.compress(path.read_bytes())) for path in folder.glob("*.js"))
    assert 0 < script < 80_000


@pytest.mark.parametrize(
    ("language", "theme", "size"),
    [
        ("en", "light", (1440, 900)),
        ("en", "dark", (1440, 900)),
        ("zh-hans", "dark", (1440, 900)),
        ("zh-hans", "light", (360, 800)),
    ],
)
def test_screenshots(
    town: RunningTown, duty_page: DutyPage, tmp_path: Path, language: str, theme: str, size: tuple[int, int]
):
    """Pictures for the README: written to docs/screenshots with TOCSIN_TEST_SCREENSHOTS=1, else thrown away."""
    folder = ROOT / "docs/screenshots" if os.environ.get("TOCSIN_TEST_SCREENSHOTS") else tmp_path
    page: Any = duty_page(town, language=language, theme=theme, size=size)
    page.wait_for_selector("#strip li")
    target = folder / f"duty-{language}-{theme}-{size[0]}.png"
    page.screenshot(path=target)
    assert 10_000 < target.stat().st_size < 400_000
