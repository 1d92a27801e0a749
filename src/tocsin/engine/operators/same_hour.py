"""The same local hour of past days: what is usual here at this time (engine.md section 3)."""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.civil import zone_offsets
from tocsin.engine.operators.kernel import kernel

__all__ = ["SameHour", "local_hours"]

Array = np.ndarray
HOUR_US = 3_600_000_000
_NO_DAY = np.iinfo(np.int32).min


def local_hours(t: Array, zone: str) -> Array:
    """Number of the local hour of the wall clock (day number * 24 + hour) of each moment (us, UTC). Where the clock is put
    back two hours of time have one number; where it is put forward a number is left out."""
    moments, offsets = zone_offsets(zone)
    return np.asarray((t + offsets[np.searchsorted(moments, t, side="right") - 1]) // HOUR_US)


@kernel
def _same_hour(slot, hour, v, days, median, total, count, stamp, out, out_days):
    width = days + 1
    means = np.empty(days)
    for i in range(slot.shape[0]):
        s = slot[i]
        day, row = hour[i] // 24, (hour[i] % 24) * width
        n = 0
        for past in range(day - days, day):
            at = row + past % width
            if stamp[s, at] == past:
                means[n] = total[s, at] / count[s, at]
                n += 1
        out_days[i] = n
        if n == 0:
            out[i] = np.nan
        elif median:
            ordered = np.sort(means[:n])
            out[i] = ordered[n // 2] if n % 2 == 1 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2.0
        else:
            whole = 0.0
            for k in range(n):
                whole += means[k]
            out[i] = whole / n
        at = row + day % width
        if stamp[s, at] != day:
            stamp[s, at], total[s, at], count[s, at] = day, 0.0, 0
        total[s, at] += v[i]
        count[s, at] += 1


class SameHour:
    """Per slot a mean for each local hour of the last ``days`` + 1 days: 16 bytes * 24 * (days + 1) a stream."""

    def __init__(self, days: int, how: str) -> None:
        self.days, self.median = days, how == "median"
        cells = 24 * (days + 1)
        self.total = np.zeros((0, cells))
        self.count = np.zeros((0, cells), np.int32)
        self.stamp = np.zeros((0, cells), np.int32)  # the day that a cell is about

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        more, cells = slots - len(self.total), self.total.shape[1]
        self.total = np.concatenate([self.total, np.zeros((more, cells))])
        self.count = np.concatenate([self.count, np.zeros((more, cells), np.int32)])
        self.stamp = np.concatenate([self.stamp, np.full((more, cells), _NO_DAY, np.int32)])

    def run(self, slot: Array, hour: Array, v: Array) -> tuple[Array, Array]:
        """Per row: mean or median over the past days (not this one) of the hour's mean of each, and of how many days.
        ``hour``: ``local_hours`` of the row."""
        out, found = np.empty(len(slot)), np.empty(len(slot))
        _same_hour(slot, hour, v, self.days, self.median, self.total, self.count, self.stamp, out, found)
        return out, found

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"total": self.total, "count": self.count, "stamp": self.stamp}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.total, self.count, self.stamp = (state[name].copy() for name in ("total", "count", "stamp"))
