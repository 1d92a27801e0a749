"""The page of a graded accident, its chain half way up, looked at in both languages and every look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.case_pages import looked_at, page_of
from tests.rooms.casework import casework_town
from tests.stories.test_accident_grades import CHANGED, MARCH, does, opens, passes
from tocsin.records.org.models import Account
from tocsin.testing.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("beside_a_loop")]
SAID = {
    "en": ("Major accident", "Prefecture to Province", "too late", "Begins when the body before has it"),
    "zh-hans": ("重大事故", "设区的市级报省级", "逾期", "前一级接报后开始计时"),
}


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with casework_town(MARCH, packs=("workplace_safety",)) as built:
        Account.objects.update(must_change_password=False)
        yield built


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_of_a_graded_accident_in_every_look(town, chromium, live_server, language):
    url = live_server.url.replace("localhost", "127.0.0.1")
    case = opens(town)
    does(town, "duty", case, "receive")
    town.after(hours=3)
    passes(town, case, "pass_up", "City", "County")  # an hour late
    does(town, "duty", case, "casualties", deaths=12, seriously_injured=0, **CHANGED)
    page = page_of(chromium, town, url, "duty", language)
    answer = page.goto(f"{url}/cases/{case}/")
    assert answer is not None
    assert answer.status == 200
    main = page.text_content("main") or ""
    for words in SAID[language]:
        assert words in main
    looked_at(page, f"graded-{language}")
    page.goto(f"{url}/cases/")
    assert SAID[language][0] in (page.text_content("main") or "")
