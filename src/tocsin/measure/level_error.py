"""Level error: the level given minus the level deserved, on an ordered scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tocsin.terms.errors import BadValue

__all__ = ["LevelErrors", "level_errors"]


@dataclass(frozen=True, slots=True)
class LevelErrors:
    """Errors in ranks, one a matched pair: negative = too low, positive = too high. ``counts``: error -> how often."""

    errors: tuple[int, ...]
    counts: dict[int, int] = field(default_factory=dict)

    @property
    def exact(self) -> float:
        """Share of pairs with the deserved level; NaN if there are none."""
        return self.counts.get(0, 0) / len(self.errors) if self.errors else float("nan")

    @property
    def mean(self) -> float:
        """Mean error in ranks (tendency to warn too low or too high); NaN if none."""
        return float(np.mean(self.errors)) if self.errors else float("nan")

    @property
    def mean_absolute(self) -> float:
        """Mean distance in ranks; NaN if none."""
        return float(np.mean(np.abs(self.errors))) if self.errors else float("nan")

    def penalty(self, too_low: float = 2.0, too_high: float = 1.0) -> float:
        """Mean cost, each rank too low costing ``too_low`` and each rank too high ``too_high``; NaN if none.

        That a rank too low costs twice one too high is a default of ours, to be stated wherever the figure is shown."""
        if not self.errors:
            return float("nan")
        return float(np.mean([-e * too_low if e < 0 else e * too_high for e in self.errors]))


def level_errors(given: Sequence[int] | npt.NDArray[np.int64], deserved: Sequence[int]) -> LevelErrors:
    """Errors of ``given`` against ``deserved`` ranks, pair by pair. Raises BadValue if lengths differ."""
    if len(given) != len(deserved):
        raise BadValue("level errors", f"{len(given)} levels given, {len(deserved)} deserved", "match pairs first")
    errors = tuple(int(g) - int(d) for g, d in zip(given, deserved, strict=True))
    return LevelErrors(errors, {e: errors.count(e) for e in sorted(set(errors))})
