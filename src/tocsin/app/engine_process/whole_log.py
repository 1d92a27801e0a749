"""All of a log, wherever its records lie: in segments, or rolled into history."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from tocsin.loop.observe.log import History, LogReader
from tocsin.terms.record import Record

__all__ = ["read_whole_log"]


def read_whole_log(
    history: History, reader: LogReader, from_seq: int = 0, *, skip_damaged: bool = False
) -> Iterator[Record]:
    """Records from ``from_seq`` on, in order: what segments no longer hold comes from history, and so do damaged records
    that were rolled while they were whole. Raises LogDamaged at any other damaged record, unless its loss was accepted or
    ``skip_damaged`` (then ``reader.damaged`` names it)."""

    def from_history(seq: int, until: int) -> Iterator[Record]:
        return takewhile(lambda record: record.seq < until, history.read(seq))

    first = reader.first_seq
    if from_seq < first:
        yield from from_history(from_seq, first)
    yield from reader.read(max(from_seq, first), skip_damaged=skip_damaged, heal=from_history)
