"""A disk that lies, refuses or slows down; a folder that cannot be written; a file of another version."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib

import pytest
from tests.unit.observe_log.conftest import entry, same

from tocsin.loop.observe.log import LogReader, Loss, SegmentLog, accept_losses
from tocsin.loop.observe.log.disk import TimedSync
from tocsin.loop.observe.log.reader import LogDamaged, segment_path, segments_in
from tocsin.terms.errors import Damaged, Unavailable


class Disk:
    """``os.fdatasync`` that fails when told to, as many times as told."""

    def __init__(self):
        self.failures, self.error = 0, OSError(5, "Input/output error")

    def __call__(self, fd):
        if self.failures:
            self.failures -= 1
            raise self.error
        os.fdatasync(fd)


def check(records, numbers):
    found = list(records)
    assert [record.seq for record in found] == list(numbers)
    assert all(same(record, entry(record.seq)) for record in found)


def test_after_a_failed_fsync_the_segment_takes_nothing_more(root):
    disk = Disk()
    with SegmentLog.open(root, sync=disk) as log:
        log.append([entry(0), entry(1)])
        disk.failures = 1
        with pytest.raises(Unavailable, match="Input/output error"):
            log.append([entry(2)])
        assert (log.abandoned, log.broken) == (1, "")
        size = segment_path(root, 0).stat().st_size
        assert log.append([entry(2)]) == range(2, 3)
        assert segments_in(root) == [0, 2]
        assert segment_path(root, 0).stat().st_size == size
        check(log.read(), range(3))
    with SegmentLog.open(root) as log:
        assert (log.recovered, log.damaged) == ([], [])
        check(log.read(), range(3))


def test_a_failed_fsync_that_spoiled_what_was_acknowledged_stops_the_log(root):
    """The page that could not be written also held acknowledged bytes: reading back finds it."""
    disk = Disk()
    with SegmentLog.open(root, sync=disk) as log:
        log.append([entry(0), entry(1)])
        path = segment_path(root, 0)
        content = bytearray(path.read_bytes())
        content[-70] ^= 1
        path.write_bytes(content)
        disk.failures = 1
        with pytest.raises(Unavailable):
            log.append([entry(2)])
        assert "acknowledged records fail their check" in log.broken
        with pytest.raises(Unavailable, match="acknowledged records fail their check"):
            log.append([entry(2)])
    with SegmentLog.open(root) as log:  # the restart names it again, and goes on in a new segment
        assert log.damaged
        assert log.append([entry(log.next_seq)])
        with pytest.raises(LogDamaged, match="tocsin log repair"):
            list(log.read())


def test_the_first_write_of_a_segment_that_fails_leaves_no_file(root):
    disk = Disk()
    with SegmentLog.open(root, sync=disk) as log:
        disk.failures = 1
        with pytest.raises(Unavailable):
            log.append([entry(0)])
        assert segments_in(root) == []
        assert log.append([entry(0)]) == range(1)


def test_what_a_failed_write_left_behind_is_never_read(root):
    """Where even the cut back is lost, the next segment's first seq ends what the old one says."""
    with SegmentLog.open(root) as log:
        log.append([entry(0)])
        durable = segment_path(root, 0).stat().st_size
        log.append([entry(1), entry(2)])
        whole = segment_path(root, 0).read_bytes()
    os.truncate(segment_path(root, 0), durable)
    (root / "acknowledged").unlink()
    with SegmentLog.open(root) as log:
        os.close(log._fd)
        log._fd = -1  # given up
        log.append([entry(1)])
        segment_path(root, 0).write_bytes(whole)
        check(log.read(), range(2))
        check(LogReader(root).read(), range(2))


def test_whole_records_that_nobody_acknowledged_are_written_once_more(root, monkeypatch):
    """A killed process, after an fsync that failed, may leave pages that the cache calls clean."""
    with SegmentLog.open(root) as log:
        log.append([entry(0)])
        mark = (root / "acknowledged").read_bytes()
        log.append([entry(1)])
    (root / "acknowledged").write_bytes(mark)
    written = []
    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda fd, buffers, at: written.append(at) or real(fd, buffers, at))
    with SegmentLog.open(root) as log:
        assert len(written) == 1
        check(log.read(), range(2))


def test_a_slow_disk_shows(root):
    sync = TimedSync(lambda fd: None)
    assert sync.milliseconds() == (0.0, 0.0)
    sync._recent.extend([(1e12, 0.002), (1e12, 0.004), (1e12, 3.0)])
    assert sync.milliseconds() == (4.0, 3000.0)


def test_a_newer_format_is_refused_in_words_and_left_alone(root):
    with SegmentLog.open(root) as log:
        log.append([entry(0)])
    path = segment_path(root, 0)
    content = bytearray(path.read_bytes())
    content[6:7] = b"2"
    length = int.from_bytes(content[24:28], "little")
    content[28:32] = zlib.crc32(content[32 : 32 + length], zlib.crc32(content[:28])).to_bytes(4, "little")
    path.write_bytes(content)
    for ask in (lambda: SegmentLog.open(root), lambda: list(LogReader(root).read())):
        with pytest.raises(Unavailable, match="is of format 2, and this version of Tocsin reads format 1"):
            ask()
    assert path.read_bytes() == bytes(content)


def test_every_single_flipped_bit_of_the_format_is_damage_not_a_newer_version(root):
    with SegmentLog.open(root) as log:
        log.append([entry(0)])
    path = segment_path(root, 0)
    sound = path.read_bytes()
    for place in range(8):
        for bit in range(8):
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 1 << bit]) + sound[place + 1 :])
            check(LogReader(root).read(), range(1))  # the head is made up from the first record


TRY = """
import os, sys
from pathlib import Path
from tocsin.loop.observe.log import SegmentLog
from tocsin.terms.errors import Unavailable
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
try:
    SegmentLog.open(Path(sys.argv[1]))
except Unavailable as error:
    print(error)
"""


def as_nobody(root):
    command = [sys.executable, "-c", TRY, str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_a_folder_of_another_account_is_refused_in_words(tmp_path):
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o001 == 0 and folder.stat().st_uid == 0 and "pytest" in str(folder):
            folder.chmod(0o755)
    root = tmp_path / "log"
    with SegmentLog.open(root) as log:
        log.append([entry(0)])
    said = as_nobody(root)
    assert "cannot be opened for appending (Permission denied; this process runs as user 65534" in said
    assert "the folder belongs to user 0" in said
    assert f"chown -R 65534 {root}" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_read_only_file_system_is_refused_in_words(tmp_path):
    root = tmp_path / "log"
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tocsin-test", str(root)], check=True)
    try:
        with pytest.raises(Unavailable, match="Read-only file system") as caught:
            SegmentLog.open(root)
        assert caught.value.remedy == "mount the file system writable"
    finally:
        subprocess.run(["umount", str(root)], check=True)


def test_an_accepted_loss_is_left_out_and_named(root):
    with SegmentLog.open(root) as log:
        for number in range(4):
            log.append([entry(number)])
    path = segment_path(root, 0)
    reader = LogReader(root)
    frames = list(zip(range(2), reader.read(), strict=False))
    assert len(frames) == 2
    content = bytearray(path.read_bytes())
    content[reader._place.offset - 70] ^= 1
    path.write_bytes(content)
    with pytest.raises(LogDamaged) as caught:
        list(LogReader(root).read())
    seq, until = caught.value.seq, caught.value.until
    accept_losses(root, [Loss(seq, until, path.name, caught.value.offset, caught.value.rule, catalogue="")])
    reader = LogReader(root)
    check(reader.read(), [number for number in range(4) if not seq <= number < until])
    assert [(item.seq, item.until) for item in reader.accepted] == [(seq, until)]
    assert reader.damaged == []
    accept_losses(root, [Loss(seq, until, path.name, 0, "again", catalogue='{"sources":[]}')])
    (stands_in,) = [record for record in LogReader(root).read() if record.seq == seq]
    assert stands_in.body == b'{"sources":[]}'
    (root / "accepted-losses.json").write_text("[")
    with pytest.raises(Damaged, match="is no list of losses"):
        list(LogReader(root).read())
