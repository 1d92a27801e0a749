"""All of a log, wherever its records lie: in segments, or rolled into history."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.loop.observe.log import History, LogReader
from tocsin.terms.record import Record

__all__ = ["read_whole_log"]


def read_whole_log(history: History, reader: LogReader, from_seq: int = 0) -> Iterator[Record]:
    """Records from ``from_seq`` on, in order: what segments no longer hold comes from history. Damaged ones are left out
    (``reader.damaged`` names them)."""
    first = reader.first_seq
    if from_seq < first:
        for record in history.read(from_seq):
            if record.seq < first:
                yield record
    yield from reader.read(max(from_seq, first), skip_damaged=True)
