"""The history of a log read in row groups with read-ahead: columns for a judge, not records one by one.

A row group holds 131,072 rows or fewer; only the columns that a judge needs are decoded, and the next groups are read by a
thread while the present ones are judged. Ticks of the log are left out: what they would change is stamped when it fell due
(engine.md section 1), so a driver makes its own, fewer ones. Memory does not grow with the length of the history.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tocsin.loop.observe.log import History, LogReader
from tocsin.loop.observe.log.history import ROWS
from tocsin.terms.errors import Damaged
from tocsin.terms.record import Record, RecordKind

__all__ = ["NEEDED", "Chunk", "ahead", "history_chunks", "history_files"]

NEEDED = ["stream", "observed_at", "value", "quality"]
Answer = TypeVar("Answer")

_KIND = ROWS.get_field_index("kind")
GROUPS = 2  # read together: about a quarter of a million rows
AHEAD = 2  # reads in flight


@dataclass(frozen=True, slots=True)
class Chunk:
    """Either rows in log order (``stream`` catalogue index, ``observed_at`` us, ``value``, ``quality``) or, with ``body``,
    a catalogue record (``at_us``: when the log took it)."""

    stream: npt.NDArray[np.int32]
    observed_at: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    at_us: int = 0
    body: bytes | None = None

    def __len__(self) -> int:
        return len(self.stream)


_NONE = (np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.uint8))


def history_files(history: History) -> list[Path]:
    """Its Parquet files in order of seq."""
    return [history.root / name for note in history.rolled() for name in note.files]


def history_chunks(history: History, *, catalogue_only: bool = False) -> Iterator[Chunk]:
    """All of a log: what was rolled, then what lies in segments. ``catalogue_only`` skips row groups that hold nothing but
    observations (by the footer, without reading them). Raises Damaged naming the file."""
    reads = (read for path in history_files(history) for read in _reads(path, catalogue_only))
    for chunks in ahead(reads):
        yield from chunks
    reader = LogReader(history.log_root)
    for record in reader.read(max(history.rolled_until, reader.first_seq), skip_damaged=True):
        chunk = _of_record(record)
        if chunk is not None and (chunk.body is not None or not catalogue_only):
            yield chunk


def ahead(reads: Iterable[Callable[[], Answer]], depth: int = AHEAD) -> Iterator[Answer]:
    """The results of calls in their order, the next ``depth`` of them under way in a thread."""
    with ThreadPoolExecutor(1, "read-ahead") as thread:
        waiting: deque[Future[Answer]] = deque()
        for read in reads:
            waiting.append(thread.submit(read))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _reads(path: Path, catalogue_only: bool) -> Iterator[Callable[[], list[Chunk]]]:
    try:
        file = pq.ParquetFile(path, memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    plain: list[int] = []
    for n in range(file.metadata.num_row_groups):
        registers = _may_register(file, n)
        if plain and (registers or len(plain) == GROUPS):
            yield _reading(path, file, tuple(plain), registers=False)
            plain = []
        if registers:
            yield _reading(path, file, (n,), registers=True)
        elif not catalogue_only:
            plain.append(n)
    if plain:
        yield _reading(path, file, tuple(plain), registers=False)


def _may_register(file: pq.ParquetFile, group: int) -> bool:
    """May a row group hold a catalogue record? The footer keeps the least and the greatest kind in it."""
    column = file.metadata.row_group(group).column(_KIND)
    if not column.is_stats_set or not column.statistics.has_min_max:
        return True
    least, greatest = column.statistics.min, column.statistics.max
    return bool(least <= RecordKind.CATALOGUE.value <= greatest)


def _reading(
    path: Path, file: pq.ParquetFile, groups: tuple[int, ...], *, registers: bool
) -> Callable[[], list[Chunk]]:
    def read() -> list[Chunk]:
        columns = [*NEEDED, "kind", "logged_at", "body"] if registers else NEEDED
        try:
            table = file.read_row_groups(list(groups), columns=columns, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from error
        return list(_around_catalogues(table)) if registers else [_rows(table)]

    return read


def _around_catalogues(table: pa.Table) -> Iterator[Chunk]:
    kind = pc.cast(table["kind"], pa.string())
    logged = table["logged_at"].cast(pa.int64()).to_numpy()
    at = 0
    for row in [*np.flatnonzero(pc.equal(kind, RecordKind.CATALOGUE.value).to_numpy()).tolist(), len(table)]:
        yield _rows(table.slice(at, row - at))
        if row < len(table):
            yield Chunk(*_NONE, at_us=int(logged[row]), body=table["body"][row].as_py())
        at = row + 1


def _rows(table: pa.Table) -> Chunk:
    if table["stream"].null_count:  # records of other kinds, and batches without rows
        table = table.filter(pc.is_valid(table["stream"]))
    moments = table["observed_at"].cast(pa.int64()).to_numpy()
    return Chunk(table["stream"].to_numpy(), moments, table["value"].to_numpy(), table["quality"].to_numpy())


def _of_record(record: Record) -> Chunk | None:
    if record.kind is RecordKind.CATALOGUE:
        return Chunk(*_NONE, at_us=record.at_us, body=record.body)
    return _rows(pa.Table.from_batches([record.batch])) if record.batch is not None else None


def _damaged(path: Path, error: Exception) -> Damaged:
    return Damaged(f"history file {path.name}", f"cannot be read ({str(error).splitlines()[0]})",
                   "restore it from a backup")  # fmt: skip
