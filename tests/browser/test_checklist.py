"""A checklist and a reconstruction in a real browser: every look, the telephone, and what was chosen after a refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.case_pages import looked_at, page_of
from tests.rooms.casework import gone_through, row
from tests.rooms.test_reconstruction import history
from tests.rooms.test_risks import risky_town
from tocsin.records.cases import services
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.testing.town import EAST, Town

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("beside_a_loop")]


@pytest.fixture
def town() -> Iterator[Town]:
    with risky_town() as built:
        built.hire("inspector-two", Role.INSPECTOR, EAST)
        Account.objects.update(must_change_password=False)
        yield built


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_checklist_is_gone_through_on_the_telephone(town, chromium, live_server, language):
    url = live_server.url.replace("localhost", "127.0.0.1")
    case = services.open_case("workplace_safety/inspection", {"sector": "gas", "planned_on": "2026-03-02"}, facility="mill",
                              actor=town.as_("inspector-east"), now=town.now).id  # fmt: skip
    page = page_of(chromium, town, url, "inspector-east", language)
    page.goto(f"{url}/cases/{case}/")
    looked_at(page, f"checklist-{language}")
    page.set_viewport_size({"width": 320, "height": 700})
    for code in list(gone_through(case))[:-1]:
        page.check(f"input[name=a_{code}][value=met]")
    answers = page.locator(".item-answers label")
    assert all(answers.nth(n).bounding_box()["height"] >= 47.5 for n in range(answers.count()))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.select_option("#finish-result", "in_order")
    page.fill("#finish-record", "Gone through")
    page.click("form[action$='/move/finish'] button")
    assert page.locator(".item-answers input:checked").count() == 6
    assert page.locator(".checklist .wrong").count() == 1
    looked_at(page, f"checklist-refused-{language}")
    page.check("input[name=a_pipe_free][value=not_applicable]")
    page.click("form[action$='/move/finish'] button")
    page.wait_for_load_state()
    assert row(case).state == "done"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_reconstruction_in_every_look(town, chromium, live_server, language):
    url = live_server.url.replace("localhost", "127.0.0.1")
    _finding, accident = history(town)
    page = page_of(chromium, town, url, "commander", language)
    page.goto(f"{url}/cases/{accident}/")
    page.click("a[href$='/reconstruction']")
    assert page.locator("h1").count() == 1
    looked_at(page, f"reconstruction-{language}")
    page.emulate_media(media="print")
    assert not page.locator(".head nav").is_visible()
