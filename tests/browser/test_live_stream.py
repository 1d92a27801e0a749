"""The live stream as any client sees it; needs no browser."""

from __future__ import annotations

import json
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
    assert int(after) > int(cursor)
    assert [(event["level"], event["begun"]) for event in body["events"]] == [(4, True)]
    with listening(own_town, "/live/stream", headers={"Last-Event-ID": after}) as response:
        number, body = first(response, "changes")
    assert (number, body["events"]) == (after, [])


def test_changes_arrive_while_listening_and_the_heart_beats(own_town: RunningTown):
    with listening(own_town, "/live/stream") as response:
        told = messages(response)
        assert next(told)[0] == "changes"
        assert next(told)[0] == "beat"
        own_town.do("signal", stream=21, level=3)
        kind, number, body = next(message for message in told if message[0] == "changes")
        assert (kind, len(body["events"])) == ("changes", 1)
        assert int(number) > 0
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
        with listening(flooded, "/live/stream?since=0") as response:
            number, body = first(response, "many")
        assert body["events"] == []
        with listening(flooded, f"/live/stream?since={number}") as response:
            after, body = first(response, "changes")
        assert (after, body["events"]) == (number, [])
    finally:
        flooded.close()


def test_only_get_is_answered(town: RunningTown):
    assert httpx.post(town.url + "/live/stream").status_code in (403, 405)
