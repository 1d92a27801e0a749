"""What a detector is. ``tests/unit/engine_detectors/battery.py`` holds every one of them to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

__all__ = ["Detector"]

Array = np.ndarray


class Detector(Protocol):
    """Scores observations of many streams (slots), each in the order of its own time, in memory that does not grow with time.

    Promises: batches of any size give what rows one at a time give, bit for bit; slots do not touch each other; what is
    saved and loaded goes on as if nothing had happened; a value that is no finite number scores NaN and leaves no trace; a
    score is NaN while the detector does not know enough. No clock and no random source."""

    assumptions: str  # what must be true of the data for its scores to mean what it says
    bytes_a_slot: int  # memory of a slot, at most

    def grow(self, slots: int) -> None:
        """Room for more slots; those that are there keep their state."""

    def fit(self, slot: Array, t: Array, v: Array) -> None:
        """Learn from history without judging it: as ``step``, but nothing is accumulated towards a finding."""

    def step(self, slot: Array, t: Array, v: Array) -> Array:
        """A score a row (higher = more unusual), the row judged by what was known before it. Rows: slots grouped, each in
        time order; ``t`` in us, UTC."""

    def state(self) -> Mapping[str, Array]:
        """All that a later ``step`` depends on."""

    def load(self, state: Mapping[str, Array]) -> None:
        """Take over a saved state."""
