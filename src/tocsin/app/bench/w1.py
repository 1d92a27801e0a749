"""Workload W1: five rules over synthetic gauges, judged in event time with 30 s of lateness.

A data set folder holds ``obs.arrow`` (Arrow IPC file: stream int32, ts int64 ms, value float64, in arrival order) and
``meta.json`` (streams, cells, period_ms, t_end, params). The result is ``events.csv`` (rule,key,raise|clear,ms) and
``result.json``; the meaning of the rules R1..R5 is the workload's, written here in the rule language.
"""

from __future__ import annotations

import gc
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from tocsin.app.bench.said_ahead import SaidAhead
from tocsin.engine.judge import Changes
from tocsin.engine.language.parse import parse_rule
from tocsin.engine.language.rule import Rule
from tocsin.engine.provisional.engine import ProvisionalEngine
from tocsin.engine.runner import Engine
from tocsin.engine.state.frame import without_collecting
from tocsin.engine.ticks import with_ticks
from tocsin.formats.arrow import OBSERVATIONS, values_of
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


def run_w1(
    dataset: Path, out: Path, *, batch: int = 100_000, which: tuple[str, ...] = RULES, provisional: bool = False
) -> dict[str, Any]:
    """Run the engine over a data set and write ``events.csv`` and ``result.json`` into ``out``. Returns the result.

    Times: ``decode`` reading Arrow into log batches, ``compile`` loading or compiling kernels on a thousand rows by a
    second engine, ``process`` all records through the engine until the last change is known. ``provisional``: also say what
    is known before the late rows are in; the events written stay the final ones.
    """
    meta = json.loads((dataset / "meta.json").read_text())
    rules = w1_rules(meta["params"], which)
    with without_collecting():
        catalogue = _catalogue(meta)
        clock = time.perf_counter()
        _warm(rules, catalogue)
        compile_ = time.perf_counter() - clock
        engine = ProvisionalEngine(rules, catalogue) if provisional else Engine(rules, catalogue)
    gc.freeze()  # streams and rules stay to the end
    ahead = SaidAhead()
    changes: list[Changes] = []
    took = np.zeros(-(-meta["rows"] // batch))  # by batch; a tick may have cut one in two
    fed, decode, process, process_cpu = 0, 0.0, 0.0, 0.0
    records = with_ticks(_records(dataset, batch), TICK_US)
    while True:
        clock = time.perf_counter()
        record: Record | None = next(records, None)
        decoded, spent = time.perf_counter(), time.thread_time()
        decode += decoded - clock
        if record is None:
            break
        if isinstance(engine, ProvisionalEngine):
            finals, told = engine.feed_columns(record)
            ahead.note(record, told)
            changes += finals
        else:
            changes += engine.feed_columns(record)
        process_cpu += time.thread_time() - spent
        took[min(fed // batch, len(took) - 1)] += time.perf_counter() - decoded
        fed += record.batch.num_rows if record.batch is not None else 0
    clock, spent = time.perf_counter(), time.thread_time()
    finished = engine.finish_columns(meta["t_end"] * MS)
    if isinstance(finished, tuple):
        ahead.note(None, finished[1])
    changes += finished[0] if isinstance(finished, tuple) else finished
    process = float(took.sum()) + time.perf_counter() - clock
    process_cpu += time.thread_time() - spent
    out.mkdir(parents=True, exist_ok=True)
    final = engine.final if isinstance(engine, ProvisionalEngine) else engine
    events = _write_events(out / "events.csv", final, changes)
    result = {
        "peer": "tocsin", "rows": meta["rows"], "events": events, "seconds": round(decode + process, 4),
        "timings": {"decode": round(decode, 4), "compile": round(compile_, 4), "process": round(process, 4)},
        "process_cpu_s": round(process_cpu, 4),
        "observations_per_s": round(meta["rows"] / process), "batch": batch, "rules": " ".join(which),
        "batch_ms": {name: round(float(np.percentile(took * 1e3, q)), 3) for name, q in (("p50", 50), ("p99", 99))},
        "mode": f"streaming, event time, {'provisional and ' if provisional else ''}final judgement, one thread",
    }  # fmt: skip
    if provisional:
        result["provisional"] = ahead.figures()
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
    """Rows as the log holds them, read as they are needed. The memory of a record is used again for the next: the engine
    reads a record while it is fed, and keeps copies."""
    stream, moment, value = np.empty(batch, np.int32), np.empty(batch, np.int64), np.empty(batch)
    whole, number = _batch(stream, moment, value), 0
    with pa.memory_map(str(dataset / "obs.arrow")) as file:
        for n, parts in _cut(ipc.open_file(file), batch):
            at = 0
            for part in parts:
                end = at + part.num_rows
                stream[at:end], value[at:end] = values_of(part, "stream"), values_of(part, "value")
                np.multiply(values_of(part, "ts"), MS, out=moment[at:end])
                at = end
            yield Record(number, RecordKind.OBSERVATIONS, 0, whole.slice(0, n))
            number += 1


def _cut(file: ipc.RecordBatchFileReader, batch: int) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
    """The file's own batches cut into such as hold ``batch`` rows together, the last what is left."""
    have, parts = 0, []
    for number in range(file.num_record_batches):
        rows, at = file.get_batch(number), 0
        while at < rows.num_rows:
            part = rows.slice(at, batch - have)
            at, have = at + part.num_rows, have + part.num_rows
            parts.append(part)
            if have == batch:
                yield have, parts
                have, parts = 0, []
    if have:
        yield have, parts


def _batch(stream: np.ndarray, micros: np.ndarray, value: np.ndarray) -> pa.RecordBatch:
    """Good observations. Arrays are made from buffers: ``pyarrow.array`` would import pandas first."""
    n = len(stream)

    def column(number: int, values: np.ndarray | None) -> pa.Array:
        kind = OBSERVATIONS.field(number).type
        return pa.nulls(n, kind) if values is None else pa.Array.from_buffers(kind, n, [None, pa.py_buffer(values)])

    columns = (stream, micros, value, np.zeros(n, np.uint8), micros, None)
    return pa.RecordBatch.from_arrays([column(k, each) for k, each in enumerate(columns)], schema=OBSERVATIONS)


def _warm(rules: list[Rule], catalogue: Catalogue) -> None:
    """Load the kernels' machine code, so that the first batch is not charged with it."""
    engine = Engine(rules, Catalogue(catalogue.sources.values(), catalogue.streams[:2]))
    batch = _batch(np.array([0, 1], np.int32), np.array([1, 1]), np.array([1e9, 0.0]))
    engine.feed_columns(Record(0, RecordKind.OBSERVATIONS, 0, batch))
    engine.feed_columns(Record(1, RecordKind.TICK, 1))
    engine.finish_columns(0)


def _write_events(path: Path, engine: Engine, changes: list[Changes]) -> int:
    """Each event once, by rule, key, kind and moment."""
    by_rule: dict[str, list[Changes]] = {}
    for change in changes:
        by_rule.setdefault(change.rule.name, []).append(change)
    lines: list[str] = []
    for name in sorted(by_rule):
        own = by_rule[name]
        slot, at, before = (np.concatenate([getattr(each, part) for each in own]) for part in ("slot", "at", "before"))
        used, place = np.unique(slot, return_inverse=True)
        keys = [int(engine.subject(own[0].rule, each).key.removeprefix("s")) for each in used.tolist()]
        rows = np.stack([np.array(keys, np.int64)[place], before == 0, at // MS])
        rows = rows[:, np.lexsort(rows[::-1])]
        first = np.append(True, (rows[:, 1:] != rows[:, :-1]).any(axis=0))
        rule = name.removeprefix("w1/").upper()
        lines += [
            f"{rule},{key},{'raise' if up else 'clear'},{ms}\n"
            for key, up, ms in zip(*rows[:, first].tolist(), strict=True)
        ]
    path.write_text("".join(lines))
    return len(lines)
