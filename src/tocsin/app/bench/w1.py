"""Workload W1: five rules over synthetic gauges, judged in event time with 30 s of lateness.

A data set folder holds ``obs.arrow`` (Arrow IPC file: stream int32, ts int64 ms, value float64, in arrival order) and
``meta.json`` (streams, cells, period_ms, t_end, params). The result is ``events.csv`` (rule,key,raise|clear,ms) and
``result.json``; the meaning of the rules R1..R5 is the workload's, written here in the rule language.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from tocsin.engine.judge import Changes
from tocsin.engine.language.parse import parse_rule
from tocsin.engine.language.rule import Rule
from tocsin.engine.runner import Engine
from tocsin.engine.ticks import with_ticks
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.terms.errors import BadForm
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Source, Stream

__all__ = ["RULES", "find_dataset", "run_w1", "w1_rules"]

RULES = ("R1", "R2", "R3", "R4", "R5")
TICK_US = 10_000_000
MS = 1000


def find_dataset(name: str) -> Path:
    """A folder as given, else one of that name under ``W1_DIR`` (the workload's own scratch folder). Raises BadForm."""
    scratch = Path(os.environ.get("W1_DIR") or Path(tempfile.gettempdir()) / "w1bench")
    for folder in (Path(name), scratch / name):
        if (folder / "meta.json").is_file() and (folder / "obs.arrow").is_file():
            return folder
    raise BadForm(f"data set {name}", "no folder with obs.arrow and meta.json", "make it with the workload's generator")


def w1_rules(params: dict[str, Any], which: tuple[str, ...] = RULES) -> list[Rule]:
    """The five rules of the workload for one data set's parameters."""
    p, above = params, f"value >= {params['r1_hi']!r} m"
    hold, rate, total, gap, near = (f"{p[key] / 1000:g}s" for key in
                                    ("r1_for_ms", "r2_win_ms", "r3_win_ms", "r4_gap_ms", "r5_win_ms"))  # fmt: skip
    span = f"{p['r2_min_span_ms'] / 1000:g}s"
    texts: dict[str, dict[str, Any]] = {
        "R1": {"level": {"blue": above}, "hold": hold, "clear": f"value <= {p['r1_lo']!r} m"},
        "R2": {"level": {"blue": f"rate({rate}, over {span}) >= {p['r2_rate']!r} m/s"}},
        "R3": {"level": {"blue": f"sum({total}) >= {p['r3_sum']!r} m"}},
        "R4": {"level": {"blue": f"silent({gap})"}},
        "R5": {"level": {"blue": f"how_many(value >= {p['r5_hi']!r} m, {near}) >= {p['r5_k']}"}, "per": "cell"},
    }
    title = {"en": "W1", "zh-hans": "W1"}
    return [
        parse_rule(
            {"id": name.lower(), "version": 1, "hazard": "w1", "streams": {"property": "level"}, "source": "W1",
             "verified": True, "title": title, "why": title} | texts[name],
            pack="w1", scheme=CHINA_FOUR_COLOUR, units={"level": "m"},
        )
        for name in which
    ]  # fmt: skip


def run_w1(dataset: Path, out: Path, *, batch: int = 100_000, which: tuple[str, ...] = RULES) -> dict[str, Any]:
    """Run the engine over a data set and write ``events.csv`` and ``result.json`` into ``out``. Returns the result.

    Times: ``decode`` reading Arrow into log batches, ``compile`` loading or compiling kernels on a thousand rows by a
    second engine, ``process`` all records through the engine until the last change is known.
    """
    meta = json.loads((dataset / "meta.json").read_text())
    rules = w1_rules(meta["params"], which)
    catalogue = _catalogue(meta)
    clock = time.perf_counter()
    records = list(with_ticks(_records(dataset, batch), TICK_US))
    decode = time.perf_counter() - clock
    clock = time.perf_counter()
    _warm(rules, catalogue, records)
    compile_ = time.perf_counter() - clock
    engine = Engine(rules, catalogue)
    changes: list[Changes] = []
    took = np.zeros(-(-meta["rows"] // batch))  # by batch; a tick may have cut one in two
    fed = 0
    spent = resource.getrusage(resource.RUSAGE_SELF)
    begun = clock = time.perf_counter()
    for record in records:
        changes += engine.feed_columns(record)
        fed_by, clock = clock, time.perf_counter()
        took[min(fed // batch, len(took) - 1)] += clock - fed_by
        fed += record.batch.num_rows if record.batch is not None else 0
    changes += engine.finish_columns(meta["t_end"] * MS)
    process = time.perf_counter() - begun
    now = resource.getrusage(resource.RUSAGE_SELF)
    out.mkdir(parents=True, exist_ok=True)
    events = _write_events(out / "events.csv", engine, changes)
    result = {
        "peer": "tocsin", "rows": meta["rows"], "events": events, "seconds": round(decode + process, 4),
        "timings": {"decode": round(decode, 4), "compile": round(compile_, 4), "process": round(process, 4)},
        "process_cpu_s": round(now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime, 4),
        "observations_per_s": round(meta["rows"] / process), "batch": batch, "rules": " ".join(which),
        "batch_ms": {name: round(float(np.percentile(took * 1e3, q)), 3) for name, q in (("p50", 50), ("p99", 99))},
        "mode": "streaming, event time, final judgement, one thread",
    }  # fmt: skip
    (out / "result.json").write_text(json.dumps(result, indent=1))
    return result


def _catalogue(meta: dict[str, Any]) -> Catalogue:
    source = Source("w1", "W1", "W1", lateness_s=meta["params"]["late_ms"] / 1000, synthetic=True)
    cadence = meta["period_ms"] / 1000
    streams = [
        Stream(f"s{i}", "w1", f"s{i}", "level", "m", cell=str(i % meta["cells"]), cadence_s=cadence)
        for i in range(meta["streams"])
    ]
    return Catalogue([source], streams)


def _records(dataset: Path, batch: int) -> Iterator[Record]:
    with pa.memory_map(str(dataset / "obs.arrow")) as file:
        table = ipc.open_file(file).read_all()
    for at in range(0, len(table), batch):
        part = table.slice(at, batch)
        n = len(part)
        when = pa.array(part["ts"].to_numpy() * MS, pa.timestamp("us", tz="UTC"))
        columns = [
            pa.array(part["stream"].to_numpy(), pa.int32()), when, pa.array(part["value"].to_numpy()),
            pa.array(np.zeros(n, np.uint8)), when, pa.nulls(n, pa.timestamp("us", tz="UTC")),
        ]  # fmt: skip
        yield Record(at // batch, RecordKind.OBSERVATIONS, 0, pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS))


def _warm(rules: list[Rule], catalogue: Catalogue, records: list[Record]) -> None:
    """Load the kernels' machine code, so that the first batch is not charged with it."""
    engine = Engine(rules, catalogue)
    assert records[0].batch is not None  # noqa: S101 - W1 has only observations and ticks, and begins with the former
    engine.feed_columns(Record(0, RecordKind.OBSERVATIONS, 0, records[0].batch.slice(0, 1000)))
    engine.feed_columns(Record(1, RecordKind.TICK, records[0].at_us))
    engine.finish_columns(0)


def _write_events(path: Path, engine: Engine, changes: list[Changes]) -> int:
    events = set()
    for change in changes:
        rule = change.rule.name.removeprefix("w1/").upper()
        rows = zip(change.slot.tolist(), change.at.tolist(), change.before.tolist(), strict=True)
        for slot, at, before in rows:
            key = engine.subject(change.rule, slot).key.removeprefix("s")
            events.add((rule, int(key), "raise" if before == 0 else "clear", at // MS))
    path.write_text("".join(f"{rule},{key},{kind},{at}\n" for rule, key, kind, at in sorted(events)))
    return len(events)
