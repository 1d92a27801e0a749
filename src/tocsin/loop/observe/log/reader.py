"""LogReader: reads a log in order of seq, also while another process appends to it.

It sees acknowledged records only. Every record up to the mark is either yielded or named in a ``LogDamaged``.
"""

from __future__ import annotations

import bisect
import mmap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from tocsin.formats.arrow import OBSERVATIONS
from tocsin.loop.observe.log.frame import (
    FORMAT,
    FRAME_BYTES,
    SEAL,
    Frame,
    Head,
    head_version,
    next_frame,
    pack_head,
    read_frame,
    read_head,
)
from tocsin.loop.observe.log.losses import Loss, read_losses, uncovered
from tocsin.loop.observe.log.mark import Mark, read_mark
from tocsin.terms.errors import Damaged, Unavailable
from tocsin.terms.record import Record, RecordKind

__all__ = ["CODES", "HEAD_LOST", "KINDS", "LogDamaged", "LogReader", "Segment", "segment_path", "segments_in"]

# Numbers of record kinds in frames. They are on disk for ever: add, never renumber.
CODES = {
    RecordKind.OBSERVATIONS: 1,
    RecordKind.REPORTS: 2,
    RecordKind.BULLETIN: 3,
    RecordKind.TICK: 4,
    RecordKind.CATALOGUE: 5,
    RecordKind.RULES: 6,
}
KINDS = {code: kind for kind, code in CODES.items()}
_SUFFIX = ".seg"
HEAD_LOST = "the head of the file fails its check; the records are whole"
_GONE = "no segment holds these records (removed, or rolled into history)"


class LogDamaged(Damaged):
    """Records ``seq`` up to and without ``until`` of one segment fail their check or are gone."""

    def __init__(self, path: Path, seq: int, until: int, offset: int, what: str) -> None:
        self.segment, self.seq, self.until, self.offset = path.name, seq, until, offset
        super().__init__(
            f"log segment {path.name}, {_names(seq, until)}, byte {offset}",
            what,
            f"restore {path} from a backup; or go on without exactly these records: `tocsin log repair --accept-loss`",
        )


def _names(seq: int, until: int) -> str:
    if until <= seq:
        return "no record"
    return f"record {seq}" if until == seq + 1 else f"records {seq} to {until - 1}"


def segment_path(root: Path, first_seq: int) -> Path:
    """The file of the segment that begins with ``first_seq``."""
    return root / f"{first_seq:020d}{_SUFFIX}"


def segments_in(root: Path) -> list[int]:
    """First seqs of the segments in ``root``, in order."""
    names = (path.name for path in root.glob(f"*{_SUFFIX}"))
    return sorted(int(name.removesuffix(_SUFFIX)) for name in names if name.removesuffix(_SUFFIX).isdigit())


class Segment:
    """One segment file, mapped into memory up to ``limit`` bytes (or its whole length). ``head_lost`` is set where the
    head fails its check and was made up from the first record (nothing is lost then). ``is_unborn``: its head is not whole
    and nothing follows it. (A head is fsynced before the first record is written, so a file with more in it is damaged.)"""

    def __init__(self, path: Path, schema: pa.Schema, limit: int | None = None) -> None:
        self.path = path
        self.head_lost = False
        self.first_seq = int(path.name.removesuffix(_SUFFIX))
        with path.open("rb") as file:
            size = file.seek(0, 2)
            self.limit = size if limit is None else min(size, limit)
            self.view = memoryview(mmap.mmap(file.fileno(), self.limit, access=mmap.ACCESS_READ) if self.limit else b"")
        head = read_head(self.view)
        if head is None and (version := head_version(self.view)) not in (None, FORMAT):
            rule = f"is of format {version}, and this version of Tocsin reads format {FORMAT}"
            raise Unavailable(f"log segment {path.name}", rule, "run the version that wrote it, or a newer one")
        self.head = head if head is not None and head.first_seq == self.first_seq else self._head_from_frame(schema)

        self.is_unborn = self.head is None and self.limit <= len(pack_head(self.first_seq, schema, bytes(8)))

    def _head_from_frame(self, schema: pa.Schema) -> Head | None:
        frame = next_frame(self.view, 0, None)
        if frame is None or frame.seq != self.first_seq:
            return None
        self.head_lost = True
        return Head(frame.salt, frame.seq, schema, frame.offset)

    @property
    def start(self) -> int:
        """Offset of the first frame."""
        return self.head.end if self.head is not None else 0

    def frames(self, offset: int, seq: int, until: int | None) -> Iterator[Frame | LogDamaged]:
        """Frame headers from ``offset``, where ``seq`` is expected, and what is missing among them. ``until`` is the
        seq that follows the segment, where it is known; a seal frame ends the walk. Payloads are not checked here."""
        if self.head is None:
            yield LogDamaged(self.path, seq, until or seq + 1, 0, "the head of the file fails its check")
            return
        salt = self.head.salt
        what = "the file is cut short"
        while offset < self.limit:
            frame = read_frame(self.view, offset, salt) or next_frame(self.view, offset + FRAME_BYTES, salt)
            if frame is None:
                what = "from here on the file fails its check, or is cut short"
                break
            if until is not None and frame.seq >= until:
                break  # left by a write that failed: the segment was given up and the next one took over
            if frame.seq > seq:
                yield LogDamaged(self.path, seq, frame.seq, offset, "a record header fails its check")
            offset, seq = frame.end, frame.seq
            if frame.kind == SEAL:
                what = "the segment that held what follows is missing"
                break
            yield frame
            seq += 1
        if until is not None and seq < until:
            yield LogDamaged(self.path, seq, until, offset, what)

    def is_sealed(self) -> bool:
        """True where a seal frame is the last thing in the file."""
        if self.head is None or self.limit < self.head.end + FRAME_BYTES:
            return False
        frame = read_frame(self.view, self.limit - FRAME_BYTES, self.head.salt)
        return frame is not None and frame.kind == SEAL

    def record(self, frame: Frame) -> Record | LogDamaged:
        """The record of a frame, its columns still in the mapped file; or what is wrong with it."""
        payload = frame.payload(self.view)
        if payload is None:
            return LogDamaged(self.path, frame.seq, frame.seq + 1, frame.offset, "a record's payload fails its check")
        kind = KINDS.get(frame.kind)
        if kind is None:
            rule = f"record kind {frame.kind} is unknown to this version"
            return LogDamaged(self.path, frame.seq, frame.seq + 1, frame.offset, rule)
        if kind is not RecordKind.OBSERVATIONS:
            return Record(frame.seq, kind, frame.at_us, body=bytes(payload))
        assert self.head is not None  # noqa: S101 - frames come from a file whose head was read
        batch = pa.ipc.read_record_batch(pa.py_buffer(payload), self.head.schema)
        return Record(frame.seq, kind, frame.at_us, batch=batch)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a reader stopped, so that reading on does not walk the segment again."""

    seq: int
    segment: int
    offset: int


Heal = Callable[[int, int], Iterable[Record]]


def _standing_in(losses: Sequence[Loss], item: LogDamaged, at_us: int) -> Iterator[Record]:
    for loss in losses:
        if loss.catalogue and item.seq <= loss.seq < item.until:
            yield Record(loss.seq, RecordKind.CATALOGUE, at_us, body=loss.catalogue.encode())


class LogReader:
    """Reads the log in ``root``. Not for several threads at once; make one for each."""

    def __init__(
        self, root: Path, *, schema: pa.Schema = OBSERVATIONS, mark: Callable[[], Mark | None] | None = None
    ) -> None:
        self.root = root
        self.damaged: list[LogDamaged] = []
        self.accepted: list[LogDamaged] = []
        self.healed = 0
        self.mark = mark or partial(read_mark, root)  # how far the log is acknowledged, as its writer last noted
        self._schema = schema
        self._place: _Place | None = None

    @property
    def next_seq(self) -> int:
        """The seq that the next record will have."""
        mark = self.mark()
        if mark is not None:
            return mark.next_seq
        firsts = segments_in(self.root)
        if not firsts:
            return 0
        last = Segment(segment_path(self.root, firsts[-1]), self._schema)
        found = [item for item in last.frames(last.start, firsts[-1], None) if isinstance(item, Frame)]
        return found[-1].seq + 1 if found else firsts[-1]

    @property
    def first_seq(self) -> int:
        """The oldest seq that segments still hold (``next_seq`` where they hold none)."""
        firsts = segments_in(self.root)
        return firsts[0] if firsts else self.next_seq

    def seq_before(self, at_us: int) -> int:
        """A seq before which no record has ``at_us`` or later (the start of a segment), where ``at_us`` never falls."""
        firsts = segments_in(self.root)
        for first in reversed(firsts):
            segment = Segment(segment_path(self.root, first), self._schema)
            frame = read_frame(segment.view, segment.start, segment.head.salt) if segment.head is not None else None
            if frame is not None and frame.kind != SEAL and frame.at_us < at_us:
                return first
        return firsts[0] if firsts else 0

    def read(self, from_seq: int = 0, *, skip_damaged: bool = False, heal: Heal | None = None) -> Iterator[Record]:
        """Acknowledged records from ``from_seq`` on, in order. Columns are views of the mapped file, never copies.

        Raises ``LogDamaged`` at a record that fails its check, or is no longer there; with ``skip_damaged`` it is put
        into ``damaged`` instead and reading goes on behind it. What ``heal(seq, until)`` still has of such records is
        given in their place (``healed`` counts them); a loss that was accepted is left out (``accepted`` names it)."""
        at_us = 0
        for item in self._items(from_seq):
            if isinstance(item, Record):
                at_us = item.at_us
                yield item
                continue
            found = list(heal(max(item.seq, from_seq), item.until)) if heal is not None else []
            if [record.seq for record in found] == list(range(max(item.seq, from_seq), item.until)):
                self.healed += len(found)
                yield from found
                continue
            losses = read_losses(self.root)
            if not uncovered(losses, item.seq, item.until):
                self.accepted.append(item)
                yield from _standing_in(losses, item, at_us)
            elif not skip_damaged:
                raise item
            else:
                self.damaged.append(item)

    def _items(self, from_seq: int) -> Iterator[Record | LogDamaged]:
        mark = self.mark()  # before the listing: whatever it names is then in the listing, or lost
        firsts = [first for first in segments_in(self.root) if mark is None or first <= mark.segment]
        if mark is not None and mark.segment not in firsts:
            firsts.append(mark.segment)  # gone: its records are named below
        end = mark.next_seq if mark is not None else None
        oldest = next((first for first in firsts if segment_path(self.root, first).exists()), end or 0)
        if from_seq < oldest:
            yield LogDamaged(segment_path(self.root, from_seq), from_seq, oldest, 0, _GONE)
        if not firsts:
            return
        begin = max(0, bisect.bisect_right(firsts, max(from_seq, oldest)) - 1)
        for first, until in zip(firsts[begin:], [*firsts[begin + 1 :], end], strict=True):
            path = segment_path(self.root, first)
            if path.exists():
                limit = mark.offset if mark is not None and mark.segment == first else None
                segment = Segment(path, self._schema, limit)
                if mark is None and segment.is_unborn:
                    return  # the writer is about to begin its very first segment
                yield from self._segment_items(segment, from_seq, until)
            elif until is not None and max(first, from_seq, oldest) < until:
                yield LogDamaged(path, max(first, from_seq), until, 0, _GONE)

    def _segment_items(self, segment: Segment, from_seq: int, until: int | None) -> Iterator[Record | LogDamaged]:
        if segment.head_lost:
            self.damaged.append(LogDamaged(segment.path, segment.first_seq, segment.first_seq, 0, HEAD_LOST))
        offset, seq = self._resume(segment, from_seq)
        for item in segment.frames(offset, seq, until):
            if isinstance(item, LogDamaged):
                if item.until > from_seq:
                    yield item
            elif item.seq >= from_seq:
                yield segment.record(item)
                self._place = _Place(item.seq + 1, segment.first_seq, item.end)

    def _resume(self, segment: Segment, from_seq: int) -> tuple[int, int]:
        place = self._place
        if (
            place is not None
            and place.segment == segment.first_seq
            and place.seq <= from_seq
            and place.offset <= segment.limit
        ):
            return place.offset, place.seq
        return segment.start, segment.first_seq
