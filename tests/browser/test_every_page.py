"""axe finds nothing on any page that any role is offered, and none is wider than its window. Pages are found by following the
navigation of each role and by the table of who may read what, so that a page that is added is examined without another line
here. Every page is seen in all eight looks by somebody; who sees it besides sees it in two."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import RunningTown
from tests.browser.looks import LANGUAGES, SIZES, check, check_every_look
from tests.rooms.access_table import NOBODY, ROWS
from tests.rooms.test_access_matrix import address
from tocsin.records.org.roles import Role

pytestmark = pytest.mark.browser
OF_LANGUAGE = {"zh-hans": ("light", SIZES[1]), "en": ("dark", SIZES[0])}  # where one look is enough
ROLES = sorted(role for role in Role if role is not Role.SYSTEM)
DUTY_ONLY = ("/?wall=1", "/?level=3&words=x", "/console/shift/", "/console/map/")
PUBLIC = (  # without log-in
    "/login", "/warnings", "/bulletins", "/warnings/archive", "/warnings/embed", "/widget", "/subscribe",
    "/subscribe/confirm/x/y", "/subscribe/leave/x/y",
)  # fmt: skip
TOO_FAR_RIGHT = """width => [...document.querySelectorAll('header button, header a.button, main button, main .button')]
  .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > width + 1)
  .map(e => e.outerHTML.slice(0, 80))"""


def offered(page: Page, town: RunningTown) -> list[str]:
    """What the navigation of whoever is logged in leads to, and the first two events of the duty page."""
    page.goto(town.url + "/")
    links = [link.get_attribute("href") for link in page.locator("header nav a, #events a.open").all()]
    found = [str(link) for link in dict.fromkeys(links)]
    events = [path for path in found if path.startswith("/events/")][:2]
    return [path for path in found if not path.startswith("/events/")] + events


def not_for_duty(ids: dict[str, str]) -> list[tuple[str, str]]:
    """Every address of a page that others than the duty officer may open, with the first role that may."""
    pages = {
        route: row
        for route, row in ROWS.items()
        if row.kind == "page" and row.get and not route.endswith((".csv", ".js"))
    }
    return [(sorted(row.get or ())[0], address(route, row, ids)) for route, row in pages.items()
            if not {Role.DUTY_OFFICER.value, NOBODY} & (row.get or set())]  # fmt: skip


def log_in_as(
    open_context: Callable[..., BrowserContext], town: RunningTown, role: str, language: str, theme: str = "dark",
    size: tuple[int, int] = SIZES[0],
) -> Page:  # fmt: skip
    """A page of somebody of this role; the inspector is the one who has the tasks of the east."""
    area = "town/east" if role == "inspector" else ""
    return open_context(town, language, theme, size, role=role, jurisdiction=area, bypass_csp=True).new_page()


def opened(page: Page, town: RunningTown, path: str) -> Page:
    answer = page.goto(town.url + path)
    assert answer, path
    assert answer.status == 200, f"{path} answers {answer.status}"
    page.locator("main details").evaluate_all("all => all.forEach(part => { part.open = true })")
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_the_duty_officer(busy_town: RunningTown, open_context: Callable[..., BrowserContext], language: str):
    page = open_context(busy_town, language, bypass_csp=True).new_page()
    for path in (*offered(page, busy_town), *DUTY_ONLY):
        check_every_look(opened(page, busy_town, path), path)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", [role for role in ROLES if role is not Role.DUTY_OFFICER])
def test_pages_of_every_role(
    busy_town: RunningTown, open_context: Callable[..., BrowserContext], role: Role, language: str
):
    """Those that the duty officer is not offered in every look, the others in one look a language."""
    known = offered(open_context(busy_town, language).new_page(), busy_town)
    theme, size = OF_LANGUAGE[language]
    page = log_in_as(open_context, busy_town, role.value, language, theme, size)
    for path in offered(page, busy_town):
        name = f"{path} as {role.value}"
        if path in known:
            check(opened(page, busy_town, path), size[0], name)
        else:
            check_every_look(opened(page, busy_town, path), name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_that_the_duty_officer_never_sees(
    busy_town: RunningTown, open_context: Callable[..., BrowserContext], language: str
):
    """By the table of who may read what: a page that is added is examined without another line here."""
    paths = not_for_duty(busy_town.things)
    assert {"inspector", "signer", "auditor", "analyst", "administrator"} <= {role for role, _path in paths}
    for role, path in paths:
        page = log_in_as(open_context, busy_town, role, language)
        check_every_look(opened(page, busy_town, path), f"{path} as {role}")
        page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_for_everybody(busy_town: RunningTown, open_context: Callable[..., BrowserContext], language: str):
    page = open_context(busy_town.url, language, bypass_csp=True).new_page()
    for path in PUBLIC:
        check_every_look(opened(page, busy_town, path), path)


@pytest.mark.parametrize("width", [320, 360])
def test_the_head_does_not_overflow(busy_town: RunningTown, open_context: Callable[..., BrowserContext], width: int):
    page = open_context(busy_town, size=(width, 800)).new_page()
    for path in offered(page, busy_town):
        page.goto(busy_town.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(TOO_FAR_RIGHT, width) == [], path
