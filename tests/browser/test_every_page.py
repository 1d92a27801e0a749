"""axe finds nothing on any page that any role is offered, and none is wider than its window. Pages are found by following the
navigation of each role, so that a page that is added is examined without another line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import RunningTown, storm
from tests.browser.test_accessibility import SIZES, check
from tocsin.records.org.roles import Role

pytestmark = pytest.mark.browser
ALL_LOOKS = list(product(("en", "zh-hans"), ("light", "dark"), SIZES))
TWO_LOOKS = [("zh-hans", "light", SIZES[1]), ("en", "dark", SIZES[0])]
ROLES = sorted(role for role in Role if role is not Role.SYSTEM)
DUTY_ONLY = ("/?wall=1", "/?level=3&words=x", "/console/shift/", "/console/map/")
PUBLIC = ("/login", "/warnings")  # without log-in
TOO_FAR_RIGHT = """width => [...document.querySelectorAll('header button, header a.button, main button, main .button')]
  .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > width + 1)
  .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def busy_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTown]:
    """A town in a storm whose facts were carried: files, verifications and proposals are there."""
    running = RunningTown(tmp_path_factory.mktemp("busy"))
    try:
        storm(running)
        running.do("carry")
        running.serve()
        yield running
    finally:
        running.close()


def offered(page: Page, town: RunningTown) -> list[str]:
    """What the navigation of whoever is logged in leads to, and the first two events of the duty page."""
    page.goto(town.url + "/")
    links = [link.get_attribute("href") for link in page.locator("header nav a, #events a.open").all()]
    found = [str(link) for link in dict.fromkeys(links)]
    events = [path for path in found if path.startswith("/events/")][:2]
    return [path for path in found if not path.startswith("/events/")] + events


def examine(page: Page, town: RunningTown, paths: list[str], width: int) -> None:
    for path in paths:
        answer = page.goto(town.url + path)
        assert answer, path
        assert answer.status == 200, f"{path} answers {answer.status}"
        check(page, width, path)


@pytest.mark.parametrize(("language", "theme", "size"), ALL_LOOKS)
def test_pages_of_the_duty_officer(
    busy_town: RunningTown,
    open_context: Callable[..., BrowserContext],
    language: str,
    theme: str,
    size: tuple[int, int],
):
    page = open_context(busy_town, language, theme, size, bypass_csp=True).new_page()
    examine(page, busy_town, [*offered(page, busy_town), *DUTY_ONLY], size[0])


@pytest.mark.parametrize("look", TWO_LOOKS, ids=lambda look: f"{look[0]}-{look[1]}-{look[2][0]}")
@pytest.mark.parametrize("role", [role for role in ROLES if role is not Role.DUTY_OFFICER])
def test_pages_of_every_role(
    busy_town: RunningTown,
    open_context: Callable[..., BrowserContext],
    role: Role,
    look: tuple[str, str, tuple[int, int]],
):
    page = open_context(busy_town, *look, role=role.value, bypass_csp=True).new_page()
    examine(page, busy_town, offered(page, busy_town), look[2][0])


@pytest.mark.parametrize("look", TWO_LOOKS, ids=lambda look: f"{look[0]}-{look[1]}-{look[2][0]}")
def test_pages_for_everybody(
    busy_town: RunningTown, open_context: Callable[..., BrowserContext], look: tuple[str, str, tuple[int, int]]
):
    page = open_context(busy_town.url, *look, bypass_csp=True).new_page()
    examine(page, busy_town, list(PUBLIC), look[2][0])


@pytest.mark.parametrize("width", [320, 360])
def test_the_head_does_not_overflow(busy_town: RunningTown, open_context: Callable[..., BrowserContext], width: int):
    page = open_context(busy_town, size=(width, 800)).new_page()
    for path in offered(page, busy_town):
        page.goto(busy_town.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(TOO_FAR_RIGHT, width) == [], path
