"""Tallies: what the engine counted of each stream since its start, handed to pages through one small file.

Counts per stream change with every batch, so they are no rows of the database (architecture.md: nothing is written per
batch but the log); the engine process writes them over once a second, whole or not at all, and anybody may read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["NAME", "Tallies", "read_tallies", "write_tallies"]

NAME = "tallies.arrow"  # under TOCSIN_HOME/run
_COLUMNS = ("accepted", "late", "duplicate", "missing", "newest_us")
_EARLIEST_US = -62_135_596_800_000_000  # year 1; anything before stands for "none yet"


@dataclass(frozen=True, slots=True)
class Tallies:
    """Columns by catalogue index. ``newest_us``: newest accepted ``observed_at``, before year 1 where there is none yet.
    ``at_us``: when the engine wrote them (wall clock)."""

    at_us: int
    accepted: NDArray[np.int64]
    late: NDArray[np.int64]
    duplicate: NDArray[np.int64]
    missing: NDArray[np.int64]
    newest_us: NDArray[np.int64]

    def heard(self) -> NDArray[np.bool_]:
        """Which streams have ever given an observation that was accepted."""
        return self.newest_us > _EARLIEST_US

    def newest_of(self, index: int) -> int | None:
        """The newest ``observed_at`` of one stream; None before its first observation."""
        newest = int(self.newest_us[index])
        return newest if newest > _EARLIEST_US else None

    @property
    def newest(self) -> int | None:
        """The newest ``observed_at`` over all streams; None before the first observation."""
        heard = self.newest_us[self.heard()]
        return int(heard.max()) if heard.size else None


def write_tallies(folder: Path, counters: Any, *, at_us: int) -> None:
    """Write ``engine.runner.Counters`` (arrays by catalogue index) to ``folder``, replacing what was there."""
    columns = {name: pa.array(np.asarray(getattr(counters, name)).astype(np.int64)) for name in _COLUMNS}
    table = pa.table(columns).replace_schema_metadata({"at_us": str(at_us)})
    draft = folder / f".{NAME}.{os.getpid()}"
    with pa.OSFile(str(draft), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    draft.replace(folder / NAME)


def read_tallies(folder: Path) -> Tallies | None:
    """What the engine last wrote; None where no engine has run yet."""
    try:
        with pa.OSFile(str(folder / NAME), "rb") as source:
            table = pa.ipc.open_file(source).read_all()
    except FileNotFoundError:
        return None
    at_us = int((table.schema.metadata or {})[b"at_us"])
    return Tallies(at_us, *(table[name].to_numpy() for name in _COLUMNS))
