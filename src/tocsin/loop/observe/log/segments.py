"""SegmentLog: the one appender of the log. See README.md of this folder for what it promises.

with SegmentLog.open(home / "log") as log:
    seqs = log.append([Entry(RecordKind.TICK, now_us)])     # on the disk when it returns
"""

from __future__ import annotations

import errno
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from tocsin.formats.arrow import OBSERVATIONS
from tocsin.loop.observe.log.disk import (
    Bytes,
    TimedSync,
    forget_cached,
    make_folder,
    sync_folder,
    take_lock,
    write_all,
)
from tocsin.loop.observe.log.frame import SEAL, Frame, pack_head, padded
from tocsin.loop.observe.log.mark import Mark, MarkFile, read_mark
from tocsin.loop.observe.log.reader import (
    CODES,
    HEAD_LOST,
    LogDamaged,
    LogReader,
    Segment,
    segment_path,
    segments_in,
)
from tocsin.terms.errors import BadForm, TooBig, Unavailable
from tocsin.terms.record import Record, RecordKind

__all__ = ["Entry", "Recovery", "SegmentLog"]

_LARGEST_PAYLOAD = 1 << 30
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Entry:
    """What to append: an observation batch, or UTF-8 JSON for every other kind."""

    kind: RecordKind
    at_us: int
    batch: pa.RecordBatch | None = None
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening cut off: bytes that a crash left behind the last acknowledged record."""

    segment: str
    offset: int
    dropped_bytes: int
    why: str

    def __str__(self) -> str:
        return f"{self.segment}: {self.why}; {self.dropped_bytes} bytes from byte {self.offset} on were cut off"


class SegmentLog:
    """Append-only log in ``root``. Use ``open``. ``recovered`` says what a crash had left, ``damaged`` which
    acknowledged records of the newest segment fail their check (older segments are checked when they are read)."""

    def __init__(
        self, root: Path, *, schema: pa.Schema, segment_bytes: int, sync: Callable[[int], None], lock: int
    ) -> None:
        self.root, self.segment_bytes = root, segment_bytes
        self.recovered: list[Recovery] = []
        self.damaged: list[LogDamaged] = []
        self.last_at_us: int | None = None
        self._schema, self._lock_fd = schema, lock
        self.sync = TimedSync(sync)  # ``sync.milliseconds()`` says how the disk does
        self._thread_lock = threading.RLock()
        self._fd = -1
        self._salt, self._first, self._end = b"", 0, 0
        self.broken = ""  # in words, once nothing can be appended any more: open the log again
        self.abandoned = 0  # segments given up after a write that failed
        self._mark = read_mark(root)
        self._next_seq = self._recover(self._mark)
        self._mark_file = MarkFile(root)
        self._note()

    # ---------------------------------------------------------------- opening
    @classmethod
    def open(
        cls,
        root: Path,
        *,
        segment_bytes: int = 64 << 20,
        schema: pa.Schema = OBSERVATIONS,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> SegmentLog:
        """Open or create the log in ``root`` for appending; cuts off a torn tail and says so in ``recovered``.

        Raises Unavailable where another appender has it open, the folder cannot be written, the disk refuses, or a file
        is of a format that this version does not know. ``sync`` is what makes a file durable (replaceable to
        measure, or to test a failing disk)."""
        make_folder(root)
        lock = take_lock(root)
        try:
            return cls(root, schema=schema, segment_bytes=segment_bytes, sync=sync, lock=lock)
        except OSError as error:
            os.close(lock)
            rule = f"cannot be made ready for appending ({error.strerror or error})"
            raise Unavailable(
                f"log {root}", rule, "free space or repair the disk; nothing acknowledged is lost"
            ) from error
        except BaseException:
            os.close(lock)
            raise

    def _recover(self, mark: Mark | None) -> int:
        acknowledged = mark.next_seq if mark is not None else 0
        firsts = segments_in(self.root)
        if firsts and mark is None:
            self.recovered.append(Recovery("acknowledged", 0, 0, "the mark is missing or damaged"))
        while firsts and self._drop_unborn(firsts[-1], acknowledged):
            firsts.pop()
        next_seq = self._recover_last(self._segment(firsts[-1]), mark) if firsts else 0
        if next_seq < acknowledged:
            path = segment_path(self.root, next_seq)
            self.damaged.append(LogDamaged(path, next_seq, acknowledged, 0, "acknowledged records are gone"))
            return acknowledged
        if firsts:
            self._mark = Mark(next_seq, self._first, self._end)
        return next_seq

    def _segment(self, first: int) -> Segment:
        return Segment(segment_path(self.root, first), self._schema)

    def _drop_unborn(self, first: int, acknowledged: int) -> bool:
        """Remove a file whose creation a crash interrupted."""
        segment = self._segment(first)
        if acknowledged > first or not segment.is_unborn:
            return False
        segment.path.unlink()
        sync_folder(self.root)
        self.recovered.append(Recovery(segment.path.name, 0, segment.limit, "its creation was interrupted"))
        return True

    def _recover_last(self, segment: Segment, mark: Mark | None) -> int:
        """Check every record of the newest segment, cut off its torn tail, and make it ready for appending (or, where
        it is sealed or damaged, leave that to a new segment). Returns the seq after its last record."""
        self._first = segment.first_seq
        here = mark if mark is not None and mark.segment == segment.first_seq else None
        acknowledged = here.next_seq if here is not None else 0
        items = list(segment.frames(segment.start, segment.first_seq, None)) if segment.head is not None else []
        durable = max(
            [here.offset if here is not None else 0, *(item.group for item in items if isinstance(item, Frame))]
        )
        self._end, seq, faults = segment.start, segment.first_seq, len(self.damaged)
        for item in items:
            fault = item if isinstance(item, LogDamaged) else _payload_fault(segment, item)
            if fault is not None and fault.offset >= durable:
                break  # torn: nobody was told of it
            if fault is not None:
                self.damaged.append(fault)
            seq = fault.until if fault is not None else item.seq + 1
            if isinstance(item, Frame):
                self._end, self.last_at_us = item.end, item.at_us
        if self._end < durable or segment.head is None:
            what = "acknowledged records fail their check, or the file was cut short"
            until = max(seq + 1, acknowledged)
            self.damaged.append(LogDamaged(segment.path, seq, until, self._end, what))
            self._end, seq = max(self._end, durable), until
        if segment.head_lost:
            self.damaged.append(LogDamaged(segment.path, segment.first_seq, segment.first_seq, 0, HEAD_LOST))
        if segment.is_sealed():
            return seq
        if self._end < segment.limit and segment.head is not None:
            self._cut(segment, self._end)
        if len(self.damaged) == faults:
            self._resume(segment, durable)
        return seq

    def _cut(self, segment: Segment, end: int) -> None:
        with segment.path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
        why = "a write that was never acknowledged broke off"
        self.recovered.append(Recovery(segment.path.name, end, segment.limit - end, why))

    def _resume(self, segment: Segment, durable: int) -> None:
        """Go on in this segment. A killed process may have left whole records that were not yet durable, and an fsync
        that failed before may have left pages that the cache calls clean: they are written once more, then fsynced."""
        assert segment.head is not None  # noqa: S101 - without a head it is damaged
        self._fd = os.open(segment.path, os.O_RDWR | os.O_CLOEXEC)
        tail = bytes(segment.view[max(durable, segment.start) : self._end])
        if tail:
            write_all(self._fd, [tail], max(durable, segment.start))
        os.fsync(self._fd)
        self._salt = segment.head.salt

    # ---------------------------------------------------------------- the four verbs
    @property
    def next_seq(self) -> int:
        """The seq that the next record will have."""
        return self._next_seq

    @property
    def first_seq(self) -> int:
        """The oldest seq that segments still hold (``next_seq`` where they hold none)."""
        return self.reader().first_seq

    def append(self, entries: Sequence[Entry]) -> range:
        """Write all entries with one fsync and return their seqs; what is returned is on the disk.

        Raises BadForm or TooBig for an entry that cannot be logged (nothing is written then), Unavailable where the
        disk refuses (nothing is acknowledged; what had been appended before stays whole)."""
        with self._thread_lock:
            if self.broken:
                raise Unavailable(f"log {self.root}", self.broken, "check the disk, then restart; nothing is lost")
            payloads = [self._payload(entry) for entry in entries]
            seqs = range(self._next_seq, self._next_seq + len(entries))
            if not entries:
                return seqs
            try:
                self._make_room()
                end = self._write(entries, payloads, seqs.start)
            except OSError as error:
                self._undo(error)
                rule = f"the disk refused the write ({error.strerror or error})"
                raise Unavailable(f"log {self.root}", rule, "free space or repair the disk, then send again") from error
            self._end, self._next_seq, self.last_at_us = end, seqs.stop, entries[-1].at_us
            self._note()
            return seqs

    def read(self, from_seq: int = 0, *, skip_damaged: bool = False) -> Iterator[Record]:
        """Acknowledged records from ``from_seq`` on; see ``LogReader.read``. Skipped damage is added to ``damaged``."""
        reader = self.reader()
        reader.damaged = self.damaged
        return reader.read(from_seq, skip_damaged=skip_damaged)

    def reader(self) -> LogReader:
        """A reader that remembers its place, for whoever follows this log in the same process."""
        return LogReader(self.root, schema=self._schema, mark=self._own_mark)

    def seal(self) -> None:
        """End the open segment, so that history may roll it; the next append begins a new one. Raises OSError."""
        with self._thread_lock:
            if self._fd < 0 or self._next_seq == self._first:
                return
            frame = Frame(SEAL, self._next_seq, self.last_at_us or 0, self._end, self._end, 0, 0, self._salt)
            write_all(self._fd, [frame.pack()], self._end)
            self.sync(self._fd)
            os.close(self._fd)
            self._fd = -1

    # ---------------------------------------------------------------- keeping house
    def drop_before(self, seq: int) -> list[int]:
        """Remove the segments whose records all come before ``seq``, never the newest; returns their first seqs. Only
        for records that two snapshots cover and history holds."""
        with self._thread_lock:
            dropped = [first for first, after in pairwise(segments_in(self.root)) if after <= seq]
            for first in dropped:
                segment_path(self.root, first).unlink()
            if dropped:
                sync_folder(self.root)
            return dropped

    def close(self) -> None:
        """Let go of the log; another appender may open it."""
        with self._thread_lock:
            if self._lock_fd < 0:
                return
            if self._fd >= 0:
                os.close(self._fd)
            self._mark_file.close()
            os.close(self._lock_fd)
            self._fd = self._lock_fd = -1
            self.broken = "it is closed"

    def __enter__(self) -> SegmentLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---------------------------------------------------------------- inside an append
    def _payload(self, entry: Entry) -> pa.Buffer | bytes:
        if entry.kind is not RecordKind.OBSERVATIONS:
            if entry.batch is not None:
                raise BadForm(f"{entry.kind} entry", "only observations carry a batch", "send its body as UTF-8 JSON")
            payload: pa.Buffer | bytes = entry.body
        elif entry.batch is None or not entry.batch.schema.equals(self._schema):
            got = "no batch" if entry.batch is None else str(entry.batch.schema).replace("\n", ", ")
            raise BadForm(
                "observations entry", f"columns are not those of the log ({got})", "build it with tocsin.formats"
            )
        elif any(
            column.null_count
            for field, column in zip(self._schema, entry.batch.columns, strict=True)
            if not field.nullable
        ):
            raise BadForm("observations entry", "nulls in a column that has none", "build it with tocsin.formats")
        else:
            payload = entry.batch.serialize()
        if len(payload) > _LARGEST_PAYLOAD:
            raise TooBig(f"{entry.kind} entry", f"over {_LARGEST_PAYLOAD} bytes", "send it in several parts")
        return payload

    def _make_room(self) -> None:
        if self._fd >= 0 and self._end >= self.segment_bytes:
            self.seal()
        if self._fd < 0:
            self._create()

    def _create(self) -> None:
        salt = os.urandom(8)
        head = pack_head(self._next_seq, self._schema, salt)
        path = segment_path(self.root, self._next_seq)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            write_all(fd, [head], 0)
            os.fsync(fd)
            sync_folder(self.root)
        except OSError:
            os.close(fd)
            path.unlink()
            raise
        self._fd, self._salt, self._first, self._end = fd, salt, self._next_seq, len(head)

    def _write(self, entries: Sequence[Entry], payloads: Iterable[pa.Buffer | bytes], seq: int) -> int:
        buffers: list[Bytes] = []
        offset = self._end
        for entry, payload in zip(entries, payloads, strict=True):
            view = memoryview(payload)
            padding = bytes(padded(len(view)) - len(view))
            crc = zlib.crc32(padding, zlib.crc32(view))
            frame = Frame(CODES[entry.kind], seq, entry.at_us, offset, self._end, len(view), crc, self._salt)
            buffers += (frame.pack(), view, padding)
            offset, seq = frame.end, seq + 1
        write_all(self._fd, [buffer for buffer in buffers if len(buffer)], self._end)
        self.sync(self._fd)
        return offset

    def _undo(self, error: OSError) -> None:
        """After a failed write or fsync: cut the file back to what is acknowledged and never write to it again.

        What an fsync that failed has done to the file nobody can tell but by reading it back from the disk: so every
        acknowledged record of the segment is read again, past the cache. Where all are whole, a new segment takes
        over; where not, or where the file cannot be cut or read, the log stops (``broken``)."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        self.abandoned += 1
        try:
            os.ftruncate(fd, self._end)
            if error.errno not in _FULL:  # a full disk refuses what is new; what was fsynced before it keeps
                self.sync(fd)
                forget_cached(segment_path(self.root, self._first))
            fault = self._first_fault()
        except (OSError, ValueError) as again:
            self.broken = f"an earlier write failed and could not be undone ({getattr(again, 'strerror', '') or again})"
            return
        finally:
            os.close(fd)
        if fault is not None:
            self.damaged.append(fault)
            self.broken = f"after a failed write acknowledged records fail their check ({fault.thing})"

    def _first_fault(self) -> LogDamaged | None:
        if self._next_seq == self._first:
            segment_path(self.root, self._first).unlink()  # nothing in it: its name is free for the next one
            sync_folder(self.root)
            return None
        segment = Segment(segment_path(self.root, self._first), self._schema, self._end)
        for item in segment.frames(segment.start, self._first, self._next_seq):
            fault = item if isinstance(item, LogDamaged) else _payload_fault(segment, item)
            if fault is not None:
                return fault
        return None

    def _own_mark(self) -> Mark | None:
        return self._mark

    def _note(self) -> None:
        if self._fd >= 0:
            self._mark = Mark(self._next_seq, self._first, self._end)
            self._mark_file.note(self._mark)


def _payload_fault(segment: Segment, frame: Frame) -> LogDamaged | None:
    if frame.payload(segment.view) is not None:
        return None
    return LogDamaged(segment.path, frame.seq, frame.seq + 1, frame.offset, "a record's payload fails its check")
