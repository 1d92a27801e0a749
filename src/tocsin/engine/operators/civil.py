"""Civil days: aggregates per local calendar day, and days in a row (engine.md section 3, civil time)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.terms.moment import EPOCH, from_us, to_us

__all__ = ["CivilDays", "DAY_US", "DaysInARow", "local_days", "zone_offsets"]

DAY_US = 86_400_000_000
Array = np.ndarray


@lru_cache(maxsize=64)
def zone_offsets(zone: str) -> tuple[Array, Array]:
    """Moments (us, UTC) at which a zone's offset changes between 1970 and 2100, and the offsets (us) from then on.

    Raises ZoneInfoNotFoundError for a name the time-zone database lacks.
    """
    info = ZoneInfo(zone)
    step = timedelta(days=7)
    moment, end = EPOCH, datetime(2100, 1, 1, tzinfo=EPOCH.tzinfo)
    moments, offsets = [np.iinfo(np.int64).min], [_offset(info, moment)]
    while moment < end:
        low, high = moment, moment + step
        if _offset(info, high) != offsets[-1]:
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(info, middle) == offsets[-1] else (low, middle)
            change = from_us(round(to_us(high) / 1_000_000) * 1_000_000)
            moments.append(to_us(change))
            offsets.append(_offset(info, change))
        moment += step
    return np.array(moments, np.int64), np.array(offsets, np.int64)


def _offset(info: ZoneInfo, moment: datetime) -> int:
    return (moment.astimezone(info).utcoffset() or timedelta()) // timedelta(microseconds=1)


def local_days(t: Array, zone: str) -> Array:
    """Number of the local calendar day (days since 1970-01-01 local) of each moment (us, UTC)."""
    moments, offsets = zone_offsets(zone)
    return np.asarray((t + offsets[np.searchsorted(moments, t, side="right") - 1]) // DAY_US)


@kernel
def _days(slot, day, v, now_day, total, count, low, high, last_day, last_total, last_count, last_low, last_high,
          out_total, out_count, out_low, out_high, out_last_total, out_last_count, out_last_low, out_last_high,
          out_turn):  # fmt: skip
    for i in range(slot.shape[0]):
        s = slot[i]
        out_turn[i] = 0
        if count[s] == 0 or day[i] > now_day[s]:
            if count[s] > 0:
                last_day[s], last_total[s], last_count[s] = now_day[s], total[s], count[s]
                last_low[s], last_high[s] = low[s], high[s]
                out_turn[i] = min(day[i] - now_day[s], 2)
            now_day[s], total[s], count[s], low[s], high[s] = day[i], 0.0, 0, v[i], v[i]
        total[s] += v[i]
        count[s] += 1
        low[s], high[s] = min(low[s], v[i]), max(high[s], v[i])
        out_total[i], out_count[i], out_low[i], out_high[i] = total[s], count[s], low[s], high[s]
        fresh = last_count[s] > 0 and last_day[s] == day[i] - 1
        out_last_count[i] = last_count[s] if fresh else 0
        out_last_total[i] = last_total[s] if fresh else 0.0
        out_last_low[i], out_last_high[i] = last_low[s], last_high[s]


class CivilDays:
    """Running aggregates of today and those of the day before.

    ``turn`` is 1 at the first row of the next day, 2 at the first row after a gap of a whole day or more, else 0."""

    NAMES = (
        "now_day",
        "total",
        "count",
        "low",
        "high",
        "last_day",
        "last_total",
        "last_count",
        "last_low",
        "last_high",
    )
    WHOLE = frozenset({"now_day", "count", "last_day", "last_count"})

    def __init__(self) -> None:
        for name in self.NAMES:
            setattr(self, name, np.zeros(0, np.int64 if name in self.WHOLE else np.float64))

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        for name in self.NAMES:
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.zeros(slots - len(old), old.dtype)]))

    def run(self, slot: Array, day: Array, v: Array) -> dict[str, Array]:
        """Per row: total, count, low, high of today; last_total ... of the day before (count 0 = none); turn."""
        n = len(slot)
        names = ("total", "count", "low", "high", "last_total", "last_count", "last_low", "last_high")
        out = {name: np.empty(n) for name in names} | {"turn": np.empty(n, np.int64)}
        _days(slot, day, v, *(getattr(self, name) for name in self.NAMES), *out.values())
        return out

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {name: getattr(self, name) for name in self.NAMES}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        for name in self.NAMES:
            setattr(self, name, state[name].copy())


@kernel
def _in_a_row(slot, turn, done, today, run, out):
    for i in range(slot.shape[0]):
        s = slot[i]
        if turn[i] > 0:
            run[s] = run[s] + 1 if done[i] else 0
            if turn[i] > 1:
                run[s] = 0
        out[i] = run[s] + (1 if today[i] else 0)


class DaysInARow:
    """How many completed days in a row satisfied a condition, plus today where today already does."""

    def __init__(self) -> None:
        self.length = np.zeros(0, np.int64)

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        self.length = np.concatenate([self.length, np.zeros(slots - len(self.length), np.int64)])

    def run(self, slot: Array, turn: Array, done: Array, today: Array) -> Array:
        """``done``: the day that ended with this row's turn satisfied; ``today``: this day already does."""
        out = np.empty(len(slot))
        _in_a_row(slot, turn, done, today, self.length, out)
        return out

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"length": self.length}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.length = state["length"].copy()
