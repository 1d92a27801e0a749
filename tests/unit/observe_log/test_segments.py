"""The log keeps what it acknowledged, cuts off what it did not, and names what was damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.observe_log.conftest import START_US, entry, observations, same

from tocsin.loop.observe.log import Entry, LogReader, SegmentLog
from tocsin.loop.observe.log.reader import LogDamaged, segment_path, segments_in
from tocsin.terms.errors import BadForm, Damaged, Unavailable
from tocsin.terms.record import RecordKind

HOUSE = Path(__file__).parents[3]
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def no_sync(fd):
    """Leaves the pages to the system: these tests spoil files by hand, and the disk is slow."""


def check(records, numbers):
    """The records are exactly those entries, in order, under their numbers as seq."""
    found = list(records)
    assert [record.seq for record in found] == list(numbers)
    assert all(same(record, entry(record.seq)) for record in found)


def fill(root, count, **options):
    with SegmentLog.open(root, **options) as log:
        for number in range(count):
            log.append([entry(number)])


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@SLOW
@given(groups=st.lists(st.integers(0, 4), max_size=12), segment_bytes=st.sampled_from([1, 2000, 1 << 20]),
       reopen=st.booleans())  # fmt: skip
def test_what_goes_in_comes_out(tmp_path, groups, segment_bytes, reopen):
    root = fresh(tmp_path / "log")
    log = SegmentLog.open(root, segment_bytes=segment_bytes, sync=no_sync)
    count = 0
    for size in groups:
        assert log.append([entry(count + i) for i in range(size)]) == range(count, count + size)
        count += size
        if reopen:
            log.close()
            log = SegmentLog.open(root, segment_bytes=segment_bytes, sync=no_sync)
            assert (log.recovered, log.damaged) == ([], [])
    with log:
        check(log.read(), range(count))
        check(log.read(count // 2), range(count // 2, count))
        check(LogReader(root).read(), range(count))
        assert log.next_seq == LogReader(root).next_seq == count


def test_columns_are_views_of_the_mapped_file(root):
    before = pa.total_allocated_bytes()
    with SegmentLog.open(root) as log:
        log.append([Entry(RecordKind.OBSERVATIONS, START_US, observations(100_000))])
        before = pa.total_allocated_bytes()
        (record,) = log.read()
        assert record.batch.num_rows == 100_000
        assert pa.total_allocated_bytes() - before < 10_000


def test_a_second_appender_is_refused(root):
    with SegmentLog.open(root), pytest.raises(Unavailable, match=f"process {os.getpid()} has it open"):
        SegmentLog.open(root)
    SegmentLog.open(root).close()


def test_an_entry_that_cannot_be_logged_leaves_the_group_unwritten(root):
    wrong = pa.record_batch({"stream": [1]})
    with SegmentLog.open(root) as log:
        for bad in (
            Entry(RecordKind.OBSERVATIONS, START_US, wrong),
            Entry(RecordKind.OBSERVATIONS, START_US),
            Entry(RecordKind.TICK, START_US, observations(1)),
        ):
            with pytest.raises(BadForm):
                log.append([entry(0), bad])
        assert log.next_seq == 0
        log.append([entry(0)])
        check(log.read(), range(1))


# -------------------------------------------------------------------- crash: torn tail
def crashed(source, target, size, mark_from):
    """A copy of a log as a crash may leave it: newest file cut to ``size``, mark as it stood after ``mark_from``."""
    shutil.copytree(source, fresh(target))
    path = segment_path(target, segments_in(target)[-1])
    os.truncate(path, size)
    shutil.copy(mark_from, target / "acknowledged")
    return path


def test_recovery_after_a_cut_at_every_byte_of_the_tail(tmp_path, root):
    with SegmentLog.open(root) as log:
        for number in range(4):
            log.append([entry(number)])
        path = segment_path(root, 0)
        durable = path.stat().st_size
        shutil.copy(root / "acknowledged", tmp_path / "mark")
        log.append([entry(4), entry(5), entry(6)])
        ends = [durable, *(_end_after(root, count) for count in (5, 6, 7))]
    for size in range(durable, ends[-1] + 1):
        target = tmp_path / "crashed"
        crashed(root, target, size, tmp_path / "mark")
        whole = sum(end <= size for end in ends) + 3
        check(LogReader(target).read(), range(4))  # a reader beside it sees only what was acknowledged
        with SegmentLog.open(target, sync=no_sync) as log:
            assert (log.next_seq, log.damaged) == (whole, [])
            assert bool(log.recovered) == (size not in ends)
            assert log.append([entry(whole)]) == range(whole, whole + 1)
            check(log.read(), range(whole + 1))


def _end_after(root, count):
    reader = LogReader(root)
    list(zip(range(count), reader.read(), strict=False))
    return reader._place.offset if reader._place.seq == count else 0


@SLOW
@given(data=st.data())
def test_a_torn_group_whose_pages_came_out_of_order(tmp_path, data):
    """A power cut may keep later pages of an unacknowledged write and lose earlier ones."""
    root = fresh(tmp_path / "log")
    with SegmentLog.open(root) as log:
        log.append([entry(0)])
        path = segment_path(root, 0)
        durable = path.stat().st_size
        mark = (root / "acknowledged").read_bytes()
        log.append([entry(number) for number in range(1, 8)])
    content = bytearray(path.read_bytes())
    start = data.draw(st.integers(durable, len(content) - 1))
    stop = data.draw(st.integers(start + 1, len(content)))
    content[start:stop] = bytes(stop - start)
    path.write_bytes(content)
    (root / "acknowledged").write_bytes(mark)
    with SegmentLog.open(root) as log:
        assert log.damaged == []
        assert log.next_seq >= 1
        check(log.read(), range(log.next_seq))


def test_a_segment_whose_creation_broke_off_is_removed(root):
    fill(root, 3)
    with SegmentLog.open(root) as log:
        log.seal()
    head = segment_path(root, 0).read_bytes()[:50]
    segment_path(root, 3).write_bytes(head)
    with SegmentLog.open(root) as log:
        assert [str(item) for item in log.recovered]
        log.append([entry(3)])
        check(log.read(), range(4))


# -------------------------------------------------------------------- damage to what was acknowledged
@SLOW
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), segments=st.booleans())
def test_one_flipped_bit_is_named_or_harmless(tmp_path, where, bit, segments):
    root = fresh(tmp_path / "log")
    fill(root, 12, segment_bytes=1500 if segments else 1 << 20, sync=no_sync)
    firsts = segments_in(root)
    path = segment_path(root, firsts[int(where * len(firsts))])
    content = bytearray(path.read_bytes())
    content[int(where * 7919 * len(content)) % len(content)] ^= 1 << bit
    path.write_bytes(content)
    with SegmentLog.open(root) as log:
        assert log.recovered == []  # never taken for a torn tail
        assert log.next_seq == 12
        log.damaged.clear()
        records = list(log.read(skip_damaged=True))
        assert all(same(record, entry(record.seq)) for record in records)
        lost = {seq for item in log.damaged for seq in range(item.seq, item.until)}
        assert sorted([*lost, *(record.seq for record in records)]) == list(range(12))
        assert len(lost) <= 1
        assert log.append([entry(12)]) == range(12, 13)
        if lost:
            with pytest.raises(Damaged) as caught:
                list(log.read())
            assert path.name in caught.value.thing
            assert f"record {min(lost)}" in caught.value.thing
            assert "backup" in caught.value.remedy
        else:
            check(log.read(), range(13))


@pytest.mark.parametrize("segment_bytes", [1500, 1 << 20])
def test_a_segment_cut_below_what_was_acknowledged(root, segment_bytes):
    fill(root, 12, segment_bytes=segment_bytes)
    first = segments_in(root)[-1]
    path = segment_path(root, first)
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(LogDamaged, match=r"record 11, .* cut short"):
        list(LogReader(root).read())
    with SegmentLog.open(root) as log:
        assert [(item.seq, item.until) for item in log.damaged] == [(11, 12)]
        assert log.append([entry(12)]) == range(12, 13)
        check(log.read(skip_damaged=True), [*range(11), 12])


def test_a_missing_segment_is_named(root):
    fill(root, 12, segment_bytes=1500)
    firsts = segments_in(root)
    segment_path(root, firsts[1]).unlink()
    reader = LogReader(root)
    check(reader.read(skip_damaged=True), [*range(firsts[1]), *range(firsts[2], 12)])
    assert [(item.seq, item.until) for item in reader.damaged] == [(firsts[1], firsts[2])]
    for first in segments_in(root):
        segment_path(root, first).unlink()
    with SegmentLog.open(root) as log:
        assert [(item.seq, item.until) for item in log.damaged] == [(0, 12)]
        assert log.append([entry(12)]) == range(12, 13)
        check(log.read(12), [12])


def test_a_lost_mark_loses_nothing(root):
    fill(root, 5)
    (root / "acknowledged").write_bytes(b"x" * 40)
    check(LogReader(root).read(), range(5))
    with SegmentLog.open(root) as log:
        assert "mark is missing" in str(log.recovered[0])
        check(log.read(), range(5))


def test_dropped_segments_are_named_when_asked_for(root):
    with SegmentLog.open(root, segment_bytes=1500) as log:
        for number in range(12):
            log.append([entry(number)])
        firsts = segments_in(root)
        assert log.drop_before(firsts[2]) == firsts[:2]
        assert log.first_seq == firsts[2]
        check(log.read(firsts[2]), range(firsts[2], 12))
        with pytest.raises(LogDamaged, match=f"records 0 to {firsts[2] - 1}"):
            list(log.read())
        log.drop_before(10**9)
    with SegmentLog.open(root) as log:
        assert log.damaged == []
        assert log.next_seq == 12


# -------------------------------------------------------------------- a failing disk
def test_a_failed_fsync_acknowledges_nothing_and_the_log_goes_on(root):
    failing = False

    def sync(fd):
        nonlocal failing
        if failing:
            failing = False
            raise OSError(28, "No space left on device")
        os.fdatasync(fd)

    with SegmentLog.open(root, sync=sync) as log:
        log.append([entry(0)])
        failing = True
        with pytest.raises(Unavailable, match="No space left"):
            log.append([entry(1), entry(2)])
        assert log.next_seq == 1
        check(log.read(), range(1))
        log.append([entry(1)])
    with SegmentLog.open(root) as log:
        assert (log.recovered, log.damaged) == ([], [])
        check(log.read(), range(2))


def test_a_disk_that_stays_broken_stops_the_log(root):
    broken = False

    def sync(fd):
        if broken:
            raise OSError(5, "Input/output error")

    with SegmentLog.open(root, sync=sync) as log:
        log.append([entry(0)])
        broken = True
        for _ in range(2):
            with pytest.raises(Unavailable):
                log.append([entry(1)])
        broken = False
        with pytest.raises(Unavailable, match="could not be undone"):
            log.append([entry(1)])
        check(log.read(), range(1))


# -------------------------------------------------------------------- a reader beside the writer
WRITER = """
import sys
from pathlib import Path
from tests.unit.observe_log.conftest import entry
from tocsin.loop.observe.log import SegmentLog
with SegmentLog.open(Path(sys.argv[1]), segment_bytes=20_000) as log:
    print("ready", flush=True)
    number = 0
    while number < 600:
        group = number % 5 + 1
        log.append([entry(number + i) for i in range(group)])
        number += group
    print(number, flush=True)
"""


def test_a_reader_beside_the_writer_sees_every_record_once_and_whole(root):
    command = [sys.executable, "-c", WRITER, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOUSE) as writer:
        assert writer.stdout.readline() == "ready\n"
        reader, seen, deadline = LogReader(root), 0, time.monotonic() + 30
        total = None
        while total is None or seen < total:
            assert time.monotonic() < deadline
            if total is None and writer.poll() is not None:
                total = int(writer.stdout.readline())
            for record in reader.read(seen):
                assert record.seq == seen
                assert same(record, entry(seen))
                seen += 1
        assert seen == total >= 600
        assert reader.damaged == []


@pytest.mark.parametrize("written", [0, 1, 7])
def test_a_reader_does_not_take_the_birth_of_the_first_segment_for_damage(root, written):
    with SegmentLog.open(root) as log:
        log.append([entry(0)])
    [path] = root.glob("*.seg")
    whole = path.read_bytes()
    (root / "acknowledged").unlink()
    path.write_bytes(whole[:written])
    reader = LogReader(root)
    assert list(reader.read()) == []
    assert reader.damaged == []
    path.write_bytes(whole)
    assert [record.seq for record in reader.read()] == [0]


# -------------------------------------------------------------------- kill -9
ENDLESS = """
import itertools, sys
from pathlib import Path
from tests.unit.observe_log.conftest import entry
from tocsin.loop.observe.log import SegmentLog
with SegmentLog.open(Path(sys.argv[1]), segment_bytes=20_000) as log:
    for _ in itertools.count():
        first = log.next_seq
        log.append([entry(first + i) for i in range(first % 5 + 1)])
        print(log.next_seq, flush=True)
"""


@pytest.mark.kill
def test_what_was_acknowledged_survives_kill_9(root):
    command, acknowledged = [sys.executable, "-c", ENDLESS, str(root)], 0
    for kill in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOUSE) as writer:
            for _ in range(5 + 6 * kill):
                assert writer.stdout.readline()
            writer.kill()
            told = [int(line) for line in writer.stdout if line.endswith("\n")]
        with SegmentLog.open(root) as log:
            assert log.damaged == []
            assert log.next_seq >= max([acknowledged, *told])
            check(log.read(), range(log.next_seq))
            assert log.next_seq > acknowledged
            acknowledged = log.next_seq
