"""Recorded rows through the same door as live ones: units, sane ranges, refusals row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tocsin.app.replay.dataset import Dataset, Rows
from tocsin.formats import Intake, read_arrow
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.refused import REFUSED

__all__ = ["BATCH_ROWS", "Taken", "take_in"]

BATCH_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Taken:
    """Batches as the log would hold them, in order of time; ``refused`` as the quarantine would."""

    batches: tuple[pa.RecordBatch, ...]
    refused: pa.Table
    missing: int


def take_in(dataset: Dataset, say: Callable[[str, int, int], None]) -> Taken:
    """All rows of a dataset, ``BATCH_ROWS`` at a time, as bodies of Arrow IPC given to ``formats.read_arrow``."""
    batches, refused, missing = [], [], 0
    for start in range(0, len(dataset.rows), BATCH_ROWS):
        rows = dataset.rows.take(np.arange(start, min(start + BATCH_ROWS, len(dataset.rows))))
        parts = []
        for source, mine in _by_source(dataset, rows):
            # a recorded row was received when it was observed: the newest of the batch is "now"
            parsed = read_arrow(_body(mine), Intake(dataset.catalogue, source, int(mine.observed_at[-1])))
            parts.append(_received(parsed.batch))
            refused.append(parsed.refused)
            missing += parsed.missing
        batches.append(_in_order(parts))
        say("reading", start + len(rows), len(dataset.rows))
    everything = pa.concat_tables(refused, promote_options="default") if refused else REFUSED.empty_table()
    return Taken(tuple(batch for batch in batches if batch.num_rows), everything, missing)


def _by_source(dataset: Dataset, rows: Rows) -> list[tuple[str, Rows]]:
    """The rows of each source, in order; a source may only speak for its own streams."""
    sources = list(dataset.catalogue.sources)
    if len(sources) == 1:
        return [(sources[0], rows)]
    of_stream = np.array([sources.index(stream.source) for stream in dataset.catalogue], np.int32)
    number = of_stream[rows.stream]
    parts = [(source, rows.take(number == at)) for at, source in enumerate(sources)]
    return [(source, mine) for source, mine in parts if len(mine)]


def _body(rows: Rows) -> bytes:
    """One Arrow IPC stream: stream (catalogue index), observed_at, value (null = no data), unit."""
    table = pa.table(
        {
            "stream": rows.stream,
            "observed_at": pa.array(rows.observed_at).cast(pa.timestamp("us", tz="UTC")),
            "value": pa.array(rows.value, mask=rows.missing),
            "unit": pa.DictionaryArray.from_arrays(pa.array(rows.unit), pa.array(rows.units)),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _received(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with every row received when it was observed."""
    at = OBSERVATIONS.get_field_index("received_at")
    return batch.set_column(at, OBSERVATIONS.field(at), batch.column("observed_at"))


def _in_order(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    """The sources' rows as one batch in order of ``observed_at``."""
    if len(parts) == 1:
        return parts[0]
    table = pa.Table.from_batches(parts, OBSERVATIONS)
    order = np.argsort(table["observed_at"].cast(pa.int64()).to_numpy(), kind="stable")
    return table.take(pa.array(order)).combine_chunks().to_batches()[0]
