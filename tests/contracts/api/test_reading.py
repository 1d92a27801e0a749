"""The rest of the API: catalogue, signals, events, health. Every error is a problem document."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.contracts.api.conftest import Sender, Served
from tests.contracts.api.test_observations import assert_problem, columns


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_every_operation_is_described_and_every_path_answers(served: Served) -> None:
    document = served.http.get("/api/v1/openapi.json").json()
    assert set(document["paths"]) == {
        "/api/v1/sources", "/api/v1/streams", "/api/v1/streams/indices", "/api/v1/signals", "/api/v1/signals/{signal_id}",
        "/api/v1/events", "/api/v1/events/{event_id}", "/api/v1/quarantine",
        "/api/v1/reports", "/api/v1/bulletins",
    }  # fmt: skip
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            answer = served.http.request(method, path.replace("{", "").replace("}", ""), json=[])
            assert_problem(answer, 401, "not_allowed")


def test_a_source_sees_and_changes_only_itself(served: Served, sender: Sender, other: Sender) -> None:
    assert [s["id"] for s in served.http.get("/api/v1/sources", headers=sender.headers).json()] == [sender.name]
    listed = served.http.get("/api/v1/streams", headers=sender.headers).json()
    assert [stream["id"] for stream in listed] == sender.streams
    new = {"id": f"{sender.name}-wind", "source": sender.name, "feature": "f", "property": "wind_speed", "unit": "m/s"}
    assert served.http.post("/api/v1/streams", json=[new], headers=sender.headers).json()["applied"] is True
    for foreign in ({**new, "source": other.name}, {**new, "id": other.streams[0]}):
        answer = served.http.post("/api/v1/streams", json=[foreign], headers=sender.headers)
        assert_problem(answer, 403, "not_allowed")
    assert_problem(served.http.post("/api/v1/sources", json=[{"id": "x"}], headers=sender.headers), 403, "not_allowed")


def test_a_stream_survives_the_way_to_the_database_and_back(served: Served, sender: Sender) -> None:
    sent = {
        "id": f"{sender.name}-all", "source": sender.name, "feature": "f", "property": "river_stage", "unit": "m",
        "lon": 110.25, "lat": 30.5, "jurisdiction": "simcity/east", "zone": "Asia/Shanghai", "low": -5.0, "high": None,
        "cadence_s": 3600.0, "forecast": False, "stages": {"alert_level": 3.5}, "labels": {"basin": "Han"},
    }  # fmt: skip
    served.http.post("/api/v1/streams", json=[sent], headers=sender.headers)
    listed = {s["id"]: s for s in served.http.get("/api/v1/streams", headers=sender.headers).json()}
    got = listed[f"{sender.name}-all"]
    assert got.pop("cell")
    assert got == sent


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"unit": "furlong"}, 422, "bad_unit"), ({"zone": "Mars/Base"}, 422, "bad_value"),
        ({"low": 2, "high": 1}, 422, "bad_value"),
        ({"lat": 91.0, "lon": 1.0}, 422, "bad_value"), ({"cadence_s": -1}, 422, "bad_value"), ({"id": ""}, 422, "bad_value"),
        ({"stages": {"a": "high"}}, 422, "bad_value"),
    ],
)  # fmt: skip
def test_a_bad_stream_is_refused(
    served: Served, sender: Sender, change: dict[str, Any], status: int, code: str
) -> None:
    stream = {"id": "s", "source": sender.name, "feature": "f", "property": "p", "unit": "mm"}
    answer = served.http.post("/api/v1/streams", json=[{**stream, **change}], headers=sender.headers)
    assert_problem(answer, status, code)


def test_a_stream_of_an_unknown_source_is_422(served: Served, admin: str) -> None:
    stream = {"id": "s", "source": "nobody", "feature": "f", "property": "p", "unit": "mm"}
    answer = served.http.post("/api/v1/streams", json=[stream], headers=bearer(admin))
    assert_problem(answer, 422, "unknown_name")


def test_malformed_json_is_400(served: Served, admin: str) -> None:
    headers = {**bearer(admin), "Content-Type": "application/json"}
    assert_problem(served.http.post("/api/v1/sources", content=b"[{", headers=headers), 400, "bad_form")


def test_a_storm_becomes_a_signal_and_an_event_with_its_reasons(served: Served, sender: Sender, admin: str) -> None:
    seq = sender.post(columns(sender.streams[0], 110.0)).json()["seq"]
    served.wait(lambda: served.http.get("/readyz").json()["consumed_seq"] >= seq, "evaluation")
    found = served.http.get("/api/v1/signals", params={"stream": sender.streams[0]}, headers=bearer(admin)).json()
    red = next(line for line in found if not line["quality"])
    assert (red["level"], red["subject"]) == (4, sender.streams[0])
    detail = served.http.get(f"/api/v1/signals/{red['id']}", headers=bearer(admin)).json()
    assert detail["signal"] == red
    measure = detail["changes"][0]["evidence"][0]
    assert (measure["unit"], math.isclose(measure["value"], 110.0)) == ("mm", True)
    events = served.http.get("/api/v1/events", headers=bearer(admin)).json()
    details = [served.http.get(f"/api/v1/events/{event['id']}", headers=bearer(admin)).json() for event in events]
    ours = [one for one in details if red["id"] in [line["id"] for line in one["signals"]]]
    assert len(ours) == 1
    assert ours[0]["event"]["level"] >= 1
    assert (ours[0]["event"]["verdict"], ours[0]["event"]["acknowledged_at"]) == ("unverified", None)
    assert ours[0]["explanation"]


def test_a_reader_sees_its_jurisdiction_and_a_source_reads_nothing(served: Served, sender: Sender) -> None:
    far = json.loads(served.tocsin("token", "reader", "--name", "far", "--jurisdiction", "elsewhere", "--json"))[
        "token"
    ]
    sender.post(columns(sender.streams[0], 110.0))
    assert served.http.get("/api/v1/signals", params={"state": "all"}, headers=bearer(far)).json() == []
    assert served.http.get("/api/v1/events", params={"state": "all"}, headers=bearer(far)).json() == []
    assert_problem(served.http.get("/api/v1/signals", headers=sender.headers), 403, "not_allowed")
    assert_problem(served.http.post("/api/v1/sources", json=[], headers=bearer(far)), 403, "not_allowed")


@pytest.mark.parametrize("path", ["/api/v1/signals/sig_none", "/api/v1/events/evt_none", "/api/v1/nothing", "/api/v2"])
def test_what_is_not_there_is_404(served: Served, admin: str, path: str) -> None:
    assert_problem(served.http.get(path, headers=bearer(admin)), 404, "unknown_name")


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "since=2025-01-01T00:00:00", "state=maybe"])
def test_bad_filters_are_422(served: Served, admin: str, query: str) -> None:
    answer = served.http.get(f"/api/v1/signals?{query}", headers=bearer(admin))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_earlier_token_of_the_same_name_ends(served: Served) -> None:
    first, second = (
        json.loads(served.tocsin("token", "reader", "--name", "twice", "--json"))["token"] for _ in range(2)
    )
    assert_problem(served.http.get("/api/v1/events", headers=bearer(first)), 401, "not_allowed")
    assert served.http.get("/api/v1/events", headers=bearer(second)).status_code == 200


def test_health(served: Served) -> None:
    assert served.http.get("/healthz").json() == {"status": "ok"}
    ready = served.http.get("/readyz").json()
    assert ready["status"] == "ok"
    assert {"lag_records", "log_age_s", "next_seq"} <= set(ready["engine"])
    assert ready["outbox_age_s"] < 60
    assert (ready["undelivered_dispatches"], ready["undelivered_age_s"], ready["notes"]) == (0, 0.0, [])
    lines = served.http.get("/metrics").text.splitlines()
    assert "tocsin_ready 1" in lines
    assert "tocsin_undelivered_dispatches 0" in lines


def test_without_the_engine_the_door_says_so(
    tmp_path_factory: pytest.TempPathFactory, served: Served, sender: Sender
) -> None:
    """A web process alone, on a copy of the database: 503 with a remedy, and not ready."""
    import sqlite3
    from contextlib import closing

    home = tmp_path_factory.mktemp("alone") / "home"
    home.mkdir(mode=0o700)
    with (
        closing(sqlite3.connect(served.home / "db.sqlite3")) as source,
        closing(sqlite3.connect(home / "db.sqlite3")) as copy,
    ):
        source.backup(copy)
    alone = Served(home, "--role", "web")
    try:
        alone.wait(lambda: alone.http.get("/healthz").status_code == 200, "the web process")
        body = json.dumps(columns(sender.streams[0], 1.0)).encode()
        headers = {**sender.headers, "Content-Type": "application/json"}
        answer = alone.http.post("/api/v1/observations", content=body, headers=headers)
        problem = assert_problem(answer, 503, "unavailable")
        assert "tocsin serve" in problem["remedy"]
        assert answer.headers["retry-after"]
        assert alone.http.get("/readyz").status_code == 503
        alone.tocsin("catalogue", "load", str(_a_catalogue(home)), code=1)
    finally:
        alone.stop()


def _a_catalogue(home: Any) -> Any:
    file = home / "catalogue.json"
    file.write_text('{"sources": [{"id": "a", "title": "A", "owner": "o"}], "streams": []}')
    return file
