"""Lead time: how long before the event the first warning came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Leads", "leads"]


@dataclass(frozen=True, slots=True)
class Leads:
    """``of_found``: leads in microseconds of the events that were warned of, ascending (negative = the warning came
    late). ``misses``: events without any warning. The two are kept apart, since "no warning" is no lead of zero; where
    one figure is wanted, ``*_with_misses`` counts a miss as 0, and a late warning as 0 too, never as less."""

    of_found: tuple[int, ...]
    misses: int

    def median_us(self) -> float:
        """Median over found events; NaN if none."""
        return float(np.median(self.of_found)) if self.of_found else float("nan")

    def quantile_us(self, share: float) -> float:
        """Quantile over found events (linear between neighbours); NaN if none."""
        return float(np.quantile(self.of_found, share)) if self.of_found else float("nan")

    def median_with_misses_us(self) -> float:
        """Median over all events, a miss or a late warning counted as 0; NaN if there are no events."""
        values = [max(lead, 0) for lead in self.of_found] + [0] * self.misses
        return float(np.median(values)) if values else float("nan")

    def share_with_at_least(self, needed_us: int) -> float:
        """Share of all events (misses included) that had at least ``needed_us`` of lead; NaN if there are no events."""
        total = len(self.of_found) + self.misses
        return sum(lead >= needed_us for lead in self.of_found) / total if total else float("nan")


def leads(events_us: Sequence[int], warned_us: Sequence[int | None]) -> Leads:
    """Leads of events that began at ``events_us``, first warned of at ``warned_us`` (None = never)."""
    pairs = list(zip(events_us, warned_us, strict=True))
    found = sorted(event - warned for event, warned in pairs if warned is not None)
    return Leads(tuple(found), sum(warned is None for _, warned in pairs))
