"""The log alone: appending with and without fdatasync, beside a plain pwrite of the same bytes; and reading it back.

    python benchmarks/log_append.py [--rounds 3] [--batches 200]

Files lie in TOCSIN_BENCH_DIR, else in the system's folder for temporary files; a folder in memory says nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from recorded import scratch
from report import Table, load, median
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.loop.observe.log import Entry, SegmentLog
from tocsin.terms.record import RecordKind

SIZES = (10_000, 1_000)
STREAMS = 10_000


def measure(rounds: int, batches: int) -> list[Table]:
    """One table: rows a second by batch size and way of writing."""
    before = load()
    rates: dict[tuple[str, int], list[float]] = defaultdict(list)
    slowest: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(rounds):
        for size in SIZES:
            entries = [Entry(RecordKind.OBSERVATIONS, n, _batch(size, n)) for n in range(batches)]
            with tempfile.TemporaryDirectory(dir=scratch()) as name:
                for way, took in _ways(Path(name), entries).items():
                    rates[way, size].append(size * len(took) / sum(took))
                    slowest[way, size].append(float(np.percentile(took, 99)) * 1e3)
        print(f"  log: load {load()}", file=sys.stderr, flush=True)
    table = Table(
        f"Log: {batches} batches a round, one append each (load before: {before})",
        ("way", "rows a batch", "rows/s", "batches/s", "ms p99", "share of plain pwrite + fdatasync"),
    )
    for (way, size), rate in rates.items():
        bare = median(rates["plain pwrite + fdatasync", size])
        table.rows.append(
            (way, size, median(rate), median(rate) / size, median(slowest[way, size]), median(rate) / bare)
        )
    table.notes = [
        f"Median of {rounds} rounds. An append frames the batch, checksums it, writes it, notes the mark; with fdatasync it "
        "is on the disk when it returns.",
        "Reading checks every checksum; the file comes from the page cache.",
    ]
    return [table]


def _ways(root: Path, entries: list[Entry]) -> dict[str, list[float]]:
    """Seconds a batch by way; each in files of its own."""
    took = {}
    with SegmentLog.open(root / "synced") as log:
        took["append, fdatasync"] = [_timed(lambda e=entry: log.append([e])) for entry in entries]
    with SegmentLog.open(root / "unsynced", sync=lambda _: None) as log:
        took["append, no fdatasync"] = [_timed(lambda e=entry: log.append([e])) for entry in entries]
    bodies = [memoryview(entry.batch.serialize()) for entry in entries if entry.batch is not None]
    took["plain pwrite + fdatasync"] = _plain(root / "plain", bodies)
    with SegmentLog.open(root / "synced") as log:
        records = log.read()
        took["read"] = [_timed(lambda: next(records)) for _ in entries]
    return took


def _plain(path: Path, bodies: list[memoryview]) -> list[float]:
    file, end, took = os.open(path, os.O_RDWR | os.O_CREAT, 0o600), 0, []
    for body in bodies:
        begun = time.perf_counter()
        os.pwrite(file, body, end)
        os.fdatasync(file)
        took.append(time.perf_counter() - begun)
        end += len(body)
    os.close(file)
    return took


def _timed(what: Callable[[], object]) -> float:
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


def _batch(rows: int, number: int) -> pa.RecordBatch:
    """New observations, one a stream and second."""
    moments = pa.array(np.full(rows, 1_700_000_000_000_000 + number * 1_000_000)).cast(OBSERVATIONS.field(1).type)
    stream = (np.arange(rows, dtype=np.int32) + number * rows) % STREAMS
    value = np.random.default_rng(number).gamma(0.3, 0.1, rows).round(2)
    columns = [pa.array(stream), moments, pa.array(value), pa.array(np.zeros(rows, np.uint8)), moments,
               pa.nulls(rows, OBSERVATIONS.field(5).type)]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--batches", type=int, default=200)
    chosen = options.parse_args()
    (table,) = measure(chosen.rounds, chosen.batches)
    print(table.as_text())


if __name__ == "__main__":
    main()
