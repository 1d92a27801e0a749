"""Backtest at scale: 30 days of 10,000 gauges at one observation a minute, 432 million, through the real command.

    python benchmarks/backtest_scale.py [--days 30] [--streams 10000] [--keep FOLDER] [--shards 1]

The history is made first (its time is printed apart) in the form in which a deployment keeps what its log has sealed: Parquet
by day, catalogue and ticks among the observations. Rivers swing by the day, tremble, rise in floods that take whole cells, and
gauges fall silent; everything from one seed. Then ``tocsin backtest`` runs as a user runs it, five rules over every gauge, and
wall clock, CPU seconds and peak memory over all its processes are printed. Bar (engine.md section 7): 5 minutes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recorded import scratch as disk
from report import Bar, Table, load, machine
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.observe.log.history import ROWS, Rolled
from tocsin.terms.record import RecordKind
from tocsin.terms.stream import Source, Stream

SEED = 20260726
PACK = Path(__file__).parent / "gauges"
BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
CELL_STREAMS = 50
DAY_MIN = 1440
SECOND_US, DAY_US = 1_000_000, 86_400_000_000
FLOOD_AT = 3.5  # metres: what the truth calls a flood of a cell
BAR_S = 300.0


def write_history(root: Path, streams: int, days: int) -> int:
    """A TOCSIN_HOME with a history, and truth.csv beside it. Returns the number of observations."""
    floods = _floods(streams, days)
    _write_truth(root / "truth.csv", floods)
    workers = min(len(os.sched_getaffinity(0)), days)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_write_day, root, streams, day, floods) for day in range(days)]
        notes = [job.result() for job in jobs]
    (root / "parquet" / "rolled").mkdir()
    (root / "log").mkdir()
    for note in notes:
        path = root / "parquet" / "rolled" / f"{note.first_seq:020d}.json"
        path.write_bytes(msgspec.json.encode(note))
    return sum(note.rows for note in notes) - 1 - days * DAY_MIN


def _floods(streams: int, days: int) -> np.ndarray:
    """(cell, minute of the beginning, hours of the rise, hours of the fall, metres), about two a cell and month."""
    random = np.random.default_rng(SEED)
    cells = -(-streams // CELL_STREAMS)
    count = max(3, round(cells * days / 15))
    return np.stack([
        random.integers(0, cells, count).astype(float), random.uniform(0, days * DAY_MIN, count),
        random.uniform(0.5, 6, count), random.uniform(4, 20, count), random.gamma(4, 0.6, count),
    ], axis=1)  # fmt: skip


def _write_truth(path: Path, floods: np.ndarray) -> None:
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("start", "end", "hazard", "place", "level"))
        for cell, minute, rise, fall, metres in floods[np.argsort(floods[:, 1])]:
            if (over := 1.5 + metres - FLOOD_AT) > 0:  # the mean gauge of the cell passes the mark
                start = minute + rise * 60 * (1 - over / metres)
                end = minute + rise * 60 + fall * 60 * np.log((metres) / (FLOOD_AT - 1.5))
                level = "red" if over > 1.5 else "orange" if over > 0.5 else "yellow"
                moments = [(BEGAN + timedelta(minutes=float(m))).isoformat() for m in (start, end)]
                out.writerow((*moments, "river_flood", f"cell{int(cell)}", level))


def _write_day(root: Path, streams: int, day: int, floods: np.ndarray) -> Rolled:
    """One file: the day's rows in order of arrival, a tick a minute, on day 0 the catalogue before all."""
    random = np.random.default_rng([SEED, day])
    second = np.random.default_rng([SEED, 1 << 20]).integers(0, 60, streams)  # when in a minute a gauge reports
    order = np.argsort(second, kind="stable").astype(np.int32)
    values, heard = _values(random, streams, day, floods, order)
    began_us = int(BEGAN.timestamp()) * SECOND_US + day * DAY_US
    name = f"rows/day={(BEGAN + timedelta(days=day)).date().isoformat()}/{_seq(day):020d}-0000.parquet"
    path = root / "parquet" / name
    path.parent.mkdir(parents=True)
    rows = 0
    words = ["kind", "seq", "logged_at", "observed_at", "received_at"]
    with pq.ParquetWriter(path, ROWS, compression="zstd", use_dictionary=words) as out:
        if day == 0:
            rows += _write(out, _catalogue_row(streams, began_us))
        for hour in range(24):  # an hour at a time keeps memory flat
            tables = []
            for minute in range(hour * 60, hour * 60 + 60):
                at = np.flatnonzero(heard[minute])
                observed = began_us + minute * 60 * SECOND_US + second[order[at]] * SECOND_US
                seq = _seq(day) + 1 + minute * 61 + second[order[at]]
                tables.append(_rows(seq, observed, order[at], values[minute, at]))
                tables.append(_tick(_seq(day) + minute * 61 + 61, began_us + (minute + 1) * 60 * SECOND_US))
            rows += _write(out, pa.concat_tables(tables))
    return Rolled(_seq(day), _seq(day + 1), [name], rows)


def _seq(day: int) -> int:
    return day * (DAY_MIN * 61 + 1)


def _values(
    random: np.random.Generator, streams: int, day: int, floods: np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Metres by minute and position in the order of arrival, and whether the gauge was heard."""
    own = np.random.default_rng([SEED, 1 << 21])
    base, gain, phase = own.normal(1.5, 0.2, streams), own.uniform(0.7, 1.3, streams), own.uniform(0, 6.28, streams)
    minutes = day * DAY_MIN + np.arange(DAY_MIN)
    value = base[order] + 0.1 * np.sin(2 * np.pi * minutes[:, None] / DAY_MIN + phase[order])
    value += 0.01 * random.standard_normal(value.shape, np.float32)
    cell = order // CELL_STREAMS
    for number, minute, rise, fall, metres in floods:
        since = (minutes - minute) / 60
        if since[-1] < 0 or since[0] > rise + 8 * fall:
            continue
        wave = np.where(since < 0, 0, np.where(since < rise, since / rise, np.exp(-(since - rise) / fall))) * metres
        members = np.flatnonzero(cell == int(number))
        value[:, members] += wave[:, None] * gain[order[members]]
    spikes = random.integers(0, value.size, value.size // 200_000)
    value.flat[spikes] += 4.0
    heard = np.ones(value.shape, bool)
    for gauge in random.integers(0, streams, streams // 100):  # one gauge in a hundred is down for a while
        first = random.integers(0, DAY_MIN)
        heard[first : first + random.integers(10, 240), gauge] = False
    return np.round(value, 2), heard


def _rows(seq: np.ndarray, observed: np.ndarray, stream: np.ndarray, value: np.ndarray) -> pa.Table:
    n, moment = len(stream), pa.timestamp("us", tz="UTC")
    received = pa.array(observed + 2 * SECOND_US).cast(moment)
    return pa.Table.from_arrays([
        pa.array(seq.astype(np.int64)), _kind(RecordKind.OBSERVATIONS, n), received, pa.array(stream),
        pa.array(observed).cast(moment), pa.array(value), pa.array(np.zeros(n, np.uint8)), received, pa.nulls(n, moment),
        pa.nulls(n, pa.binary()),
    ], schema=ROWS)  # fmt: skip


def _tick(seq: int, at_us: int) -> pa.Table:
    return _other(RecordKind.TICK, seq, at_us, b"")


def _catalogue_row(streams: int, at_us: int) -> pa.Table:
    source = Source("gauges", "Gauges", "benchmark", synthetic=True)
    rows = [
        Stream(f"gauge{n}", "gauges", f"gauge{n}", "river_stage", "m", lon=100 + n % 100 / 50, lat=30 + n // 100 / 50,
               cell=f"cell{n // CELL_STREAMS}", low=-5, high=30, cadence_s=60)
        for n in range(streams)
    ]  # fmt: skip
    return _other(RecordKind.CATALOGUE, 0, at_us, catalogue_body([source], rows))


def _other(kind: RecordKind, seq: int, at_us: int, body: bytes) -> pa.Table:
    moment = pa.array([at_us]).cast(pa.timestamp("us", tz="UTC"))
    empty = [pa.nulls(1, ROWS.field(name).type) for name in ROWS.names[3:-1]]
    columns = [pa.array([seq]), _kind(kind, 1), moment, *empty, pa.array([body], pa.binary())]
    return pa.Table.from_arrays(columns, schema=ROWS)


def _kind(kind: RecordKind, n: int) -> pa.DictionaryArray:
    kinds = [each.value for each in RecordKind]
    return pa.DictionaryArray.from_arrays(np.full(n, kinds.index(kind.value), np.int8), pa.array(kinds))


def _write(out: pq.ParquetWriter, table: pa.Table) -> int:
    out.write_table(table, row_group_size=1 << 17)
    return table.num_rows


class Peak(threading.Thread):
    """Resident memory of a process and its children, sampled; pages that several share count once each (PSS)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak_mb, self.over = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            self.peak_mb = max(self.peak_mb, sum(_pss_mb(pid) for pid in _family(self.pid)))


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _family(int(child)))]


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def measure(root: Path, rows: int, shards: int) -> Table:
    """The real command, once."""
    import subprocess

    before = load()
    command = [sys.executable, "-m", "tocsin.app.cli", "backtest", str(PACK), str(root), "--truth", str(root / "truth.csv"),
               "--json", *(["--shards", str(shards)] if shards else [])]  # fmt: skip
    begun = time.perf_counter()
    with (root / "said.json").open("wb") as said:
        child = subprocess.Popen(command, stdout=said)
        watch = Peak(child.pid)
        watch.start()
        _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    watch.over.set()
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"tocsin backtest ended with {code}")
    document = json.loads((root / "said.json").read_text())
    run = document["runs"][0]
    table = Table(
        f"Backtest of {rows:,} observations, five rules (load before: {before})",
        ("processes", "wall s", "CPU s", "peak MB (all processes)", "observations/s", "signals", "truth events"),
    )
    events = max((line["hits"] + line["misses"] for line in run["scores"]), default=0)
    table.rows.append((len(run["shards"]), wall, usage.ru_utime + usage.ru_stime, watch.peak_mb, rows / wall,
                       run["signals"], events))  # fmt: skip
    table.bars.append(Bar("wall clock of the whole command", BAR_S, wall, " s", at_most=True))
    table.notes.append("by stage: " + ", ".join(f"{name} {took:.1f} s" for name, took in run["seconds"].items()))
    table.notes.append(f"rows by process: {', '.join(f'{n:,}' for n in run['shards'])}")
    table.held = run["counts"]["taken"] == rows
    return table


def main() -> None:
    """Make, measure, print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--days", type=int, default=30)
    ask.add_argument("--streams", type=int, default=10_000)
    ask.add_argument("--shards", type=int, default=0, help="processes; 0 = as the command decides")
    ask.add_argument("--keep", type=Path, help="make the history here, or use the one that is here, and keep it")
    asked = ask.parse_args()
    root = asked.keep or Path(tempfile.mkdtemp(dir=disk()))
    try:
        if not (root / "rows").exists():
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir(parents=True)
            begun = time.perf_counter()
            rows = write_history(root, asked.streams, asked.days)
            size = sum(path.stat().st_size for path in root.rglob("*.parquet")) / 1e9
            print(f"made {rows:,} observations ({size:.1f} GB) in {time.perf_counter() - begun:.0f} s", flush=True)
            (root / "rows").write_text(str(rows))
        table = measure(root, int((root / "rows").read_text()), asked.shards)
        print("\n".join([*machine(), table.as_text()]))
        if not table.held:
            raise SystemExit("the command did not judge every observation")
    finally:
        if asked.keep is None:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
