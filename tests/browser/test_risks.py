"""Duty lists, the risk register and consultations, looked at: axe finds nothing, none is too wide, buttons are big enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.browser.case_pages import looked_at, page_of
from tests.rooms.test_consultation import asked, decided, sign
from tests.rooms.test_risks import FIRE, MILL, entered, risky_town
from tocsin.records.consultation.services import NewTask
from tocsin.records.duties.services import NewLine, put_duties
from tocsin.records.org.models import Account
from tocsin.testing.town import CITY, EAST, Town

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("beside_a_loop")]


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with risky_town() as built:
        Account.objects.update(must_change_password=False)
        yield built
        built.read_all()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_duty_lists_risks_and_consultations_in_every_look(town, chromium, live_server, language):
    url = live_server.url.replace("localhost", "127.0.0.1")
    lines = [NewLine(matter="streets/request:thing=lamp", jurisdiction=CITY, department="emergency", keeps=True, why="Item 14"),
             NewLine(facility="mill", post="inspector-east")]  # fmt: skip
    put_duties(lines, actor=town.as_("administrator"), now=town.now)
    boiler = entered(town)
    town.after(days=200)  # its review and its inspection are overdue
    entered(town, MILL.__class__("place", "The river may rise into the store", "workplace_safety", "inspector-east", FIRE,
                                 place="behind the mill", jurisdiction=EAST))  # fmt: skip
    waiting, over = asked(town), asked(town)
    for made in (waiting, over):
        sign(town, made, "inspector-east")
        sign(town, made, "signer", "conditions", "only by day, and with a guard at the gate")
    sign(town, over, "operator-mill", "object", "it costs too much")
    decided(town, over, answer="by day it is; the costs are the mill's",
            new_tasks=[NewTask("case-handler", "Tell the neighbours", town.now + timedelta(days=2))])  # fmt: skip

    handler = page_of(chromium, town, url, "case-handler", language)
    for path, name in (("/duties?facility=mill", "duties"), ("/risks/", "risks"), (f"/risks/{boiler}/", "risk"),
                       ("/risks/new", "risk-new"), ("/consultations/", "consultations"),
                       (f"/consultations/{waiting}/", "consultation"), (f"/consultations/{over}/", "decided")):  # fmt: skip
        answer = handler.goto(url + path)
        assert answer is not None
        assert answer.status == 200, path
        looked_at(handler, f"{name}-{language}")
    handler.goto(f"{url}/risks/new")
    handler.fill("#title", "key personnel of the mill")
    handler.select_option("#likelihood", "likely")
    handler.select_option("#consequence", "major")
    handler.click("main button.primary")
    assert handler.locator("#refused").count() == 1
    assert handler.input_value("#title") == "key personnel of the mill"
    assert handler.input_value("#consequence") == "major"
    looked_at(handler, f"risk-refused-{language}")
    handler.goto(f"{url}/consultations/{waiting}/")
    case = handler.locator("dl.facts a").first.get_attribute("href")
    handler.goto(f"{url}{case}")
    handler.click("a[href*='consultations/new']")
    looked_at(handler, f"consultation-new-{language}")

    operator = page_of(chromium, town, url, "operator-mill", language)
    operator.goto(f"{url}/consultations/{waiting}/")
    operator.select_option("#opinion", "object")
    operator.click("main button.primary")
    assert operator.locator("#refused").count() == 1  # without reasons
    looked_at(operator, f"sign-{language}")
    operator.fill("#reasons", "too dear")
    operator.click("main button.primary")
    assert operator.locator("text=too dear").count() >= 1

    administrator = page_of(chromium, town, url, "administrator", language)
    administrator.goto(f"{url}/duties")
    administrator.locator("summary").first.click()
    looked_at(administrator, f"duties-form-{language}")
