"""The tail gives every record once and in order, from memory or from the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.app.engine_process import tail as tail_module
from tocsin.app.engine_process.tail import Tail
from tocsin.terms.record import Record, RecordKind


def a_record(seq: int) -> Record:
    return Record(seq, RecordKind.TICK, seq)


class Log:
    """Records that were appended, and from where they were read back."""

    def __init__(self, records: int = 0) -> None:
        self.records = [a_record(seq) for seq in range(records)]
        self.reads: list[int] = []
        self.tail = Tail(self.read, records)

    def read(self, from_seq: int) -> Iterator[Record]:
        self.reads.append(from_seq)
        return iter(self.records[from_seq:])

    def append(self, count: int) -> None:
        start = len(self.records)
        self.records += [a_record(seq) for seq in range(start, start + count)]
        self.tail.written(self.records[start:])


def test_new_records_are_not_read_back() -> None:
    log = Log()
    log.append(3)
    assert [record.seq for record in log.tail.take(0, rows=2, wait_s=0)] == [0, 1]
    assert [record.seq for record in log.tail.take(2, rows=9, wait_s=0)] == [2]
    assert log.reads == []


def test_what_was_there_before_comes_from_the_log() -> None:
    log = Log(5)
    log.append(1)
    assert [record.seq for record in log.tail.take(3, rows=9, wait_s=0)] == [3, 4]
    assert [record.seq for record in log.tail.take(5, rows=9, wait_s=0)] == [5]
    assert log.reads == [3]


def test_nothing_new_is_nothing() -> None:
    assert Log(2).tail.take(2, rows=9, wait_s=0.001) == []


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(1, 6)), max_size=50), start=st.integers(0, 5))
def test_every_record_once_and_in_order_however_slow_the_reader(steps: list[tuple[bool, int]], start: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail_module, "WAITING_ROWS", 4)  # so that memory overflows often
        log, seen = Log(start), 0
        for write, count in steps:
            if write:
                log.append(count)
                continue
            for record in log.tail.take(seen, rows=count, wait_s=0):
                assert record.seq == seen
                seen += 1
        while taken := log.tail.take(seen, rows=3, wait_s=0):
            assert [record.seq for record in taken] == list(range(seen, seen + len(taken)))
            seen += len(taken)
        assert seen == len(log.records)
