"""The map: opened after the page is there, from our own origin, one selection with the list; without WebGL a drawing.

Drawing in software is slow, so there are few of these, and they wait on conditions for a minute."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, Request, expect

from tests.browser.conftest import MAP_FLAGS, ROOT, RunningTown

pytestmark = pytest.mark.browser
VENDOR = ROOT / "src/tocsin/doors/console/static/vendor/maplibre-gl.mjs"


@pytest.fixture
def drawing_chromium(chromium: Browser) -> Iterator[Browser]:
    """A second browser, which draws WebGL in software."""
    if not VENDOR.exists():
        pytest.skip("THE MAP IS MISSING: run scripts/assets, then the map is tested too")
    kind: Playwright = chromium.browser_type  # type: ignore[assignment]
    browser = kind.launch(executable_path=shutil.which("chromium"), args=MAP_FLAGS)  # type: ignore[attr-defined]
    yield browser
    browser.close()


def test_map_and_list_are_one_selection(town: RunningTown, drawing_chromium: Browser):
    context = drawing_chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    session = town.session()
    context.add_cookies([{"name": session["cookie"], "value": session["key"], "url": town.url}])
    page = context.new_page()
    asked: list[Request] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright takes no builtin
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(town.url + "/")
    page.wait_for_selector("tocsin-map[data-idle]")
    assert [line for line in said if "Content Security Policy" in line or "map:" in line] == []
    assert [request.url for request in asked if not request.url.startswith((town.url, "data:", "blob:"))] == []
    assert page.get_attribute("tocsin-map", "data-state") == "open"
    first = page.locator("#events .row:nth-child(1)")
    page.keyboard.press("j")
    expect(page.locator("tocsin-map")).to_have_attribute("data-selected", str(first.get_attribute("id")))
    page.keyboard.press("m")
    expect(page.locator("tocsin-map canvas")).to_be_focused()
    page.keyboard.press("+")
    page.wait_for_function("() => location.hash.includes('map=')")
    assert re.search(r"#map=[\d.]+/[\d.-]+/[\d.-]+", page.url)
    third = page.locator("#events .row:nth-child(3) a.open")
    chosen = page.locator("#events .row:nth-child(3)").get_attribute("id")
    page.locator("tocsin-map").evaluate("(map, id) => map.view.choose(id)", chosen)
    expect(third).to_be_focused()
    context.close()


def test_without_webgl_a_drawing_and_a_table_say_the_same(
    town: RunningTown, open_context: Callable[..., BrowserContext]
):
    page = open_context(town).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(town.url + "/console/map/")
    expect(page.locator("tocsin-map")).to_have_attribute("data-state", "no-webgl")
    expect(page.locator("[data-said]")).to_contain_text("This browser draws no map")
    assert page.locator("svg.locator .place").count() == 7
    page.get_by_text("The same as a table").click()
    assert page.locator(".map-table tbody tr").count() == 7
    assert not [url for url in asked if "maplibre" in url]


def test_the_map_is_scoped(town: RunningTown, open_context: Callable[..., BrowserContext]):
    page = open_context(town, jurisdiction="town/west").new_page()
    answer = page.request.get(town.url + "/console/map.json")
    assert answer.ok
    shown = answer.json()
    assert [area["properties"]["path"] for area in shown["areas"]["features"]] == ["town/west"]
    assert shown["events"]["features"] == []
    page.context.clear_cookies()
    assert "/login" in page.request.get(town.url + "/console/map.json").url
