"""What the recorded air itself shows, computed from the observations alone, without any rule: the scorer's own eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tocsin.app.replay.dataset import Dataset, stream_id
from tocsin.app.replay.scoring.truth import HOUR_US

__all__ = ["CityAir", "city_air", "hourly", "longest_run"]


@dataclass(frozen=True, slots=True)
class CityAir:
    """``mean24[h]``: mean of the city's hourly means over the 24 h up to hour ``start_us + h``; NaN where fewer than 18
    of them are known."""

    start_us: int
    mean24: npt.NDArray[np.float64]

    def highest(self, from_us: int, to_us: int) -> float:
        """Highest 24 h mean in a stretch of time, both ends inside; NaN if nothing is known in it."""
        low = max(0, -(-(from_us - self.start_us) // HOUR_US))
        high = max(0, (to_us - self.start_us) // HOUR_US + 1)
        part = self.mean24[low:high]
        return float(np.nanmax(part)) if np.isfinite(part).any() else float("nan")


def hourly(data: Dataset, property_: str, stations: list[str]) -> tuple[int, npt.NDArray[np.float64]]:
    """Start (us) and a table stations x hours of one property, NaN where missing."""
    rows = data.rows
    start = int(rows.observed_at[0])
    hours = int(rows.observed_at[-1] - start) // HOUR_US + 1
    table = np.full((len(stations), hours), np.nan)
    line = np.full(len(data.catalogue), -1)
    for at, station in enumerate(stations):
        line[data.catalogue.index(stream_id(station, property_))] = at
    which = np.flatnonzero((line[rows.stream] >= 0) & ~rows.missing)
    table[line[rows.stream[which]], (rows.observed_at[which] - start) // HOUR_US] = rows.value[which]
    return start, table


def city_air(data: Dataset, property_: str, stations: list[str]) -> CityAir:
    """The city's 24 h mean: hourly mean over stations first, then over 24 hours, at least 18 of them known."""
    start, table = hourly(data, property_, stations)
    known = np.isfinite(table)
    count = known.sum(axis=0)
    city = np.where(known, table, 0.0).sum(axis=0) / np.maximum(count, 1)
    sums = np.concatenate([[0.0], np.cumsum(np.where(count > 0, city, 0.0))])
    counts = np.concatenate([[0], np.cumsum(count > 0)])
    first = np.maximum(np.arange(1, len(city) + 1) - 24, 0)
    last = np.arange(1, len(city) + 1)
    n = counts[last] - counts[first]
    return CityAir(start, np.where(n >= 18, (sums[last] - sums[first]) / np.maximum(n, 1), np.nan))


def longest_run(same: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """First index and length of the longest run of True; (0, 0) if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    if len(edges) == 0:
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    best = int(np.argmax(lengths))
    return int(edges[::2][best]), int(lengths[best])
