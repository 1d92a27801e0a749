"""A stream's values around a log record, read from the log itself: what the rule saw, not a copy of it."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pyarrow as pa
from django.conf import settings

from tocsin.loop.observe.log import LogReader
from tocsin.terms.errors import TocsinError
from tocsin.terms.observation import Quality

__all__ = ["recent_values"]

BEFORE, AFTER = 400, 100  # records of the log: enough for hours of a small system, bounded for a large one
AT_MOST = 600


def recent_values(stream: int, seq: int) -> list[tuple[int, float]]:
    """(moment in us, value or NaN) in order of time, at most 600, of the catalogue index ``stream`` around ``seq``.

    Empty where the log is not on this machine or was rolled away."""
    found: dict[int, float] = {}
    try:
        reader = LogReader(settings.HOME.log)
        records = reader.read(max(reader.first_seq, seq - BEFORE), skip_damaged=True)
        for record in islice(records, BEFORE + AFTER):
            if record.batch is not None:
                found |= {at: value for at, value in _of_stream(record.batch, stream) if at not in found}
    except (OSError, TocsinError):
        return []
    return sorted(found.items())[-AT_MOST:]


def _of_stream(batch: pa.RecordBatch, stream: int) -> list[tuple[int, float]]:
    rows = np.flatnonzero(batch["stream"].to_numpy() == stream)
    at = batch["observed_at"].cast(pa.int64()).to_numpy()[rows]
    value = np.where(batch["quality"].to_numpy()[rows] == Quality.MISSING, np.nan, batch["value"].to_numpy()[rows])
    return list(zip(at.tolist(), value.tolist(), strict=True))
