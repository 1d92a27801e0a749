"""Reports and bulletins by the API: into the log, whole or not at all."""

from __future__ import annotations

import datetime
from typing import Any

from tests.contracts.api.conftest import Sender, Served
from tests.contracts.api.test_observations import assert_problem
from tocsin.geo import cell_of


def row(**other: Any) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    bucket = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    return {"category": "water_on_road", "cell": cell_of(120.0, 30.0), "bucket": bucket.isoformat(), "count": 2} | other


def test_counts_are_taken_and_words_are_not(served: Served, sender: Sender) -> None:
    taken = served.http.post("/api/v1/reports", json={"reports": [row()]}, headers=sender.headers)
    assert (taken.status_code, taken.json()["accepted"], taken.json()["withheld"]) == (200, 1, 0)
    assert taken.json()["seq"] >= 0
    for other, code in (({"category": "who_is_loud"}, "unknown_name"), ({"text": "in my kitchen"}, "bad_form")):
        answer = served.http.post("/api/v1/reports", json={"reports": [row(**other)]}, headers=sender.headers)
        assert_problem(answer, 422 if code == "unknown_name" else 400, code)


def test_a_bulletin_is_taken_and_only_a_source_sends_one(served: Served, sender: Sender) -> None:
    bulletin = {"id": "met-1", "issuer": "met.example", "hazard": "rainstorm", "rank": 3, "sent": "2026-07-20T01:00:00Z",
                "from": "2026-07-20T01:00:00Z", "until": "2026-07-20T07:00:00Z", "jurisdictions": ["simcity"]}  # fmt: skip
    assert served.http.post("/api/v1/bulletins", json=bulletin, headers=sender.headers).json()["seq"] >= 0
    assert_problem(served.http.post("/api/v1/bulletins", json=bulletin), 401, "not_allowed")
    answer = served.http.post("/api/v1/bulletins", json=bulletin | {"rank": 99}, headers=sender.headers)
    assert_problem(answer, 422, "bad_value")
