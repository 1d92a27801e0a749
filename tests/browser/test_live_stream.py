"""The live stream as any client sees it; needs no browser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import RunningTown


def messages(response: httpx.Response) -> Iterator[tuple[str, str, Any]]:
    """(kind, id, body) of each message, for at most a minute: the heart beats on even if what we wait for never comes."""
    fields: dict[str, str] = {}
    until = time.monotonic() + 60
    for line in response.iter_lines():
        assert time.monotonic() < until, "the message did not come within 60 s"
        if line:
            name, _colon, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
            fields = {}


def listening(
    town: RunningTown, path: str, *, headers: dict[str, str] | None = None, role: str = "duty_officer", area: str = ""
) -> AbstractContextManager[httpx.Response]:
    return httpx.stream("GET", town.url + path, headers=headers, cookies=town.cookies(role, area), timeout=30)


def place(cursor: str) -> tuple[int, int]:
    event, entry = cursor.split(".")
    return int(event), int(entry)


def first(response: httpx.Response, kind: str) -> tuple[str, Any]:
    return next((number, body) for found, number, body in messages(response) if found == kind)


def test_replay_starts_after_the_last_id_and_never_repeats(own_town: RunningTown):
    with listening(own_town, "/live/stream") as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        cursor, body = first(response, "changes")
        assert body["events"] == []
    own_town.do("signal", stream=20, level=4)
    with listening(own_town, "/live/stream", headers={"Last-Event-ID": cursor}) as response:
        after, body = first(response, "changes")
    assert place(after) > place(cursor)
    assert [(event["level"], event["begun"]) for event in body["events"]] == [(4, True)]
    with listening(own_town, "/live/stream", headers={"Last-Event-ID": after}) as response:
        number, body = first(response, "changes")
    assert (number, body["events"]) == (after, [])


def test_a_page_is_told_in_its_own_language_whatever_the_browser_asks_for(town: RunningTown):
    """Tabs of one browser share a connection by its address, and one of them may have changed the language since."""
    page = httpx.get(town.url + "/", cookies=town.cookies("duty_officer"), headers={"Accept-Language": "zh-CN"}).text
    (address,) = re.findall(r'data-stream="([^"]+)"', page)
    with listening(town, address, headers={"Accept-Language": "en"}) as response:
        _number, body = first(response, "changes")
    assert "个实时" in body["health"]
    with listening(town, address.replace("zh-hans", "en"), headers={"Accept-Language": "zh-CN"}) as response:
        _number, body = first(response, "changes")
    assert "streams live" in body["health"]


def test_changes_arrive_while_listening_and_the_heart_beats(own_town: RunningTown):
    with listening(own_town, "/live/stream") as response:
        told = messages(response)
        assert next(told)[0] == "changes"
        assert next(told)[0] == "beat"
        own_town.do("signal", stream=21, level=3)
        kind, number, body = next(message for message in told if message[0] == "changes")
        assert (kind, len(body["events"])) == ("changes", 1)
        assert place(number) > (0, 0)
        assert "Orange II" in body["events"][0]["row"]
        assert next(message for message in told if message[0] == "beat")[2]["now"] > body["now"]


@pytest.mark.parametrize("last", ["", "nonsense", "-5", "99999999999999999999", "999999"])
def test_an_id_nobody_gave_starts_from_now(town: RunningTown, last: str):
    with listening(town, "/live/stream", headers={"Last-Event-ID": last}) as response:
        _number, body = first(response, "changes")
    assert body["events"] == []


def test_a_flood_is_said_as_such(tmp_path: Path):
    """More events at once than a message may carry: the page is told to read itself anew, and goes on from there."""
    flooded = RunningTown(tmp_path, streams=230)
    try:
        flooded.do("found")
        flooded.do("signals", items=[{"stream": n, "level": 1 + n % 4} for n in range(230)])
        flooded.serve()
        with listening(flooded, "/live/stream?since=0.0") as response:
            number, body = first(response, "many")
        assert body["events"] == []
        with listening(flooded, f"/live/stream?since={number}") as response:
            after, body = first(response, "changes")
        assert (after, body["events"]) == (number, [])
    finally:
        flooded.close()


def test_nobody_listens_without_a_session_and_nothing_leads_elsewhere(town: RunningTown):
    """A stream that led to a page would be read as silence: 401 and 403 stand for themselves."""
    assert httpx.get(town.url + "/live/stream").status_code == 401
    assert httpx.get(town.url + "/live/stream", cookies={"tocsin_session": "x" * 32}).status_code == 401
    for role in ("administrator", "facility_operator"):
        assert httpx.get(town.url + "/live/stream", cookies=town.cookies(role)).status_code == 403
    another = httpx.get(town.url + "/live/stream/0123456789abcdef/en", cookies=town.cookies("duty_officer"))
    assert another.status_code == 403  # a page of another post, left open in this browser


def test_a_stream_tells_only_what_lies_in_its_scope(own_town: RunningTown):
    """Two listen at the same time, in one process: the town's east is told, the west hears only the heart."""
    with (
        listening(own_town, "/live/stream?since=0.0", area="town/east") as east,
        listening(own_town, "/live/stream?since=0.0", area="town/west") as west,
    ):
        heard_east, heard_west = messages(east), messages(west)
        assert len(next(heard_east)[2]["events"]) > 0
        first_west = next(heard_west)
        assert first_west[2]["events"] == first_west[2]["signals"] == []
        own_town.do("signal", stream=22, level=4)
        told = next(body for kind, _number, body in heard_east if kind == "changes")
        assert len(told["events"]) == 1
        for beats, (kind, _number, body) in enumerate(heard_west):
            assert kind == "beat", "the west was told of the east"
            assert "Old Arsenal" not in json.dumps(body, ensure_ascii=False)
            assert body["newest"] is None  # not even how new the data of the east is
            if beats == 1:
                break


@pytest.mark.parametrize("ending", ["session", "shift"])
def test_a_stream_ends_with_its_session_and_with_its_shift(own_town: RunningTown, ending: str):
    session = own_town.session("duty_officer", "town/east", name="lin.mei")
    with httpx.stream(
        "GET", own_town.url + "/live/stream", cookies={session["cookie"]: session["key"]}, timeout=30
    ) as response:
        told = messages(response)
        assert next(told)[0] == "changes"
        if ending == "session":
            own_town.do("end_session", key=session["key"])
        else:
            own_town.do("end_shifts", post=session["post"])
        kinds = [kind for kind, _number, _body in told]  # to the end: the server closes it
    assert kinds[-1] == "over"
    after = httpx.get(own_town.url + "/live/stream", cookies={session["cookie"]: session["key"]})
    assert after.status_code == (401 if ending == "session" else 403)


def test_only_get_is_answered(town: RunningTown):
    assert httpx.post(town.url + "/live/stream").status_code in (403, 405)
