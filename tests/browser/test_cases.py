"""Pages of cases and the requester's receipt, looked at: axe finds nothing, none is too wide, buttons are big enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.case_pages import looked_at, page_of
from tests.rooms.casework import accepted, answered, casework_town, clock, file, move, row
from tocsin.records.cases import services
from tocsin.records.org.models import Account
from tocsin.testing.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("beside_a_loop")]


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with casework_town() as built:
        Account.objects.update(must_change_password=False)
        yield built


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
