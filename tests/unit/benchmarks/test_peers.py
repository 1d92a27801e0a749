"""The table of the peers says what was measured: an event missing or too many is named, and so is a bar not reached."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
OURS = ("peers", "report", "recorded", "child", "w1", "bars")


@pytest.fixture(scope="module")
def load() -> Iterator[Any]:
    """Import a module of benchmarks/, and leave none of their plain names behind for other tests."""
    pytest.importorskip("numpy")
    sys.path.insert(0, str(BENCHMARKS))

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield module
    sys.path.remove(str(BENCHMARKS))
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]


def run(match: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "peer": "x",
        "match": match,
        "seconds": 2.0,
        "cpu_s": 4.0,
        "peak_mb": 10,
        "load_before": 1.0,
        "events": 3,
    } | more


def outcome(load: Any, **rounds: list[dict[str, Any]]) -> Any:
    made = load("peers.race").Outcome({"rows": 1000, "streams": 10, "seconds": 100})
    for peer, runs in rounds.items():
        made.rounds[peer.replace("_", "-")] += runs
    return made


ENGINE = {"timings": {"process": 0.5}, "process_cpu_s": 0.4, "batch_ms": {"p99": 7.0}}
REFERENCE = {"R1": "2/2+0", "R2": "5/5+0"}


def test_the_worst_round_counts(load):
    race = load("peers.race")
    found = race.summarise(
        outcome(load, naive=[run(REFERENCE)], polars=[run({"R1": "1/2+0", "R2": "5/5+3"}), run(REFERENCE)])
    )
    assert found["polars"]["missing"] == {"R1": 1, "R2": 0}
    assert found["polars"]["extra"] == {"R1": 0, "R2": 3}
    assert not found["polars"]["equal"]
    assert load("peers.table").match(found["polars"]) == "R1 -1, R2 +3"


def test_a_rule_that_never_came_is_named(load):
    found = load("peers.race").summarise(outcome(load, naive=[run(REFERENCE)], pyflink=[run({"R1": "2/2+0"})]))
    assert load("peers.table").match(found["pyflink"]) == "no R2"


def test_an_engine_of_ours_that_reports_nothing_is_wrong_and_not_silent(load):
    table = load("peers.table")
    raced = outcome(load, naive=[run(REFERENCE)], tocsin=[run({}, **ENGINE)])
    document = table.document_of(raced, load("peers.race").summarise(raced), {}, [], at=_moment())
    made = table.make("s1m", document)
    assert not made.held
    assert made.rows[1][-1] == "no R1, no R2"


def test_medians_and_ratios(load):
    race, table = load("peers.race"), load("peers.table")
    raced = outcome(load, naive=[run(REFERENCE, cpu_s=100.0)],
                    tocsin=[run(REFERENCE, cpu_s=cpu, **ENGINE) for cpu in (9.0, 2.0, 4.0)])  # fmt: skip
    found = race.summarise(raced)
    assert found["tocsin"]["obs_per_cpu_s"] == 1000 / 4
    assert found["tocsin"]["engine_obs_per_s"] == 2000
    bars = {bar.what: bar for bar in table.bars("w10m", found)}
    beside = next(bar for what, bar in bars.items() if "naive" in what)
    assert beside.measured == 25
    assert "reached" in str(beside)
    assert "not reached" in str(next(bar for what, bar in bars.items() if "100,000" in what))


def test_prometheus_pays_for_every_second_of_evaluation(load):
    found = load("peers.race").summarise(
        outcome(load, naive=[run(REFERENCE)], prometheus=[run({}, cpu_s=1.0, cpu_s_ingest_plus_1s_rules=50.0)])
    )
    assert found["prometheus"]["obs_per_cpu_s"] == 20
    assert load("peers.table").match(found["prometheus"]) == "reports no edges"


def test_who_gave_no_result_stands_under_the_table_with_the_reason(load):
    table, race = load("peers.table"), load("peers.race")
    raced = outcome(load, naive=[run(REFERENCE)])
    race._take(
        raced,
        {"peer": "pyflink", "wall_s": 1.0, "load_before": 0.0, "error": "rc=1", "tail": "a\nno java here\n"},
        "s1m",
    )
    document = table.document_of(raced, race.summarise(raced), {"bytewax": "pip found no wheel"}, [], at=_moment())
    notes = "\n".join(table.make("s1m", document).notes)
    assert "PyFlink is not in the table: rc=1: no java here." in notes
    assert "Bytewax is not in the table: pip found no wheel." in notes


def test_a_run_of_one_set_keeps_the_others(load, tmp_path):
    table = load("peers.table")
    path = tmp_path / "peers.json"
    table.merge(path, {"w10m": {"at": "1"}, "s1m": {"at": "1"}})
    table.merge(path, {"w10m": {"at": "2"}})
    assert json.loads(path.read_text())["sets"] == {"s1m": {"at": "1"}, "w10m": {"at": "2"}}


def test_the_page_is_written_between_its_marks_only(load, tmp_path):
    table = load("peers.table")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.put_into(page, "new")
    assert page.read_text() == f"before\n{table.BEGIN}\n\nnew\n{table.END}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="no place for the table"):
        table.put_into(page, "new")


def test_bars_name_what_was_not_measured(load, tmp_path):
    bars = load("bars")
    assert {row[3] for row in bars.table(tmp_path).rows} == {"not measured"}
    made = {"at": "2026-01-01T00:00:00+00:00", "machine": ["load before: 0.5 0.5 0.5"], "tables": [
        {"title": "Ingest over HTTP", "bars": [{"what": "Arrow, bodies of 10,000 rows", "measured": 400_000.0}]}]}  # fmt: skip
    (tmp_path / "ingest.json").write_text(json.dumps(made))
    row = next(row for row in bars.table(tmp_path).rows if "Arrow, bodies" in row[0])
    assert row[3:5] == ("400,000/s", "NOT REACHED")


def test_no_path_of_a_machine_is_kept(load):
    raced = outcome(load)
    said = {
        "peer": "duckdb",
        "wall_s": 1.0,
        "load_before": 0.0,
        "error": "rc=1",
        "tail": "IOError: /tmp/a/b/obs.parquet is cut",
    }
    load("peers.race")._take(raced, said, "s1m")
    assert raced.failed["duckdb"] == "rc=1: IOError: .../obs.parquet is cut"


def _moment() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 1, 1, tzinfo=UTC)
