"""Pages of cases in a real browser, served from the test's own town."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Browser, Page

from tests.browser.looks import check_every_look
from tests.rooms.test_respond_pages import browser as client_of
from tocsin.testing.town import Town

__all__ = ["looked_at", "page_of"]

SMALL = """() => [...document.querySelectorAll(
  'main button, main label.switch, main select, main input:not([type=hidden]):not([type=radio]):not([type=checkbox])')]
  .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"""


def page_of(chromium: Browser, town: Town, url: str, post: str, language: str) -> Page:
    key = client_of(town, post, language).cookies[settings.SESSION_COOKIE_NAME].value if post else ""
    context = chromium.new_context(locale="zh-CN" if language == "zh-hans" else "en", viewport={"width": 1440, "height": 900},
                                   bypass_csp=True)  # fmt: skip
    if key:
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])
    return context.new_page()


def looked_at(page: Page, name: str) -> None:
    check_every_look(page, name)
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate(SMALL) == [], name
    if folder := os.environ.get("SHOTS"):
        for width, height in ((360, 800), (1440, 900)):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})
