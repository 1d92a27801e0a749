"""History: sealed segments rolled into Parquet, one folder a UTC day, and queries over all of it.

    parquet/rows/day=2026-11-22/00000000000000000042.parquet     rows of the segment that begins with seq 42
    parquet/rolled/00000000000000000042.json                     that segment is done; names its files

The day is the one on which the log took the record (``at_us``): so a segment makes one or two files even when a source
delivers ten years at once, and files in order of name hold records in order of seq. A segment counts as rolled once its
note in ``rolled/`` is in place; a crash before leaves files that nobody reads and that the next roll writes anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby, pairwise, takewhile
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.formats.arrow import OBSERVATIONS
from tocsin.loop.observe.log.reader import LogReader, Segment, segment_path, segments_in
from tocsin.terms.errors import BadForm, Refused, Unavailable
from tocsin.terms.moment import SECOND_US
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue

__all__ = ["ROWS", "History", "Rolled"]

_MOMENT = pa.timestamp("us", tz="UTC")
# One row an observation; one row a record of any other kind (its JSON in body), and one for a batch without rows.
ROWS = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("kind", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("logged_at", _MOMENT, nullable=False),
        *(field.with_nullable(True) for field in OBSERVATIONS),
        pa.field("body", pa.binary()),
    ]
)
_KINDS = pa.array([kind.value for kind in RecordKind])
_KIND_INDEX = {kind: index for index, kind in enumerate(RecordKind)}
_DAY_US = 86_400 * SECOND_US
_TRIES = 3


class Rolled(msgspec.Struct, frozen=True):
    """The note of one rolled segment. ``lost`` lists [seq, until) of records that failed their check."""

    first_seq: int
    next_seq: int
    files: list[str]
    rows: int
    lost: list[tuple[int, int]] = []


class History:
    """Parquet files in ``root`` beside the segments in ``log_root``. Writes only its own folder."""

    def __init__(self, root: Path, log_root: Path, *, memory_limit: str = "512MB", threads: int = 2) -> None:
        self.root, self.log_root = root, log_root
        self.memory_limit, self.threads = memory_limit, threads

    # ---------------------------------------------------------------- rolling
    def roll(self) -> list[Rolled]:
        """Roll every sealed segment that is not rolled yet. Safe to repeat, and after a crash at any point."""
        done = {note.first_seq for note in self.rolled()}
        return [self._roll_segment(first, until) for first, until in self._sealed() if first not in done]

    def rolled(self) -> list[Rolled]:
        """The notes of all rolled segments, in order."""
        paths = sorted((self.root / "rolled").glob("*.json"))
        return [msgspec.json.decode(path.read_bytes(), type=Rolled) for path in paths]

    @property
    def rolled_until(self) -> int:
        """Every record before this seq is in Parquet or named as lost; ``SegmentLog.drop_before`` may go so far."""
        until = 0
        for note in self.rolled():
            if note.first_seq != until and until:
                break
            until = note.next_seq
        return until

    def _sealed(self) -> Iterator[tuple[int, int]]:
        reader = LogReader(self.log_root)
        firsts = segments_in(self.log_root)
        yield from pairwise(firsts)
        if firsts and Segment(segment_path(self.log_root, firsts[-1]), OBSERVATIONS).is_sealed():
            yield firsts[-1], reader.next_seq

    def _roll_segment(self, first: int, until: int) -> Rolled:
        reader = LogReader(self.log_root)
        files: list[str] = []
        rows = 0
        records = _until(reader.read(first, skip_damaged=True), until)
        for day, of_day in groupby(records, key=lambda record: record.at_us // _DAY_US):
            table = pa.Table.from_batches([_rows(record) for record in of_day], ROWS)
            files.append(self._write_day(day, first, table, len(files)))
            rows += table.num_rows
        lost = [(item.seq, min(item.until, until)) for item in reader.damaged if item.seq < min(item.until, until)]
        note = Rolled(first, until, files, rows, lost)
        _replace(self.root / "rolled" / f"{first:020d}.json", msgspec.json.encode(note))
        return note

    def _write_day(self, day: int, first: int, table: pa.Table, part: int) -> str:
        # A clock set back makes a segment visit one day twice: hence the part, which keeps file order = seq order.
        date = datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()
        name = f"rows/day={date}/{first:020d}-{part:04d}.parquet"
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", row_group_size=1 << 17)
        _replace(self.root / name, sink.getvalue())
        return name

    # ---------------------------------------------------------------- reading
    def read(self, from_seq: int = 0) -> Iterator[Record]:
        """Records that were rolled, from ``from_seq`` on, as they were in the log."""
        for note in self.rolled():
            if note.next_seq <= from_seq:
                continue
            for name in note.files:
                for record in _records(pq.read_table(self.root / name, schema=ROWS, partitioning=None)):
                    if record.seq >= from_seq:
                        yield record

    def query(self, sql: str, catalogue: Catalogue | None = None) -> pa.Table:
        """The result of one SELECT. Tables: ``observations`` (seq, logged_at, stream, observed_at, value, quality,
        received_at, issued_at), ``records`` (all other kinds: seq, kind, logged_at, body) and, with a catalogue, ``streams``
        (stream, id, source, feature, property, unit, jurisdiction). Nothing else can be read, nothing written, and
        DuckDB keeps to ``memory_limit``.

        Raises Refused for anything but one SELECT, BadForm for SQL that DuckDB refuses, Unavailable where it needs
        more memory than it may have."""
        for attempt in range(_TRIES):
            try:
                return self._query(sql, catalogue)
            except FileNotFoundError:  # a segment was dropped after we had listed it; by then it was rolled
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _query(self, sql: str, catalogue: Catalogue | None) -> pa.Table:
        notes = self.rolled()  # before the segments, so that no record falls between the two
        files = [str(self.root / name) for note in notes for name in note.files]
        fresh = self._unrolled({note.first_seq for note in notes})
        with duckdb.connect(":memory:", config={"memory_limit": self.memory_limit, "threads": self.threads}) as base:
            _views(base, files, fresh)
            if catalogue is not None:
                base.register("streams", _streams(catalogue))
            _confine(base, files)
            return _select(base, sql)

    def _unrolled(self, done: set[int]) -> pa.Table:
        reader = LogReader(self.log_root)
        firsts = segments_in(self.log_root)
        batches = []
        for first, until in pairwise([*firsts, reader.next_seq]):
            if first not in done:
                batches += [_rows(record) for record in _until(reader.read(first, skip_damaged=True), until)]
        return pa.Table.from_batches(batches, ROWS)


# -------------------------------------------------------------------- rows and records
def _rows(record: Record) -> pa.RecordBatch:
    batch = record.batch if record.batch is not None and record.batch.num_rows else None
    count = 1 if batch is None else batch.num_rows
    kind = pa.DictionaryArray.from_arrays(np.full(count, _KIND_INDEX[record.kind], np.int8), _KINDS)
    columns = [pa.array(np.full(count, record.seq)), kind, pa.array(np.full(count, record.at_us)).cast(_MOMENT)]
    if batch is None:
        columns += [pa.nulls(1, field.type) for field in OBSERVATIONS]
    else:
        columns += batch.columns
    body = pa.nulls(count, pa.binary()) if record.batch is not None else pa.array([record.body], pa.binary())
    return pa.RecordBatch.from_arrays([*columns, body], schema=ROWS)


def _records(table: pa.Table) -> Iterator[Record]:
    table = table.combine_chunks()
    seqs = table["seq"].to_numpy()
    starts = np.flatnonzero(np.diff(seqs, prepend=-1)).tolist()
    for start, stop in zip(starts, [*starts[1:], len(seqs)], strict=True):
        part = table.slice(start, stop - start)
        kind = RecordKind(part["kind"][0].as_py())
        at_us = part["logged_at"][0].cast(pa.int64()).as_py()
        if kind is RecordKind.OBSERVATIONS:
            yield Record(int(seqs[start]), kind, at_us, batch=_observations(part))
        else:
            yield Record(int(seqs[start]), kind, at_us, body=part["body"][0].as_py())


def _observations(part: pa.Table) -> pa.RecordBatch:
    if part["stream"].null_count:  # stands for a batch without rows
        part = part.slice(0, 0)
    arrays = [part[name].combine_chunks() for name in OBSERVATIONS.names]
    return pa.RecordBatch.from_arrays(arrays, schema=OBSERVATIONS)


def _until(records: Iterable[Record], until: int) -> Iterator[Record]:
    return takewhile(lambda record: record.seq < until, records)


def _streams(catalogue: Catalogue) -> pa.Table:
    names = ("id", "source", "feature", "property", "unit", "jurisdiction")
    columns = {name: pa.array([getattr(stream, name) for stream in catalogue], pa.string()) for name in names}
    return pa.table({"stream": pa.array(np.arange(len(catalogue), dtype=np.int32)), **columns})


# -------------------------------------------------------------------- DuckDB
def _views(base: duckdb.DuckDBPyConnection, files: list[str], fresh: pa.Table) -> None:
    base.execute("SET TimeZone = 'UTC'")
    base.register("fresh", fresh)
    columns = ", ".join(name for name in ROWS.names if name != "kind")
    parts = [f"SELECT kind::VARCHAR AS kind, {columns} FROM fresh"]  # noqa: S608 - our own names
    if files:
        listed = ", ".join("'" + name.replace("'", "''") + "'" for name in files)
        scan = f"read_parquet([{listed}], hive_partitioning = false)"
        parts.append(f"SELECT kind::VARCHAR AS kind, {columns} FROM {scan}")  # noqa: S608
    base.execute("CREATE VIEW rows AS " + " UNION ALL ".join(parts))
    base.execute(
        "CREATE VIEW observations AS SELECT seq, logged_at, stream, observed_at, value, quality, received_at, issued_at "
        "FROM rows WHERE stream IS NOT NULL"
    )
    base.execute("CREATE VIEW records AS SELECT seq, kind, logged_at, body FROM rows WHERE body IS NOT NULL")


def _confine(base: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    base.execute("SET allowed_paths = ?", [files])
    base.execute("SET enable_external_access = false")
    base.execute("SET lock_configuration = true")


def _select(base: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    try:
        statements = base.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise Refused("query", "only one SELECT is allowed", "ask with a single SELECT statement")
        return base.sql(sql).to_arrow_table()
    except duckdb.OutOfMemoryException as error:
        raise Unavailable(
            "query", f"it needs more memory than it may have ({error})", "select less, or raise memory_limit"
        ) from error
    except duckdb.Error as error:
        raise BadForm("query", str(error), "correct the SQL; tables are observations, records and streams") from error


def _replace(path: Path, data: bytes | pa.Buffer) -> None:
    """Write a file so that it is there wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    for folder in (path.parent, path.parent.parent):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
