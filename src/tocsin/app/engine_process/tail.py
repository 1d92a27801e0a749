"""The newest records, passed from writer to evaluation without reading them back; older ones come from the log."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from tocsin.terms.errors import Damaged
from tocsin.terms.record import Record

__all__ = ["Tail"]

WAITING_ROWS = 4_000_000  # about 150 MB; beyond it evaluation reads from the log


class Tail:
    """``read(from_seq)`` gives the log's records; ``end`` is its next seq when the tail begins."""

    def __init__(self, read: Callable[[int], Iterator[Record]], end: int) -> None:
        self._read, self._end = read, end
        self._records: deque[Record] = deque()
        self._rows = 0
        self._changed = threading.Condition()

    @property
    def end(self) -> int:
        """The seq that the next record will have."""
        return self._end

    def written(self, records: Sequence[Record]) -> None:
        """Called by the writer after its fsync."""
        with self._changed:
            if self._rows > WAITING_ROWS:
                self._records.clear()
                self._rows = 0
            self._records.extend(records)
            self._rows += sum(map(rows_of, records))
            self._end = records[-1].seq + 1
            self._changed.notify()

    def wake(self) -> None:
        """End a waiting ``take``."""
        with self._changed:
            self._changed.notify()

    def take(self, from_seq: int, *, rows: int, wait_s: float) -> list[Record]:
        """The next records from ``from_seq``, about ``rows`` of them at most, in order; empty if none came in time."""
        with self._changed:
            if from_seq >= self._end and wait_s > 0:
                self._changed.wait(wait_s)
            while self._records and self._records[0].seq < from_seq:
                self._rows -= rows_of(self._records.popleft())
            if self._records and self._records[0].seq == from_seq:
                return self._pop(rows)
            until = self._records[0].seq if self._records else self._end
        if from_seq >= until:
            return []
        return _whole(_some(islice(self._read(from_seq), until - from_seq), rows))

    def _pop(self, rows: int) -> list[Record]:
        taken: list[Record] = []
        while self._records and rows > 0:
            record = self._records.popleft()
            taken.append(record)
            rows -= rows_of(record)
            self._rows -= rows_of(record)
        return taken


def _whole(records: Iterator[Record]) -> list[Record]:
    """What comes before a damaged record; the damage itself is raised once it is the next."""
    taken: list[Record] = []
    try:
        for record in records:
            taken.append(record)  # one by one: what was taken must outlive the error
    except Damaged:
        if not taken:
            raise
    return taken


def _some(records: Iterator[Record], rows: int) -> Iterator[Record]:
    for record in records:
        yield record
        rows -= rows_of(record)
        if rows <= 0:
            return


def rows_of(record: Record) -> int:
    """Rows of a record, at least 1 so that ticks count too."""
    return max(1, record.batch.num_rows) if record.batch is not None else 1
