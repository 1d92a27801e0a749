"""Pages of cases and the requester's receipt, looked at: axe finds nothing, none is too wide, buttons are big enough."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from tests.browser.looks import check_every_look
from tests.rooms.casework import accepted, answered, casework_town, clock, file, move, row
from tests.rooms.test_respond_pages import browser as client_of
from tocsin.records.cases import services
from tocsin.records.org.models import Account
from tocsin.testing.town import Town

pytestmark = pytest.mark.browser
SMALL = """() => [...document.querySelectorAll(
  'main button, main label.switch, main select, main input:not([type=hidden]):not([type=radio]):not([type=checkbox])')]
  .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="session", autouse=True)
def beside_a_loop() -> Iterator[None]:
    """The browser's driver keeps an event loop in this thread, in which Django would otherwise refuse its database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with casework_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


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


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_of_a_case_in_every_look(town, chromium, live_server, language):
    url = live_server.url.replace("localhost", "127.0.0.1")
    case = answered(town)
    services.ask_helper(case.id, "lamps", "is the cable yours?", version=row(case.id).version, actor=town.as_("case-handler"),
                        now=town.now)  # fmt: skip
    services.pause(case.id, clock(case.id, "handle").pk, "a hearing", version=row(case.id).version,
                   actor=town.as_("case-handler"), now=town.now)  # fmt: skip
    services.write_as_requester(case.receipt, "it is the third lamp", now=town.now)
    late = accepted(town)
    town.after(days=30)
    page = page_of(chromium, town, url, "case-handler", language)
    for path, name in ((f"/cases/{case.id}/", "case"), (f"/cases/{late.id}/", "late"), ("/cases/", "list"),
                       ("/cases/new/streets/request", "new")):  # fmt: skip
        answer = page.goto(url + path)
        assert answer is not None
        assert answer.status == 200, path
        looked_at(page, f"{name}-{language}")
    page.fill("#open-what", "dark")
    page.click("main button.primary")  # the kind of thing is missing
    assert page.locator("[aria-invalid=true]").count() == 1
    assert page.input_value("#open-what") == "dark"
    looked_at(page, f"refused-{language}")

    services.reply_leg(case.id, file(case.id).legs[0].id, "it is", actor=town.as_("lamps"), now=town.now)
    move(town, case.id, "finish", reply="it is light again")
    anybody = page_of(chromium, town, url, "", language)
    anybody.goto(f"{url}/receipt")
    looked_at(anybody, f"receipt-ask-{language}")
    anybody.fill("#code", case.receipt)
    anybody.click("main button")
    assert case.number in (anybody.text_content("main") or "")
    assert case.receipt not in anybody.url
    looked_at(anybody, f"receipt-{language}")
