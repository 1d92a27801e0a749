"""Ticks for recorded files that have none: made from ``received_at``, else from the running maximum of ``observed_at``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from tocsin.formats.arrow import values_of
from tocsin.terms.record import Record, RecordKind

__all__ = ["with_ticks"]


def with_ticks(
    records: Iterable[Record], every_us: int = 60_000_000, *, use_received: bool = False
) -> Iterator[Record]:
    """The same records with ticks between them and ``seq`` counted anew.

    Before the first row whose moment exceeds a multiple T of ``every_us`` stands a tick T (the last such multiple; those
    skipped say nothing more). Rows are never reordered; a batch is cut where a tick belongs, so the result does not
    depend on how the file was cut into batches.
    """
    seq, last, high = 0, None, None
    for record in records:
        if record.kind is not RecordKind.OBSERVATIONS or record.batch is None:
            yield replace(record, seq=seq)
            seq += 1
            continue
        name = "received_at" if use_received else "observed_at"
        moments = values_of(record.batch, name)
        if len(moments) == 0:
            continue
        newest = max(int(moments.max()), high if high is not None else int(moments[0]))
        if last is not None and (newest - 1) // every_us == last:  # by far the most where records are small
            high = newest
            yield replace(record, seq=seq)
            seq += 1
            continue
        running = np.maximum.accumulate(moments)
        if high is not None:
            running = np.maximum(running, high)
        high = int(running[-1])
        boundary = (running - 1) // every_us  # number of multiples strictly below the running maximum
        cuts = np.flatnonzero(np.diff(boundary, prepend=last if last is not None else boundary[0]))
        at = 0
        for cut in cuts:
            if cut > at:
                yield Record(seq, RecordKind.OBSERVATIONS, record.at_us, record.batch.slice(at, cut - at))
                seq += 1
            yield Record(seq, RecordKind.TICK, int(boundary[cut]) * every_us)
            seq += 1
            at = int(cut)
        yield Record(seq, RecordKind.OBSERVATIONS, record.at_us, record.batch.slice(at))
        seq += 1
        last = int(boundary[-1])
