"""POST /api/v1/observations: what is taken, what is refused and how it is said."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyarrow as pa
import pytest

from tests.contracts.api.conftest import ARROW, BODY_LIMIT, JSON, Sender, Served

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


def moment(minutes: int = 0) -> str:
    return (HOUR_AGO + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def columns(stream: Any, *values: float | None, **more: Any) -> dict[str, Any]:
    return {
        "stream": [stream] * len(values),
        "observed_at": [moment(n) for n in range(len(values))],
        "value": list(values),
        **more,
    }


def arrow(stream: str, values: list[float | None]) -> bytes:
    times = pa.array([HOUR_AGO + timedelta(minutes=n) for n in range(len(values))], pa.timestamp("us", tz="UTC"))
    batch = pa.record_batch({"stream": pa.array([stream] * len(values)), "observed_at": times, "value": values})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["type"] == f"urn:tocsin:problem:{code}"
    assert all(body[member] for member in ("title", "detail", "thing", "remedy"))
    return body


def stored(served: Served, sender: Sender) -> list[dict[str, Any]]:
    """What the log holds of the sender's rain."""
    import json

    sql = f"""SELECT observed_at::VARCHAR AS at, o.value, o.quality FROM observations o JOIN streams s USING (stream)
              WHERE s.id = '{sender.streams[0]}' ORDER BY o.seq, observed_at"""
    return list(json.loads(served.tocsin("query", sql, "--json")))


def test_json_columns_are_acknowledged_and_in_the_log(served: Served, sender: Sender) -> None:
    answer = sender.post(columns(sender.streams[0], 1.5, None, 2.0))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {name: body[name] for name in ("accepted", "missing", "refused", "refused_count")} == {
        "accepted": 3, "missing": 1, "refused": [], "refused_count": 0,
    }  # fmt: skip
    assert isinstance(body["seq"], int)
    rows = stored(served, sender)
    assert [row["value"] for row in rows][0::2] == [1.5, 2.0]
    assert math.isnan(rows[1]["value"])
    assert [row["quality"] for row in rows] == [0, 1, 0]


def test_arrow_says_the_same_as_json(served: Served, sender: Sender) -> None:
    first, second = (
        sender.post(columns(sender.streams[0], 1.5, None)),
        sender.post(arrow(sender.streams[0], [1.5, None]), ARROW),
    )
    assert second.status_code == 200, second.text
    assert second.json() == {**first.json(), "seq": second.json()["seq"]}
    one, missing, again, _ = stored(served, sender)
    assert (one["at"], one["value"]) == (again["at"], again["value"])
    assert missing["quality"] == 1


def test_bad_rows_are_refused_one_by_one_and_the_rest_is_kept(sender: Sender) -> None:
    rain, level = sender.streams
    rows: list[tuple[Any, Any, Any]] = [
        (rain, moment(), 1.0), ("nobody", moment(), 1.0), (rain, "yesterday", 1.0), (rain, moment(), "wet"),
        (rain, moment(), 501.0), (rain, "2999-01-01T00:00:00Z", 1.0), (rain, "2025-01-01T00:00:00", 1.0),
        (level, moment(), -3.5), (rain, moment(1), None),
    ]  # fmt: skip
    answer = sender.post(dict(zip(("stream", "observed_at", "value"), map(list, zip(*rows, strict=True)), strict=True)))
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["missing"], body["refused_count"]) == (200, 3, 1, 6)
    assert [(line["row"], line["code"]) for line in body["refused"]] == [
        (1, "unknown_name"), (2, "bad_time"), (3, "bad_value"), (4, "bad_value"), (5, "bad_time"), (6, "bad_time"),
    ]  # fmt: skip
    assert all(line["rule"] and line["remedy"] for line in body["refused"])


def test_refused_rows_can_be_inspected_by_their_source_only(served: Served, sender: Sender, other: Sender) -> None:
    sender.post(columns(sender.streams[0], 1.0, 999.0))
    own = served.http.get("/api/v1/quarantine", headers=sender.headers).json()
    assert [(row["source"], row["stream"], row["value"], row["code"]) for row in own] == [
        (sender.name, sender.streams[0], "999.0", "bad_value")
    ]
    assert served.http.get("/api/v1/quarantine", headers=other.headers).json() == []


def test_a_body_of_refused_rows_only_is_422(sender: Sender) -> None:
    body = assert_problem(sender.post(columns("nobody", 1.0, 2.0)), 422, "bad_value")
    assert (body["accepted"], body["refused_count"], len(body["refused"]), body["seq"]) == (0, 2, 2, None)


def test_at_most_a_hundred_refusals_are_listed_and_all_are_counted(sender: Sender) -> None:
    body = sender.post(columns(sender.streams[0], 1.0, *[1000.0] * 59, *[-1.0] * 59)).json()
    assert (body["accepted"], body["refused_count"], len(body["refused"])) == (1, 118, 100)


def test_units_are_converted(served: Served, sender: Sender) -> None:
    assert sender.post(columns(sender.streams[0], 1.0, unit="cm")).status_code == 200
    assert [row["value"] for row in stored(served, sender)] == [10.0]


def test_a_wrong_unit_refuses_the_row(sender: Sender) -> None:
    body = assert_problem(sender.post(columns(sender.streams[0], 1.0, unit="Cel")), 422, "bad_value")
    assert body["refused"][0]["code"] == "bad_unit"


def test_delivering_twice_is_taken_twice_and_raises_nothing_twice(served: Served, sender: Sender, admin: str) -> None:
    storm = columns(sender.streams[0], 120.0)
    first, second = sender.post(storm), sender.post(storm)
    assert second.json()["seq"] > first.json()["seq"]
    conflicting = sender.post(columns(sender.streams[0], 0.0))
    assert conflicting.status_code == 200

    def evaluated() -> bool:
        return int(served.http.get("/readyz").json()["consumed_seq"]) >= conflicting.json()["seq"]

    served.wait(evaluated, "evaluation")
    answer = served.http.get(
        "/api/v1/signals", params={"stream": sender.streams[0]}, headers={"Authorization": f"Bearer {admin}"}
    )
    raised = [line for line in answer.json() if not line["quality"]]
    assert len({line["rule"] for line in raised}) == len(raised) >= 1
    assert max(line["level"] for line in raised) == 4


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", JSON), (b"[]", JSON), (b"{}", JSON), (b"\xff\xfe", JSON), (b"", JSON),
        (b'{"stream":["a"],"observed_at":[],"value":[1]}', JSON), (b'{"stream":[' + b"[" * 5000, JSON),
        (b'{"stream":["a"],"observed_at":[1],"value":[1],"x":1}', JSON),
        (b"", ARROW), (b"ARROW1\0\0", ARROW), (b"\xff\xff\xff\xff\x10\0\0\0garbage", ARROW),
    ],
)  # fmt: skip
def test_malformed_bodies_are_400_and_harm_nobody(sender: Sender, body: bytes, kind: str) -> None:
    assert_problem(sender.post(body, kind), 400, "bad_form")
    assert sender.post(columns(sender.streams[0], 1.0)).status_code == 200


def test_half_an_arrow_body_is_400(sender: Sender) -> None:
    whole = arrow(sender.streams[0], [1.0] * 100)
    for cut in (8, len(whole) // 2, len(whole) - 100):
        assert_problem(sender.post(whole[:cut], ARROW), 400, "bad_form")


def test_a_gigantic_body_is_413(served: Served, sender: Sender) -> None:
    assert_problem(sender.post(b" " * (BODY_LIMIT + 1)), 413, "too_big")
    pieces = (b" " * 65536 for _ in range(64))
    answer = served.http.post("/api/v1/observations", content=pieces, headers={**sender.headers, "Content-Type": JSON})
    assert_problem(answer, 413, "too_big")


def test_another_content_type_is_415(sender: Sender) -> None:
    assert_problem(sender.post(b"a,b", "text/csv"), 415, "bad_form")


def test_another_method_is_405(served: Served) -> None:
    answer = served.http.get("/api/v1/observations")
    assert_problem(answer, 405, "bad_form")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("header", [None, "Basic eA==", "Bearer", "Bearer tcs_wrong"])
def test_without_a_good_token_it_is_401(served: Served, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = served.http.post("/api/v1/observations", content=b"{}", headers=headers)
    assert_problem(answer, 401, "not_allowed")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_source_cannot_deliver_for_another(served: Served, sender: Sender, other: Sender) -> None:
    body = assert_problem(other.post(columns(sender.streams[0], 1.0)), 422, "bad_value")
    assert body["refused"][0]["code"] == "not_allowed"


def test_integers_of_the_catalogue_name_streams(served: Served, sender: Sender) -> None:
    indices = served.http.get("/api/v1/streams/indices", headers=sender.headers).json()
    assert sorted(indices) == sorted(sender.streams)
    assert sender.post(columns(indices[sender.streams[0]], 7.0)).status_code == 200
    assert [row["value"] for row in stored(served, sender)] == [7.0]
