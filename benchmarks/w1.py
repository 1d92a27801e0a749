"""Workload W1: Tocsin beside naive Python, Polars and DuckDB on the same rows, and every event compared.

    python benchmarks/w1.py [s1m w10m l7m] [--rounds 3]

The workload's own generator, reference and runners are used (TOCSIN_BENCH_DATA, bench/detection). Naive Python is the
reference: its events are the truth. On sets above two million rows it runs once, the others --rounds times in turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from child import Run, run
from recorded import NotHere, folder
from report import Bar, Table, load, median

SETS = {"s1m": (1000, 1000), "w10m": (10_000, 1000), "l7m": (1000, 7200)}  # streams, seconds
PEERS = {"naive": "pyarrow", "polars": "polars", "duckdb": "duckdb"}  # what each needs installed
ONCE_ABOVE = 2_000_000
LATEST_MS = 29_900  # of a shuffled arrival; the workload promises that nothing comes 30 s late
PROVISIONAL = "provisional and final"  # of a runner's name: what is known before the late rows are in is said too
ALL, STREAM_RULES = "R1,R2,R3,R4,R5", "R1,R2,R3"
Events = dict[str, set[str]]


@dataclass(frozen=True)
class Runner:
    """One line of the table: a peer, or Tocsin in one way of running it."""

    name: str
    command: tuple[str, ...]
    rules: str = ALL
    batch: int = 0
    once: bool = False


@dataclass
class Measured:
    """The rounds of one runner: processes, their result files, and what was wrong with their events."""

    runs: list[Run] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    match: str = ""
    exact: bool = True


def measure(names: list[str], rounds: int) -> list[Table]:
    """One table a data set. Raises NotHere without the workload's folder."""
    workload = folder("bench", "detection")
    home = Path(os.environ.get("W1_DIR") or Path(tempfile.gettempdir()) / "w1bench")
    return [_measure_set(name, workload, home, rounds) for name in names]


def _measure_set(name: str, workload: Path, home: Path, rounds: int) -> Table:
    with tempfile.TemporaryDirectory() as folder_name:
        scratch = Path(folder_name)
        meta = prepare(name, workload, home)
        runners = _runners(name, workload, rows=int(meta["rows"]))
        before = load()
        measured: dict[str, Measured] = defaultdict(Measured)
        reference: Events = {}
        for number in range(rounds):
            for runner in runners:
                if runner.once and number:
                    continue
                done, events = _one(runner, name, workload, home, scratch)
                reference = reference or events
                _judge(measured[runner.name], runner, done, events, reference, scratch)
                print(f"  {name} {runner.name}: {done.wall_s:.1f} s, load {load()}", file=sys.stderr, flush=True)
    return _table(name, meta, runners, measured, before, rounds)


def _runners(name: str, workload: Path, *, rows: int) -> list[Runner]:
    peers = [
        Runner(
            peer, (sys.executable, str(workload / f"run_{peer}.py"), name), once=peer == "naive" and rows > ONCE_ABOVE
        )
        for peer, needs in PEERS.items()
        if importlib.util.find_spec(needs)
    ]
    ours = (sys.executable, "-m", "tocsin.app.cli", "bench", "w1")
    ways = (
        ("tocsin", name, ALL, 100_000),
        ("tocsin R1-R3", name, STREAM_RULES, 100_000),
        ("tocsin batches of 10,000", name, ALL, 10_000),
        ("tocsin shuffled arrival", f"{name}-shuffled", ALL, 100_000),
        (f"tocsin {PROVISIONAL}", name, ALL, 100_000),
        (f"tocsin {PROVISIONAL}, batches of 10,000", name, ALL, 10_000),
        (f"tocsin {PROVISIONAL}, shuffled arrival", f"{name}-shuffled", ALL, 100_000),
    )
    return peers + [Runner(way, (*ours, dataset), rules, batch) for way, dataset, rules, batch in ways]


def _one(runner: Runner, name: str, workload: Path, home: Path, scratch: Path) -> tuple[Run, Events]:
    out = scratch / "out"
    options = ("--batch", str(runner.batch), "--rules", runner.rules, "--json") if runner.batch else ()
    options += ("--provisional",) if PROVISIONAL in runner.name else ()
    for stale in ("events.csv", "result.json"):
        (out / stale).unlink(missing_ok=True)
    compiled = {
        "PYTHONPYCACHEPREFIX": str(home / "pycache"),
        "PYTHONDONTWRITEBYTECODE": "",
    }  # as installed programs start
    done = run((*runner.command, str(out), *options), scratch, env={"W1_DIR": str(home), **compiled}, cwd=workload)
    if done.code:
        raise SystemExit(f"{runner.name} on {name} ended with {done.code}:\n{done.complaint[-2000:]}")
    return done, read_events(out / "events.csv")


def read_events(path: Path) -> Events:
    """Rule -> its lines."""
    events: Events = defaultdict(set)
    for line in path.read_text().splitlines():
        events[line[:2]].add(line)
    return events


def _judge(into: Measured, runner: Runner, done: Run, events: Events, reference: Events, scratch: Path) -> None:
    into.runs.append(done)
    into.results.append(json.loads((scratch / "out" / "result.json").read_text()))
    lacking = {rule: len(reference[rule] - events[rule]) for rule in runner.rules.split(",")}
    extra = {rule: len(events[rule] - reference[rule]) for rule in events}
    if any(lacking.values()) or any(extra.values()):
        into.exact = False
        into.match = ", ".join(
            f"{rule} -{lacking.get(rule, 0)} +{extra.get(rule, 0)}"
            for rule in sorted({*lacking, *extra})
            if lacking.get(rule) or extra.get(rule)
        )
    elif into.exact:
        into.match = f"all {sum(len(reference[rule]) for rule in runner.rules.split(',')):,}"


def _table(
    name: str, meta: dict[str, float], runners: list[Runner], measured: dict[str, Measured], before: str, rounds: int
) -> Table:
    rows = float(meta["rows"])
    wall = {who: rows / median(r["seconds"] for r in m.results) for who, m in measured.items()}
    cpu = {who: rows / median(r.cpu_s for r in m.runs) for who, m in measured.items()}
    table = Table(
        f"W1 {name}: {rows:,.0f} observations, {meta['streams']:,} streams, {meta['seconds']:,} s of event time "
        f"(load before: {before})",
        ("runner", "rules", "rounds", "obs/s wall", "x naive", "obs/CPU-s whole process", "x naive", "obs/s engine only",
         "obs/CPU-s engine only", "ms a batch p50", "p99", "peak MB", "events equal to the reference"),
    )  # fmt: skip
    for runner in runners:
        m = measured[runner.name]
        engine, engine_cpu, p50, p99 = _engine_only(m, rows) if runner.batch else (None, None, None, None)
        table.rows.append((
            runner.name, len(runner.rules.split(",")), str(len(m.runs)), wall[runner.name], wall[runner.name] / wall["naive"],
            cpu[runner.name], cpu[runner.name] / cpu["naive"], engine, engine_cpu, p50, p99,
            median(r.peak_mb for r in m.runs), m.match,
        ))  # fmt: skip
    table.rows = [tuple(str(v) if n in (1, 2) else v for n, v in enumerate(row)) for row in table.rows]
    table.bars = _bars(name, measured, rows, cpu)
    table.notes = [f"{peer} is not installed: not measured." for peer in PEERS if peer not in {r.name for r in runners}]
    table.notes.append(f"Shuffled arrival: every row up to {LATEST_MS / 1000:g} s later than its moment, at random.")
    busiest = max(r["process_cpu_s"] / r["timings"]["process"] for who, m in measured.items() if who.startswith("tocsin")
                  for r in m.results)  # fmt: skip
    table.notes.append(
        f"Cores the engine kept busy: at most {busiest:.2f} (one thread; under 1 where it had to share)."
    )
    table.notes += [_said(who, m.results[-1]["provisional"]) for who, m in measured.items() if PROVISIONAL in who]
    table.held = all(m.exact for who, m in measured.items() if who.startswith("tocsin"))
    if rounds == 1:
        table.notes.append("One round only: no median.")
    return table


def _said(who: str, said: dict[str, Any]) -> str:
    """How much sooner the provisional word is, in the workload's own time (as fine as a batch is long)."""
    ahead, final = (said.get(f"{kind}_delay_s", {"p50": 0.0, "p99": 0.0}) for kind in ("provisional", "final"))
    return (f"{who}: {said['raised']:,} signals said ahead, {said['confirmed']:,} confirmed, {said['retracted']:,} retracted; "
            f"from observation to word p50 {ahead['p50']:g} s, p99 {ahead['p99']:g} s provisionally, "
            f"p50 {final['p50']:g} s, p99 {final['p99']:g} s finally.")  # fmt: skip


def _engine_only(m: Measured, rows: float) -> tuple[float, float, float, float]:
    """From Arrow batches in memory to the last change known: reading the file and start-up left out."""
    return (rows / median(r["timings"]["process"] for r in m.results),
            rows / median(r["process_cpu_s"] for r in m.results),
            median(r["batch_ms"]["p50"] for r in m.results), median(r["batch_ms"]["p99"] for r in m.results))  # fmt: skip


def _bars(name: str, measured: dict[str, Measured], rows: float, cpu: dict[str, float]) -> list[Bar]:
    stream_rules, _, _, _ = _engine_only(measured["tocsin R1-R3"], rows)
    five, _, _, _ = _engine_only(measured["tocsin"], rows)
    small, _, _, p99 = _engine_only(measured["tocsin batches of 10,000"], rows)
    bars = [
        Bar(f"{name}, three stream rules, Arrow batches of 100,000, one core", 2_000_000, stream_rules),
        Bar(f"{name}, all five rules, batches of 100,000, one core", 5_000_000, five, goal=True),
        Bar(f"{name}, all five rules, batches of 10,000", 1_000_000, small, goal=True),
        Bar(f"{name}, p99 of a batch of 10,000", 20, p99, " ms", at_most=True, goal=True),
    ]
    if rows <= ONCE_ABOVE:  # start-up drowns the ratios of whole processes
        return bars
    bars.append(Bar(f"{name}, per CPU-second beside naive", 20, cpu["tocsin"] / cpu["naive"], " x", goal=True))
    if "polars" in cpu:
        bars.append(Bar(f"{name}, per CPU-second beside Polars", 5, cpu["tocsin"] / cpu["polars"], " x", goal=True))
    return bars


def prepare(name: str, workload: Path, home: Path) -> dict[str, float]:
    """Make the data set and its shuffled twin where they are not yet there (fixed seeds: always the same); its meta.json."""
    path = home / name / "meta.json"
    if not path.is_file():
        streams, seconds = SETS[name]
        command = (sys.executable, str(workload / "gen.py"), name, "--streams", str(streams), "--seconds", str(seconds))
        with tempfile.TemporaryDirectory() as scratch:
            done = run(command, Path(scratch), env={"W1_DIR": str(home)}, cwd=workload)
        if done.code:
            raise SystemExit(f"the generator ended with {done.code}:\n{done.complaint[-2000:]}")
    _shuffled(home / name, home / f"{name}-shuffled")
    meta: dict[str, float] = json.loads(path.read_text())
    return meta


def _shuffled(original: Path, into: Path) -> None:
    """The same rows in another order of arrival: each up to LATEST_MS after its moment, uniformly at random."""
    if (into / "meta.json").is_file():
        return
    into.mkdir(parents=True, exist_ok=True)
    with pa.memory_map(str(original / "obs.arrow")) as file:
        table = ipc.open_file(file).read_all()
        moments = table["ts"].to_numpy()
        delay = np.random.default_rng(20261122).integers(0, LATEST_MS, len(moments))
        table = table.take(np.argsort(moments + delay, kind="stable"))
        with pa.OSFile(str(into / "obs.arrow"), "wb") as sink, ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=1 << 17)
    (into / "meta.json").write_text((original / "meta.json").read_text())


def main() -> None:
    """Run and print; ends with 1 where our events differ from the reference."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="*", default=["s1m", "w10m"], metavar="SET", help=", ".join(SETS))
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    if unknown := [name for name in chosen.sets if name not in SETS]:
        options.error(f"no data set {unknown[0]!r} in W1; there are {', '.join(SETS)}")
    try:
        tables = measure(chosen.sets, chosen.rounds)
    except NotHere as reason:
        raise SystemExit(f"W1 is left out: {reason}") from reason
    print("\n\n".join(table.as_text() for table in tables))
    raise SystemExit(0 if all(table.held for table in tables) else 1)


if __name__ == "__main__":
    main()
