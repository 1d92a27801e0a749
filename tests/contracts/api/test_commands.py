"""Commands against a running product."""

from __future__ import annotations

import json
from pathlib import Path

from tests.contracts.api.conftest import Served

CATALOGUE = """
[[source]]
id = "files"
title = "Old gauges"
owner = "Water"

[[stream]]
id = "old-rain"
source = "files"
feature = "old"
property = "precipitation"
unit = "mm"
low = 0.0
high = 500.0
"""


def test_from_a_catalogue_and_a_file_to_an_answer_in_sql(served: Served, tmp_path: Path) -> None:
    catalogue, rain = tmp_path / "catalogue.toml", tmp_path / "rain.csv"
    catalogue.write_text(CATALOGUE)
    rows = [f"old-rain,2025-07-01T{hour:02d}:00:00Z,{hour}" for hour in range(24)]
    rain.write_text("\n".join(["stream,observed_at,value", *rows, "old-rain,2025-07-01T00:30:00Z,900", ""]))
    loaded = json.loads(served.tocsin("catalogue", "load", str(catalogue), "--json"))
    assert (loaded["sources"], loaded["streams"]) == (1, 1)
    listed = {line["id"]: line for line in json.loads(served.tocsin("sources", "list", "--json"))}
    assert (listed["files"]["title"], listed["files"]["streams"]) == ("Old gauges", 1)

    taken = json.loads(served.tocsin("ingest", str(rain), "--source", "files", "--json"))
    assert {name: taken[name] for name in ("rows", "accepted", "missing", "refused")} == {
        "rows": 25, "accepted": 24, "missing": 0, "refused": 1,
    }  # fmt: skip
    assert list(taken["reasons"].values()) == [1]
    sql = (
        "SELECT count(*) AS n, sum(value) AS total FROM observations JOIN streams USING (stream) WHERE id = 'old-rain'"
    )
    assert json.loads(served.tocsin("query", sql, "--json")) == [{"n": 24, "total": 276.0}]


def test_a_file_of_bad_rows_only_exits_1(served: Served, tmp_path: Path) -> None:
    served.tocsin("sources", "add", "lonely", "--title", "Lonely")
    bad = tmp_path / "bad.csv"
    bad.write_text("stream,observed_at,value\nnobody,2025-07-01T00:00:00Z,1\n")
    taken = json.loads(served.tocsin("ingest", str(bad), "--source", "lonely", "--json", code=1))
    assert (taken["accepted"], taken["refused"]) == (0, 1)
    served.tocsin("ingest", str(bad), "--source", "nobody", code=2)


def test_queries_only_read(served: Served) -> None:
    for sql in ("DROP VIEW observations", "SELECT * FROM read_text('/etc/passwd')", "SELEC 1", "SELECT 1; SELECT 2"):
        served.tocsin("query", sql, code=2)


def test_the_log_of_a_running_product_is_sound(served: Served) -> None:
    found = json.loads(served.tocsin("log", "verify", "--json"))
    assert found["damaged"] == []
    assert found["records"]["rules"] >= 1


def test_doctor_finds_a_running_product_sound(served: Served) -> None:
    found = json.loads(served.tocsin("doctor", "--json"))
    assert found["sound"] is True
    states = {line["check"]: line["state"] for line in found["findings"]}
    assert {states[check] for check in ("settings", "home", "database", "log", "engine")} == {"ok"}
    assert "tocsin" in found["versions"]


def test_doctor_says_what_does_not_answer_and_hides_the_password(served: Served) -> None:
    served.environment["TOCSIN_DATABASE"] = "postgresql://tocsin:hunter2@127.0.0.1:1/tocsin"
    try:
        answer = served.tocsin("doctor", "--json", code=1)
    finally:
        del served.environment["TOCSIN_DATABASE"]
    found = json.loads(answer)
    states = {line["check"]: line["state"] for line in found["findings"]}
    assert (states["database"], states["engine"]) == ("fault", "ok")
    assert "hunter2" not in answer
