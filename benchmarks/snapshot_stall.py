"""How long a snapshot holds evaluation up: written by the process itself, and by a forked child.

python benchmarks/snapshot_stall.py [--streams 10000] [--seconds 300]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.app.settings")

from tocsin.app.engine_process.snapshot_child import SnapshotChild
from tocsin.engine.runner import Engine
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.packkit import find_pack, load_pack
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Source, Stream

T0_US = 1_770_000_000_000_000


def batch(streams: int, second: int) -> pa.RecordBatch:
    """One second of every stream."""
    at = pa.array(np.full(streams, T0_US + second * 1_000_000)).cast(OBSERVATIONS.field("observed_at").type)
    columns = [pa.array(np.arange(streams, dtype=np.int32)), at, pa.array(np.full(streams, 0.01)),
               pa.array(np.zeros(streams, np.uint8)), at, pa.nulls(streams, at.type)]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)


def write(engine: Engine, path: Path) -> int:
    """The state on the disk; its bytes."""
    data = engine.snapshot()
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return len(data)


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--streams", type=int, default=10_000)
    options.add_argument("--seconds", type=int, default=300)
    chosen = options.parse_args()
    engine = Engine(load_pack(find_pack("natural_hazards")).rules)
    gauges = [
        Stream(f"g{n}", "s", f"g{n}", "precipitation", "mm", 110, 30, low=0.0, cadence_s=1.0)
        for n in range(chosen.streams)
    ]
    engine.set_catalogue(Catalogue([Source("s", "s", "s")], gauges))
    second = 0

    def feed() -> float:
        nonlocal second
        begun = time.perf_counter()
        engine.feed(Record(second, RecordKind.OBSERVATIONS, T0_US, batch=batch(chosen.streams, second)))
        second += 1
        return time.perf_counter() - begun

    for _ in range(chosen.seconds):
        feed()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TOCSIN_BENCH_DIR")) as folder:
        begun = time.perf_counter()
        size = write(engine, Path(folder) / "here")
        here = time.perf_counter() - begun
        child, took = SnapshotChild(), []
        child.begin(lambda: write(engine, Path(folder) / "child"), second)
        while (done := child.finished()) is None:
            took.append(feed())
    quiet = sorted(feed() for _ in range(30))
    print(
        f"state {size / 1e6:.0f} MB; held up: {here:.2f} s by the process itself, {child.stall_s * 1e3:.0f} ms by a fork"
    )
    print(f"batches of {chosen.streams}: median {statistics.median(quiet) * 1e3:.1f} ms quiet; while the child wrote"
          f" ({done.took_s:.1f} s) median {statistics.median(took) * 1e3:.1f}, longest {max(took) * 1e3:.1f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
