"""axe finds nothing on any page in any state, and no page is wider than its window."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import ROOT, RunningTown

pytestmark = pytest.mark.browser
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The newest engine where `npm ci` was run (CI), else the one that comes with axe-playwright-python.
AXE = next(
    path
    for path in (
        ROOT / "node_modules/axe-core/axe.min.js",
        Path(axe_playwright_python.__file__).with_name("axe.min.js"),
    )
    if path.exists()
)
SIZES = ((1440, 900), (360, 800))


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def check(page: Page, width: int, name: str) -> None:
    assert violations(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width} px"


@pytest.mark.parametrize(("language", "theme", "size"), list(product(("en", "zh-hans"), ("light", "dark"), SIZES)))
def test_axe_finds_nothing(
    town: RunningTown, open_context: Callable[..., BrowserContext], language: str, theme: str, size: tuple[int, int]
):
    page = open_context(town, language, theme, size, bypass_csp=True).new_page()
    page.goto(town.url + "/")
    page.wait_for_selector("body[data-ready]")
    assert page.get_attribute("html", "lang") == {"en": "en", "zh-hans": "zh-Hans"}[language]
    events = [link.get_attribute("href") for link in page.locator("#events a.open").all()]
    check(page, size[0], "duty page")
    page.click("#keys-open")
    check(page, size[0], "duty page with the list of keys")
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
        check(page, size[0], str(path))


def test_axe_finds_nothing_on_empty_and_lost_pages(tmp_path: Path, open_context: Callable[..., BrowserContext]):
    empty = RunningTown(tmp_path)
    try:
        empty.serve()
        page = open_context(empty, bypass_csp=True).new_page()
        page.goto(empty.url + "/")
        page.wait_for_selector("#freshness[data-state=empty]")
        assert "No open events" in page.inner_text("#events")
        check(page, 1440, "empty duty page")
        page.goto(empty.url + "/sources/")
        assert "The engine has not counted anything yet" in page.inner_text("main")
        check(page, 1440, "empty sources")
        page.goto(empty.url + "/quarantine/")
        check(page, 1440, "empty quarantine")
        page.goto(empty.url + "/")
        page.wait_for_selector("#freshness[data-state=empty]")
        empty.stop_serving()
        page.wait_for_selector("#freshness[data-state=lost]")
        check(page, 1440, "duty page with the connection lost")
    finally:
        empty.close()


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
