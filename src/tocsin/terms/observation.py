"""Observation: one immutable value with ``observed_at`` and ``received_at``. In bulk it lives in Arrow columns."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Observation", "Quality"]


class Quality(enum.IntEnum):
    """What the source said of a value. MISSING is "the source says it has no value": kept, counted, not evaluated."""

    GOOD = 0
    MISSING = 1
    DOUBTFUL = 2


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of one stream, in the stream's unit. For forecast streams ``observed_at`` is the valid time."""

    stream: str
    observed_at: datetime
    value: float
    received_at: datetime
    quality: Quality = Quality.GOOD
    issued_at: datetime | None = None
