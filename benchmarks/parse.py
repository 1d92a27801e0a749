"""Reading and judging one body, by form and size: no door, no log. Beside it the bare decoders (msgspec, Arrow).

python benchmarks/parse.py [--rounds 3] [--seconds 1]
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable

import msgspec
import numpy as np
import pyarrow as pa

from report import Table, load, median
from tocsin.formats.arrow_body import read_arrow
from tocsin.formats.columns_json import read_columns_json
from tocsin.formats.intake import Intake, Parsed
from tocsin.terms.stream import Catalogue, Source, Stream

SIZES = (10_000, 1_000)
STREAMS = 10_000
NOW_US = 1_700_000_000_000_000


def measure(rounds: int, seconds: float) -> list[Table]:
    """One table: rows a second by form, way of naming streams, and body size."""
    before = load()
    source = Source("bench", "Bench", "Bench", synthetic=True)
    streams = [
        Stream(f"rain-{n}", "bench", f"gauge-{n}", "precipitation", "mm", low=0.0, high=500.0) for n in range(STREAMS)
    ]
    intake = Intake(Catalogue([source], streams), "bench", NOW_US)
    rates: dict[tuple[str, int], list[float]] = defaultdict(list)
    lengths = {}
    for _ in range(rounds):
        for size in SIZES:
            for form, (body, read) in _forms(size, intake).items():
                lengths[form, size] = len(body)
                rates[form, size].append(size * _often(read, body, seconds))
    table = Table(
        f"Reading a body (load before: {before})",
        ("form", "rows a body", "bytes a row", "rows/s", "ms a body"),
        [(form, size, lengths[form, size] / size, median(rate), size / median(rate) * 1e3)
         for (form, size), rate in rates.items()],
    )  # fmt: skip
    table.notes = [
        f"Median of {rounds} rounds, one thread. Tocsin's readers decode, find streams, check times, units and ranges, and "
        "build the batch the log takes; the bare decoders only decode."
    ]
    return [table]


def _forms(size: int, intake: Intake) -> dict[str, tuple[bytes, Callable[[bytes], object]]]:
    random = np.random.default_rng(7)
    values, number = random.gamma(0.3, 0.1, size).round(2), np.arange(size, dtype=np.int32)
    names = [f"rain-{n}" for n in range(size)]
    by_number = _json(number.tolist(), values)
    moments = pa.array(np.full(size, NOW_US)).cast(pa.timestamp("us", tz="UTC"))
    arrow = _arrow({"stream": pa.array(number), "observed_at": moments, "value": pa.array(values)})
    text = {"stream": pa.array(names).dictionary_encode(), "observed_at": moments, "value": pa.array(values)}
    decode = msgspec.json.Decoder(dict[str, list[float | int | None]]).decode

    def ours(read: Callable[[bytes, Intake], Parsed]) -> Callable[[bytes], object]:
        def all_taken(body: bytes) -> None:
            parsed = read(body, intake)
            if parsed.batch.num_rows != size:
                raise SystemExit(
                    f"{size - parsed.batch.num_rows} good rows were refused: {parsed.refused.to_pylist()[0]}"
                )

        return all_taken

    return {
        "JSON columns, stream numbers": (by_number, ours(read_columns_json)),
        "JSON columns, stream ids": (_json(names, values), ours(read_columns_json)),
        "JSON, bare msgspec": (by_number, decode),
        "Arrow, stream numbers": (arrow, ours(read_arrow)),
        "Arrow, dictionary of stream ids": (_arrow(text), ours(read_arrow)),
        "Arrow, bare read": (arrow, lambda body: pa.ipc.open_stream(body).read_all()),
    }


def _json(streams: list[object], values: np.ndarray) -> bytes:
    document = {"stream": streams, "observed_at": [NOW_US] * len(streams), "value": values.tolist()}
    return json.dumps(document, separators=(",", ":")).encode()


def _arrow(columns: dict[str, pa.Array]) -> bytes:
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def _often(read: Callable[[bytes], object], body: bytes, seconds: float) -> float:
    """How many times a second."""
    read(body)
    begun, times = time.perf_counter(), 0
    while (took := time.perf_counter() - begun) < seconds:
        read(body)
        times += 1
    return times / took


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=1.0)
    chosen = options.parse_args()
    (table,) = measure(chosen.rounds, chosen.seconds)
    print(table.as_text())


if __name__ == "__main__":
    main()
