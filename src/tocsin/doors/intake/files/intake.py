"""Observations from CSV and Parquet files, in parts, through the engine's socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.formats import ColumnMapping, Intake, Parsed, csv_parts, parquet_parts, read_mapping
from tocsin.terms.errors import BadForm
from tocsin.terms.stream import Catalogue

__all__ = ["FileIntake", "Taken", "mapping_of"]

PART_ROWS = 100_000
SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq")


class Engine(Protocol):
    """What we need of the engine's client."""

    def observations(self, batch: pa.RecordBatch, *, source: str, refused: pa.Table | None = None) -> int | None: ...


@dataclass(slots=True)
class Taken:
    """What became of the rows so far. ``accepted`` includes ``missing``; ``seq`` is the last record."""

    rows: int = 0
    accepted: int = 0
    missing: int = 0
    refused: int = 0
    seq: int | None = None
    reasons: Counter[str] = field(default_factory=Counter)


class FileIntake:
    """Takes files of one source, judged against ``catalogue`` at ``now_us()``. Delivering a file twice is harmless."""

    def __init__(
        self,
        engine: Engine,
        catalogue: Catalogue,
        source: str,
        *,
        now_us: Callable[[], int],
        mapping: ColumnMapping | None = None,
    ) -> None:
        self._engine, self._catalogue, self._source = engine, catalogue, source
        self._now_us, self._mapping = now_us, mapping
        self.taken = Taken()

    def take(self, file: Path, *, progress: Callable[[int, int | None], None] = lambda done, total: None) -> None:
        """All rows of a file; ``progress`` hears rows done and, where it is known beforehand, rows in all.

        Raises BadForm for another kind of file or one that cannot be read, Unavailable where the engine is down: parts
        before that are taken.
        """
        if file.suffix.lower() not in SUFFIXES:
            raise BadForm(str(file), "must be CSV or Parquet", f"give a file that ends in {', '.join(SUFFIXES)}")
        done = 0
        with pa.memory_map(str(file)) as mapped:
            data = mapped.read_buffer()
            total = _rows_of(file)
            for parsed in self._parts(file, data):
                self._deliver(parsed)
                done += parsed.rows
                progress(done, total)

    def _parts(self, file: Path, data: pa.Buffer) -> Iterator[Parsed]:
        intake = Intake(self._catalogue, self._source, self._now_us())
        if file.suffix.lower() in (".parquet", ".pq"):
            return parquet_parts(data, intake, self._mapping, PART_ROWS)
        return csv_parts(data.to_pybytes(), intake, self._mapping, PART_ROWS)

    def _deliver(self, parsed: Parsed) -> None:
        seq = self._engine.observations(parsed.batch, source=self._source, refused=parsed.refused)
        taken = self.taken
        taken.seq = taken.seq if seq is None else seq
        taken.rows += parsed.rows
        taken.accepted += parsed.batch.num_rows
        taken.missing += parsed.missing
        taken.refused += parsed.refused.num_rows
        taken.reasons.update(parsed.refused["rule"].to_pylist())


def _rows_of(file: Path) -> int | None:
    if file.suffix.lower() not in (".parquet", ".pq"):
        return None
    try:
        return int(pq.read_metadata(file).num_rows)
    except (pa.ArrowException, OSError):
        return None  # the reader will say what is wrong


def mapping_of(file: Path | None) -> ColumnMapping | None:
    """The mapping in a TOML file, if one is named. Raises BadForm."""
    return None if file is None else read_mapping(file.read_bytes())
