"""Pages of findings: recording with a photograph, the order, the five implementations, proof, looking again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests.rooms.responding import quiet, responding_town
from tests.rooms.test_respond_pages import HOSTILE, browser
from tocsin.loop.rectify import queries
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with responding_town() as built:
        built.hire("inspector-two", Role.INSPECTOR, EAST, lon=120.8, lat=30.3)
        Account.objects.update(must_change_password=False)
        yield built
        quiet(built)


def picture(colour: str = "grey") -> SimpleUploadedFile:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(made, "JPEG")
    return SimpleUploadedFile("place.jpg", made.getvalue(), "image/jpeg")


def day(town: Town, days: int) -> str:
    return (town.now + timedelta(days=days)).strftime("%Y-%m-%d")


def recorded(town: Town, inspector: Client, **other: object) -> str:
    form = {
        "facility": "mill",
        "words": "pump does not run " + HOSTILE,
        "grade": "major",
        "once": "k",
        "photo": picture(),
    }
    made = inspector.post("/findings/new", form | other)
    assert made.status_code == 302, made.content.decode()[-2000:]
    return made["Location"]


def version(url: str) -> int:
    return queries.finding(EVERYWHERE, url.split("/")[2]).version


def ordered(town: Town) -> str:
    url = recorded(town, browser(town, "inspector-east"))
    served = browser(town, "case-handler").post(
        url + "order", {"version": "1", "limit": day(town, 20), "grade": "major"}
    )
    assert served.status_code == 302, served.content.decode()[-2000:]
    return url


def plan(town: Town, **other: str) -> dict[str, str]:
    return {"person": "Head of works", "measures": "new pump", "money": "12,000", "deadline": day(town, 10),
            "plan": "pump by hand"} | other  # fmt: skip


def test_the_whole_way_by_forms(town: Town) -> None:
    url = ordered(town)
    operator = browser(town, "operator-mill")
    listed = operator.get("/findings/").content.decode()
    assert "Orders to this facility" in listed
    assert "<script>alert(1)" not in listed
    page = operator.get(url).content.decode()
    assert "Enter the five implementations" in page
    assert "<script>alert(1)" not in page
    assert operator.post(url + "plan", plan(town) | {"version": version(url)}).status_code == 302
    page = operator.get(url).content.decode()
    assert "12,000.00" in page
    assert "Report it fixed" in page
    proof = {"version": version(url), "note": "done", "photo": picture("white")}
    assert operator.post(url + "fixed", proof).status_code == 302
    finder = browser(town, "inspector-east").get(url).content.decode()
    assert "Somebody else looks again: you recorded this finding" in finder
    other = browser(town, "inspector-two")
    assert "Look again" in other.get(url).content.decode()
    looked = other.post(
        url + "look", {"version": version(url), "said": "fixed", "note": "it runs", "photo": picture("blue")}
    )
    assert looked.status_code == 302
    handler = browser(town, "case-handler")
    assert "Release the finding" in handler.get(url).content.decode()
    assert handler.post(url + "release", {"version": version(url), "agreed": "1"}).status_code == 302
    page = handler.get(url).content.decode()
    assert "Look back on" in page
    photo = handler.get(url + "photographs/1/small")
    assert (photo.status_code, photo["Content-Type"]) == (200, "image/jpeg")
    assert handler.get(url + "photographs/9").status_code == 404
    assert handler.get("/findings/").status_code == 200


def test_the_five_say_what_is_missing_beside_each_field_and_keep_what_was_typed(town: Town) -> None:
    url = ordered(town)
    operator = browser(town, "operator-mill")
    half = plan(town, money="", plan=" ", measures=HOSTILE) | {"version": version(url)}
    refused = operator.post(url + "plan", half)
    body = refused.content.decode()
    assert refused.status_code == 422
    assert "money is empty" in body
    assert "emergency plan is empty" in body
    assert "person responsible is empty" not in body
    assert body.count('aria-invalid="true"') == 2
    assert 'value="Head of works"' in body
    assert "&lt;script&gt;alert(1)" in body
    assert "<script>alert(1)" not in body
    for wrong, said in (({"money": "twelve"}, "money cannot be read"), ({"deadline": "soon"}, "deadline cannot be read"),
                        ({"deadline": day(town, 21)}, "later than the order allows"), ({"deadline": day(town, -2)}, "passed"),
                        ({"money": "-4"}, "below 0")):  # fmt: skip
        answer = operator.post(url + "plan", plan(town, **wrong) | {"version": version(url)})
        assert answer.status_code == 422
        assert said in answer.content.decode()
    stale = operator.post(url + "plan", plan(town) | {"version": "1"})
    assert stale.status_code == 409
    assert 'value="Head of works"' in stale.content.decode()
    last_day = plan(town, money="0", deadline=day(town, 20))
    assert operator.post(url + "plan", last_day | {"version": version(url)}).status_code == 302


def test_a_photograph_that_is_none_is_refused_in_words_and_nothing_typed_is_lost(town: Town) -> None:
    inspector = browser(town, "inspector-east")
    form = {"facility": "mill", "words": "the stair is loose", "grade": "general", "once": "k",
            "photo": SimpleUploadedFile("x.jpg", b"<html>no picture", "image/jpeg")}  # fmt: skip
    refused = inspector.post("/findings/new", form)
    assert refused.status_code == 422
    assert "the stair is loose" in refused.content.decode()
    assert queries.findings(EVERYWHERE) == []
    twice = [recorded(town, inspector), recorded(town, inspector)]
    assert twice[0] == twice[1]  # the button was pressed twice


def test_from_a_verification_the_event_and_the_nearest_facility_are_known_already(town: Town) -> None:
    storm = town.storm()
    page = browser(town, "inspector-east").get(f"/findings/new?event={storm.event}").content.decode()
    assert f'value="{storm.event}"' in page
    assert page.index("Station underpass") < page.index("West school") if "West school" in page else True
    assert " selected>" in page
    assert browser(town, "inspector-east").get("/findings/new?verification=vrf_none").status_code == 404


def test_an_operator_of_another_facility_finds_nothing(town: Town) -> None:
    url = recorded(town, browser(town, "inspector-east"))
    assert browser(town, "operator-mill").get(url).status_code == 404  # no order yet
    assert browser(town, "inspector-west").get(url).status_code == 404
    assert browser(town, "operator-mill").get("/findings/").status_code == 200
    assert browser(town, "operator-mill").get("/tasks/").status_code == 200


def test_in_chinese_too(town: Town) -> None:
    url = ordered(town)
    page = browser(town, "operator-mill", "zh-hans").get(url).content.decode()
    assert "五落实" in page
