"""Rules on trial: both sides in both languages, the decision of an analyst, nothing typed lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rooms.test_review_pages import browser
from tests.rooms.walking import quick_town
from tocsin.loop.detect import shadow_queries, shadow_services
from tocsin.loop.detect.shadow_services import NewShadow
from tocsin.records.org.actor import service
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.terms.moment import to_us
from tocsin.terms.signal import Change, Measure, Subject, Transition
from tocsin.testing.town import EAST, WEST, Town

pytestmark = pytest.mark.django_db
RULE = "natural_hazards/rainstorm"


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with quick_town() as built:
        built.hire("analyst-east", Role.ANALYST, EAST)
        Account.objects.update(must_change_password=False)
        yield built
        built.read_all()


@pytest.fixture
def shadow(town: Town) -> str:
    """Both raised the east (the new version two levels higher, ten minutes earlier), only the new one the west."""
    new = NewShadow("natural_hazards", "2", "ab" * 32, "cd" * 32, (RULE,))
    id_ = shadow_services.add(new, "Lower sums", actor=service("service:cli"), now=town.now)
    began = to_us(town.now)
    town.after(minutes=20)
    town.storm(level=2)
    town.after(minutes=1)
    onset = to_us(town.now) - 11 * 60_000_000
    found = [
        Transition(RULE, 2, "rainstorm", Subject("stream", f"rain-{at}"), Change.RAISED, level, 0, onset, onset, 7,
                   evidence=(Measure("sum(3h)", 60.0, "mm", ">=", 50.0),))
        for at, level in (("east", 4), ("west", 1))
    ]  # fmt: skip
    shadow_services.record({id_: found}, {id_: began})
    town.read_all()
    return id_


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("both, at another level", "only the new version", "min earlier", "not raised", "Put in force")),
    ("zh-hans", ("两者均发，等级不同", "仅新版本", "分钟", "未发", "启用")),
])  # fmt: skip
def test_the_page_shows_both_sides_in_both_languages(town: Town, shadow: str, language: str, words: tuple[str, ...]):
    page = browser(town, "analyst", language).get(f"/rules/shadow/{shadow}").content.decode()
    for word in words:
        assert word in page
    assert shadow in browser(town, "analyst", language).get("/rules/shadow").content.decode()
    assert "textarea" not in browser(town, "auditor", language).get(f"/rules/shadow/{shadow}").content.decode()


def test_each_sees_the_difference_of_the_own_area(town: Town, shadow: str):
    counts = {}
    for area in (EAST, WEST):
        scope = type(town.as_("analyst").scope)(area, Role.ANALYST)
        counts[area] = shadow_queries.difference(scope, shadow_queries.shadow(scope, shadow)).counts
    assert (counts[EAST]["level"], counts[EAST]["only_new"]) == (1, 0)
    assert (counts[WEST]["level"], counts[WEST]["only_new"]) == (0, 1)


def test_a_decision_needs_a_reason_and_authority_everywhere_and_keeps_what_was_typed(town: Town, shadow: str):
    path = f"/rules/shadow/{shadow}/promote"
    refused = browser(town, "analyst").post(path, {"why": " "})
    assert (refused.status_code, "none is given" in refused.content.decode()) == (409, True)
    elsewhere = browser(town, "analyst-east").post(path, {"why": "It is better here"})
    assert "It is better here" in elsewhere.content.decode()
    assert elsewhere.status_code == 409
    assert browser(town, "analyst").post(path, {"why": "Earlier, and right"}).status_code == 302
    page = browser(town, "analyst").get(f"/rules/shadow/{shadow}").content.decode()
    assert "Earlier, and right" in page
    assert "textarea" not in page
    again = browser(town, "analyst").post(f"/rules/shadow/{shadow}/withdraw", {"why": "No"})
    assert again.status_code == 409


def test_a_shadow_that_is_not_there_is_said_so(town: Town):
    assert browser(town, "analyst").get("/rules/shadow/shd_none").status_code == 404
