"""Record: one entry of the log, the only input of the engine (engine.md section 1)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Record", "RecordKind"]


class RecordKind(enum.StrEnum):
    """Kinds of records."""

    OBSERVATIONS = "observations"
    REPORTS = "reports"
    BULLETIN = "bulletin"
    TICK = "tick"
    CATALOGUE = "catalogue"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Record:
    """``seq`` counts records from 0 without gaps. Observation records carry ``batch`` (schema in
    ``formats.arrow.OBSERVATIONS``); all other kinds carry ``body``, UTF-8 JSON. ``at_us``: for a tick the moment it
    advances to; else when the log took the record."""

    seq: int
    kind: RecordKind
    at_us: int
    batch: pa.RecordBatch | None = None
    body: bytes = b""
