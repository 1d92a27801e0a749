"""The pages of call-outs: who of how many was reached when, what the duty page pins, the form for a call made by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from tests.people import log_in
from tests.rooms.calling_out import START, Villages, phone_of, villages
from tests.rooms.test_callout import PLAN
from tocsin.records.callout import services
from tocsin.records.callout.lifecycle import AreaState
from tocsin.records.org.actor import SYSTEM
from tocsin.records.places import services as places
from tocsin.records.places.services import Area
from tocsin.testing import voice_gateway as gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> Iterator[Villages]:
    with villages(3) as built:
        built.gateway.script[phone_of(0)] = gateway.answers_after(1)
        built.gateway.script[phone_of(1)] = gateway.machine
        yield built


@pytest.fixture
def duty() -> Client:
    client = Client()
    log_in(client, "duty_officer", "county")
    return client


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def test_the_page_says_who_of_how_many_was_reached_when(county: Villages, duty: Client) -> None:
    callout = county.start()
    county.pass_time(31)
    page = text_of(duty, f"/console/callouts/{callout}")
    assert "<b>1 of 3</b>" in page
    assert "NOT REACHED" in page
    assert "Warden of village 0, key pressed" in page
    assert page.index("Village 1") < page.index("Village 0")  # the unanswered first


def test_the_duty_page_pins_the_unanswered_with_age_attempts_and_the_next_call(county: Villages, duty: Client) -> None:
    assert "has not answered the call-out" not in text_of(duty, "/")
    county.start()
    county.pass_time(11)
    page = text_of(duty, "/")
    assert "2 areas have not answered the call-out" in page
    strip = page.split('id="unanswered-title"')[1].split("</section>")[0]
    assert "Village 0" not in strip
    assert "No answer yet" in strip
    assert "attempts" in strip
    assert "next call" in strip
    assert "11 min" in strip


def test_what_is_unanswered_outside_the_reader_s_area_is_not_shown(county: Villages) -> None:
    callout = county.start()
    county.pass_time(1)
    elsewhere = Client()
    log_in(elsewhere, "duty_officer", "other-county")
    assert "call-out" not in text_of(elsewhere, "/")
    text_of(elsewhere, f"/console/callouts/{callout}", 404)
    text_of(elsewhere, f"/console/callouts/{callout}/table.csv", 404)
    text_of(elsewhere, f"/console/callouts/{callout}/areas/{county.line(callout).id}", 404)


def test_an_area_shows_every_attempt_with_what_came_back(county: Villages, duty: Client) -> None:
    callout = county.start()
    county.pass_time(2)
    page = text_of(duty, f"/console/callouts/{callout}/areas/{county.line(callout, 1).id}")
    assert "answering machine: no answer" in page
    assert "taken by the gateway" in page
    assert "202 queued" in page
    assert phone_of(1) in page  # so that the officer can telephone
    assert "Deputy of village 1" in page


def test_a_call_made_by_hand_is_entered_on_the_page_and_ends_the_pin(county: Villages, duty: Client) -> None:
    callout = county.start()
    county.pass_time(12)
    area = county.line(callout, 2)
    path = f"/console/callouts/{callout}/areas/{area.id}"
    at = (START + timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%M")
    response = duty.post(f"{path}/record", {"post": "deputy-2", "at": at})
    assert (response.status_code, response["Location"]) == (302, path)
    line = county.line(callout, 2)
    assert (line.state, line.minutes, line.reached_post) == (AreaState.REACHED, 9.0, "deputy-2")
    assert "call made by hand" in text_of(duty, path)
    assert "1 area has not answered the call-out" in text_of(duty, "/")


@pytest.mark.parametrize(
    ("at", "words"),
    [("2026-07-20T23:00", "lies ahead"), ("2026-07-20T07:00", "before the warning"), ("yesterday", "no date and time")],
)
def test_a_refused_call_keeps_what_was_typed_and_says_what_to_do(
    county: Villages, duty: Client, at: str, words: str
) -> None:
    callout = county.start()
    county.pass_time(1)
    path = f"/console/callouts/{callout}/areas/{county.line(callout, 2).id}/record"
    response = duty.post(path, {"post": "warden-2", "at": at})
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert f'value="{at}"' in page
    assert county.line(callout, 2).state is AreaState.WAITING


def test_who_may_not_enter_a_call_has_no_form_and_is_refused(county: Villages) -> None:
    callout = county.start()
    county.pass_time(1)
    path = f"/console/callouts/{callout}/areas/{county.line(callout, 2).id}"
    client = Client()
    log_in(client, "auditor", "county")
    assert "made by hand" not in text_of(client, path)
    assert client.post(f"{path}/record", {"post": "warden-2", "at": "2026-07-20T08:00"}).status_code == 403


def test_the_table_holds_a_row_an_area_and_no_formula(county: Villages, duty: Client) -> None:
    callout = county.start()
    county.pass_time(31)
    response = duty.get(f"/console/callouts/{callout}/table.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["area"] for row in rows] == [county.areas[1], county.areas[2], county.areas[0]]
    assert [row["minutes"] for row in rows] == ["", "", "1.00"]
    assert rows[2]["state"] == "Reached"
    assert all(row["not reached after the last limit"].startswith("2026-07-20T08:30") for row in rows[:2])


def test_a_name_that_a_spreadsheet_would_calculate_is_quoted(county: Villages, duty: Client) -> None:
    places.put_jurisdictions([Area(county.areas[0], {"en": "=1+1"}, 5)], actor="test", now=county.now)
    callout = county.start()
    assert "'=1+1" in duty.get(f"/console/callouts/{callout}/table.csv").content.decode()


def test_the_list_names_running_call_outs_first(county: Villages, duty: Client) -> None:
    county.start()
    county.pass_time(1)
    county.stop()
    county.start(warning="wrn_2", lineage="wrn_2")
    page = text_of(duty, "/console/callouts/")
    assert page.index("Running") < page.index("Cancelled")
    assert "0 of 3 reached" in page


def test_an_exercise_says_so_on_every_page(county: Villages, duty: Client) -> None:
    services.put_plan(PLAN.replace("exercises = false", "exercises = true").encode(), "p", actor=SYSTEM, now=county.now)
    callout = county.start(exercise=True)
    county.pass_time(1)
    area = county.line(callout, 1).id
    for path in (
        "/",
        "/console/callouts/",
        f"/console/callouts/{callout}",
        f"/console/callouts/{callout}/areas/{area}",
    ):
        assert "EXERCISE" in text_of(duty, path)


def test_the_pages_speak_chinese(county: Villages, duty: Client) -> None:
    callout = county.start()
    county.pass_time(31)
    duty.cookies["django_language"] = "zh-hans"
    page = text_of(duty, f"/console/callouts/{callout}")
    assert "未叫通" in page
    assert "暴雨红色预警" in page
    assert "2 个区域尚未应答叫应" in text_of(duty, "/")
