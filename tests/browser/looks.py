"""axe on every look of a page: light and dark, wide and narrow. Language is the context's; theme and width are changed in
place, as a reader's press on the button and a turned telephone do, so that a page is loaded once for its four looks."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

from tests.browser.conftest import ROOT

__all__ = ["LANGUAGES", "SIZES", "check", "check_every_look", "violations"]

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
LANGUAGES = ("en", "zh-hans")
SIZES = ((1440, 900), (360, 800))
_WEAR = "theme => { document.documentElement.dataset.theme = theme; }"


@cache
def _engine() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    if not page.evaluate("typeof axe === 'object'"):  # once a page, however many looks it has
        page.evaluate(_engine())
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def check(page: Page, width: int, name: str) -> None:
    """axe finds nothing, and the page is no wider than its window."""
    found = violations(page)
    assert not found, f"{name}: {found}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width} px"


def check_every_look(page: Page, name: str) -> None:
    """The same in each of the four looks that the page has in its language. It keeps the look that it had."""
    had, worn = page.viewport_size, page.get_attribute("html", "data-theme")
    for theme, (width, height) in product(("light", "dark"), SIZES):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(_WEAR, theme)
        check(page, width, f"{name}, {theme}, {width} px")
    page.set_viewport_size(had or {"width": SIZES[0][0], "height": SIZES[0][1]})
    page.evaluate(_WEAR, worn)
