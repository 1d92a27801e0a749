"""axe finds nothing on any page in any state, and no page is wider than its window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, check_every_look, violations

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(town: RunningTown, open_context: Callable[..., BrowserContext], language: str):
    page = open_context(town, language, bypass_csp=True).new_page()
    page.goto(town.url + "/")
    page.wait_for_selector("body[data-ready]")
    assert page.get_attribute("html", "lang") == {"en": "en", "zh-hans": "zh-Hans"}[language]
    events = [link.get_attribute("href") for link in page.locator("#events a.open").all()]
    check_every_look(page, "duty page")
    page.click("#keys-open")
    check_every_look(page, "duty page with the list of keys")
    proposed = page.locator("#events .row:has(.proposed) a.open").get_attribute("href")
    for path in (
        events[0],
        events[1],
        proposed,
        "/sources/",
        "/sources/?source=works",
        "/quarantine/",
        "/events/evt_none/",
    ):
        page.goto(town.url + str(path))
        check_every_look(page, str(path))


def test_a_page_worn_in_place_looks_like_one_loaded_so(town: RunningTown, open_context: Callable[..., BrowserContext]):
    """What lets the four looks be checked on one loading: the theme is nothing but its attribute."""
    drawn = """[...document.querySelectorAll('body, header, main a, .row')].map(getComputedStyle)
      .map(style => [style.color, style.backgroundColor])"""
    looks = []
    for loaded, worn in (("dark", "light"), ("light", "dark")):
        page = open_context(town, theme=loaded).new_page()
        page.goto(town.url + "/sources/")
        before = page.evaluate(drawn)
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", worn)
        looks += [before, page.evaluate(drawn)]
    assert looks[0] == looks[3] != looks[1] == looks[2]


def test_axe_finds_nothing_on_empty_and_lost_pages(
    empty_town: RunningTown, open_context: Callable[..., BrowserContext]
):
    empty = empty_town
    page = open_context(empty, bypass_csp=True).new_page()
    page.goto(empty.url + "/")
    page.wait_for_selector("#freshness[data-state=empty]")
    assert "No open events" in page.inner_text("#events")
    check_every_look(page, "empty duty page")
    page.goto(empty.url + "/sources/")
    assert "The engine has not counted anything yet" in page.inner_text("main")
    check_every_look(page, "empty sources")
    page.goto(empty.url + "/quarantine/")
    check_every_look(page, "empty quarantine")
    page.goto(empty.url + "/")
    page.wait_for_selector("#freshness[data-state=empty]")
    empty.stop_serving()
    page.wait_for_selector("#freshness[data-state=lost]")
    check_every_look(page, "duty page with the connection lost")


def test_axe_sees_faults(chromium: Browser):
    """Negative control: a checker that finds nothing anywhere proves nothing."""
    page = chromium.new_page()
    page.set_content(
        "<html><body><img src=x><button></button><p style='color:#ccc;background:#fff'>值班台</p></body></html>"
    )
    rules = {line.partition(":")[0] for line in violations(page)}
    page.close()
    assert {"html-has-lang", "document-title", "image-alt", "button-name", "color-contrast"} <= rules


@pytest.mark.parametrize("path", ["/", "/sources/", "/quarantine/"])
def test_pages_reflow_at_320_pixels(town: RunningTown, open_context: Callable[..., BrowserContext], path: str):
    page = open_context(town, size=(320, 800)).new_page()
    page.goto(town.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_forced_colours_keep_borders_and_shapes(town: RunningTown, open_context: Callable[..., BrowserContext]):
    page = open_context(town, forced_colors="active").new_page()
    page.goto(town.url + "/")
    page.wait_for_selector("body[data-ready]")
    drawn = page.eval_on_selector_all(
        "#counts .mark",
        """marks => marks.map(mark => {
          const style = getComputedStyle(mark);
          return [style.borderTopStyle, getComputedStyle(mark.querySelector('svg')).stroke, style.backgroundColor];
        })""",
    )
    assert len(drawn) == 4
    for border, stroke, background in drawn:
        assert border == "solid"
        assert stroke not in ("none", background)
