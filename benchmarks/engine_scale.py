"""How the engine grows: streams, rules, state on restart, shards in processes of their own.

    python benchmarks/engine_scale.py [--streams 1000000] [--rounds 3]

Observations are made here (fixed seed): gauges that report once a minute, rules with windows up to an hour. Every measurement
is a process of its own (``--part``), so that peak memory is that part's alone. CPU seconds are compared, for the machine may
be shared; two shards are compared on the wall clock, taken in turn with one.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from child import Run, run
from report import Bar, Table, load, median
from tocsin.engine.language.parse import parse_rule
from tocsin.engine.language.rule import Rule
from tocsin.engine.plan_memory import Load, held_memory, plan_memory
from tocsin.engine.runner import Engine
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Source, Stream

MINUTE = 60_000_000
START = 1_760_000_000_000_000 // MINUTE * MINUTE
CELLS = 1000
FIVE: tuple[dict[str, Any], ...] = (
    {"level": {"blue": "value >= 14 m"}, "hold": "3min", "clear": "value <= 12 m"},
    {"level": {"blue": "rate(30min, over 5min) >= 0.02 m/s"}},
    {"level": {"blue": "sum(1h) >= 700 m"}},
    {"level": {"blue": "silent(10min)"}},
    {"level": {"blue": "how_many(value >= 14 m, 30min) >= 3"}, "per": "cell"},
)
WINDOWS = ("10min", "20min", "30min", "1h")


def rules_of(number: int) -> list[Rule]:
    """The five, then rules over four shared windows with thresholds of their own."""
    texts = list(FIVE[:number])
    for k in range(number - len(texts)):
        how, limit = (("mean", 13), ("sum", 700), ("delta", 6))[k % 3]
        texts.append({"level": {"blue": f"{how}({WINDOWS[k % 4]}) >= {limit + k} m"}})
    title = {"en": "scale", "zh-hans": "scale"}
    fixed = {"version": 1, "hazard": "scale", "streams": {"property": "level"}, "source": "benchmark", "verified": True,
             "title": title, "why": title}  # fmt: skip
    return [
        parse_rule({"id": f"r{n}", **fixed, **text}, pack="scale", scheme=CHINA_FOUR_COLOUR, units={"level": "m"})
        for n, text in enumerate(texts)
    ]


def catalogue_of(streams: int) -> Catalogue:
    """Gauges of one source, one observation a minute each, spread over areas."""
    cells = [f"c{k}" for k in range(CELLS)]
    return Catalogue(
        [Source("s", "s", "s")],
        [Stream(f"g{k}", "s", f"g{k}", "level", "m", cell=cells[k % CELLS], cadence_s=60.0) for k in range(streams)],
    )


def records_of(streams: int, first: int, minutes: int, batch: int, seq: int) -> Iterator[Record]:
    """Minutes of all gauges in batches, a tick after each minute."""
    rng = np.random.default_rng(first)
    for minute in range(first, first + minutes):
        order = rng.permutation(streams).astype(np.int32)
        second = order.astype(np.int64) * 60 // streams * 1_000_000
        value = np.round(rng.normal(10.0, 1.0, streams) * 64) / 64
        for at in range(0, streams, batch):
            here = order[at : at + batch]
            columns = (here, START + minute * MINUTE + second[at : at + batch], value[at : at + batch],
                       np.zeros(len(here), np.uint8), START + minute * MINUTE + second[at : at + batch], None)  # fmt: skip
            yield Record(seq, RecordKind.OBSERVATIONS, 0, _batch(columns))
            seq += 1
        yield Record(seq, RecordKind.TICK, START + (minute + 1) * MINUTE)
        seq += 1


def _batch(columns: tuple[np.ndarray | None, ...]) -> pa.RecordBatch:
    made = []
    for number, values in enumerate(columns):
        kind, n = OBSERVATIONS.field(number).type, len(columns[0])  # type: ignore[arg-type]
        made.append(
            pa.nulls(n, kind) if values is None else pa.Array.from_buffers(kind, n, [None, pa.py_buffer(values)])
        )
    return pa.RecordBatch.from_arrays(made, schema=OBSERVATIONS)


# ---------------------------------------------------------------- the parts, each in a process of its own
def fed(engine: Engine, streams: int, first: int, minutes: int, batch: int) -> tuple[float, float]:
    """CPU and wall seconds an observation, making them left out."""
    cpu = wall = 0.0
    for record in records_of(streams, first, minutes, batch, engine.next_seq):
        begun, spent = time.perf_counter(), time.thread_time()
        engine.feed_columns(record)
        cpu, wall = cpu + time.thread_time() - spent, wall + time.perf_counter() - begun
    return cpu / (streams * minutes), wall / (streams * minutes)


def growth(streams: int, rules: int, minutes: int, batch: int) -> dict[str, float]:
    """Full windows first (an hour of minutes), then ``minutes`` measured."""
    many = rules_of(rules)
    engine = Engine(many, catalogue_of(streams))
    fed(engine, streams, 0, 62, batch)
    cpu, wall = fed(engine, streams, 62, minutes, batch)
    plan = plan_memory(many, Load(streams, MINUTE, CELLS, max(1, batch // streams)), streams)
    return {"cpu_ns": cpu * 1e9, "wall_ns": wall * 1e9, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "held": held_memory(engine), "predicted": plan.bytes, "state": plan.state}  # fmt: skip


def restart(streams: int, batch: int) -> dict[str, float]:
    """Snapshot of a full engine, its bytes on disk, and the way back."""
    rules = rules_of(5)
    engine = Engine(rules, catalogue_of(streams))
    fed(engine, streams, 0, 10, batch)
    with tempfile.NamedTemporaryFile() as file:
        begun = time.perf_counter()
        file.write(engine.snapshot())
        file.flush()
        written, spent = time.perf_counter(), time.process_time()
        again = Engine.restore(rules, Path(file.name).read_bytes())
        took = {"restart_s": time.perf_counter() - written, "restart_cpu_s": time.process_time() - spent}
        assert again.next_seq == engine.next_seq
        return took | {"snapshot_s": written - begun, "snapshot_mb": Path(file.name).stat().st_size / 1e6}


def shard(streams: int, minutes: int, batch: int) -> None:
    """Ready, then wait for a line, then run: so that two shards run at the same time."""
    engine = Engine(rules_of(5), catalogue_of(streams))
    fed(engine, streams, 0, 3, batch)
    records = list(records_of(streams, 3, minutes, batch, engine.next_seq))
    print("ready", flush=True)
    sys.stdin.readline()
    for record in records:
        engine.feed_columns(record)
    print("done", flush=True)


# ---------------------------------------------------------------- measuring
def measure(rounds: int, streams: int = 1_000_000) -> list[Table]:
    """Streams, rules, restart and shards."""
    return [_growth_table(streams), _restart_table(streams), _shard_table(rounds)]


def _part(*options: object) -> tuple[dict[str, float], Run]:
    with tempfile.TemporaryDirectory() as scratch:
        done = run((sys.executable, __file__, "--part", *map(str, options)), Path(scratch))
    if done.code:
        raise SystemExit(f"engine_scale {options} ended with {done.code}:\n{done.complaint[-2000:]}")
    return json.loads(done.said), done


def _growth_table(streams: int) -> Table:
    table = Table(
        f"Engine by streams and rules, one a minute, windows up to 1 h (load before: {load()})",
        (
            "case",
            "CPU ns an observation",
            "peak MB",
            "arrays MB",
            "predicted MB",
            "bytes a stream and rule, windows apart",
        ),
    )
    found = {}
    for number, rules in ((10_000, 5), (10_000, 100), (streams, 5)):
        name, batch = f"{number:,} streams, {rules} rules", 100_000
        figures, _ = _part("growth", number, rules, 20 if number < 100_000 else 3, batch)
        found[number, rules] = figures
        table.rows.append((name, figures["cpu_ns"], figures["peak_mb"], figures["held"] / 1e6, figures["predicted"] / 1e6,
                           figures["state"] / number / rules))  # fmt: skip
    few, many, wide = found[10_000, 5], found[10_000, 100], found[streams, 5]
    state, slower, dearer = wide["state"] / streams / 5, wide["cpu_ns"] / few["cpu_ns"], many["cpu_ns"] / few["cpu_ns"]
    table.bars = [
        Bar("state of 5 rules, windows apart", 400, state, " bytes a stream and rule", at_most=True, goal=True),
        Bar(f"{streams:,} streams, peak memory", 8192, wide["peak_mb"], " MB", at_most=True, goal=True),
        Bar(f"{streams:,} streams beside 10,000, CPU an observation", 2, slower, " x", at_most=True, goal=True),
        Bar("100 rules beside 5, CPU an observation", 20, dearer, " x", at_most=True, goal=True),
    ]
    table.held = all(figures["held"] <= 1.1 * figures["predicted"] for figures in found.values())
    table.notes = [
        "Arrays within 10 % of what was predicted, or fewer." if table.held else "MORE MEMORY THAN PREDICTED."
    ]
    return table


def _restart_table(streams: int) -> Table:
    figures, _ = _part("restart", streams, 0, 0, 100_000)
    table = Table(f"Restart with {streams:,} streams of state, 5 rules (load before: {load()})",
                  ("snapshot s", "snapshot MB", "restart s", "restart CPU s"))  # fmt: skip
    table.rows.append(tuple(figures[name] for name in ("snapshot_s", "snapshot_mb", "restart_s", "restart_cpu_s")))
    table.bars = [Bar(f"restart with {streams:,} streams", 10, figures["restart_s"], " s", at_most=True, goal=True)]
    return table


def _shard_table(rounds: int, streams: int = 10_000, minutes: int = 300) -> Table:
    table = Table(f"Shards of {streams:,} streams in processes of their own (load before: {load()})",
                  ("shards", "obs/s together"))  # fmt: skip
    speed: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for number in (1, 2):
            speed[number].append(number * streams * minutes / _together(number, streams, minutes))
    table.rows = [(str(number), median(found)) for number, found in speed.items()]
    gain = median(two / one for one, two in zip(speed[1], speed[2], strict=True))
    table.bars = [Bar("two shards beside one", 1.7, gain, " x", goal=True)]
    return table


def _together(number: int, streams: int, minutes: int) -> float:
    """Wall seconds until the last of them is done."""
    command = (sys.executable, __file__, "--part", "shard", str(streams), "5", str(minutes), "100000")
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(number)
    ]
    for child in children:
        _expect(child, "ready")
    begun = time.perf_counter()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        _expect(child, "done")
    took = time.perf_counter() - begun
    for child in children:
        child.communicate()
    return took


def _expect(child: subprocess.Popen[str], word: str) -> None:
    assert child.stdout is not None
    if child.stdout.readline().strip() != word:
        raise SystemExit(f"a shard did not get {word}")


def main() -> None:
    """All tables, or one part as JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--streams", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument(
        "--part", nargs=5, metavar=("NAME", "STREAMS", "RULES", "MINUTES", "BATCH"), help=argparse.SUPPRESS
    )
    chosen = options.parse_args()
    if not chosen.part:
        tables = measure(chosen.rounds, chosen.streams)
        print("\n\n".join(table.as_text() for table in tables))
        raise SystemExit(0 if all(table.held for table in tables) else 1)
    name, (streams, rules, minutes, batch) = chosen.part[0], map(int, chosen.part[1:])
    if name == "shard":
        shard(streams, minutes, batch)
    else:
        print(json.dumps(growth(streams, rules, minutes, batch) if name == "growth" else restart(streams, batch)))


if __name__ == "__main__":
    main()
