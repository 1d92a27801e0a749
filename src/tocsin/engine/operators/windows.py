"""Windows over (t - width, t] of one stream's observations: sum, count, mean, first, delta, rate, min, max.

Sums are kept as double-double numbers (Knuth's two-sum; Dekker 1971): adding and later subtracting a value leaves no
trace, so a window that emptied is exactly zero and "50.0 mm" does not become 49.999999999999986.
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.rings import Rings, make_room

__all__ = ["Extreme", "First", "History", "IRREGULAR_US", "Sum", "add_pair"]

Array = np.ndarray
IRREGULAR_US = 60_000_000  # spacing that is assumed of a stream that declares none


@kernel
def _two_sum(a, b):
    s = a + b
    bb = s - a
    return s, (a - (s - bb)) + (b - bb)


@kernel
def add_pair(high, low, x):
    """A double-double and a number, added. The shorter form of the last step is exact where the high part is not smaller."""
    h, e = _two_sum(high, x)
    lo = low + e
    if abs(h) >= abs(lo):
        s = h + lo
        return s, lo - (s - h)
    return _two_sum(h, lo)


@kernel
def _append(begin, slot, t, v, number, offset, klass, head, tail, free, bump, times, values):
    for i in range(begin, slot.shape[0]):
        s = slot[i]
        a = tail[s]
        if klass[s] < 0 or a - head[s] > (1 << klass[s]) - 1:
            if not make_room(s, offset, klass, head, tail, free, bump, times, values):
                return i
        at = offset[s] + (a & ((1 << klass[s]) - 1))
        times[at], values[at] = t[i], v[i]
        tail[s] = a + 1
        number[i] = a
    return slot.shape[0]


@kernel
def _trim(slot, t, width, offset, klass, head, tail, times):
    """Drop what no window can reach any more: after a batch every window's tail lies within ``width`` of its last row."""
    for i in range(slot.shape[0]):
        s = slot[i]
        if i + 1 < slot.shape[0] and slot[i + 1] == s:
            continue
        mask = (1 << klass[s]) - 1
        while head[s] < tail[s] and times[offset[s] + (head[s] & mask)] <= t[i] - width:
            head[s] += 1


class History:
    """The observations inside the longest window of a group of streams; all its windows share it."""

    def __init__(self) -> None:
        self.rings = Rings()
        self.width = 0  # us, the longest window

    def grow(self, slots: int, cadence: Array | None = None) -> None:
        """Room for more slots; ``cadence``: seconds between observations of all slots, 0 = irregular."""
        if cadence is None or slots == len(self.rings.offset) or not self.width:
            self.rings.grow(slots)
            return
        new = cadence[len(self.rings.offset) : slots]
        inside = np.ceil(self.width / 1e6 / np.where(new > 0, new, IRREGULAR_US / 1e6)) + 1
        self.rings.grow(slots, inside)

    def append(self, slot: Array, t: Array, v: Array) -> Array:
        """Entry numbers of the rows, in the slot's ring."""
        number = np.empty(len(slot), np.int64)
        at = 0
        while (at := _append(at, slot, t, v, number, *self.rings.args)) < len(slot):
            self.rings.widen()
        return number

    def trim(self, slot: Array, t: Array) -> None:
        """Forget what is out of reach, after all windows have seen the batch."""
        r = self.rings
        _trim(slot, t, self.width, r.offset, r.klass, r.head, r.tail, r.times)

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return self.rings.state()

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.rings.load(state)


@kernel
def _sum(slot, t, v, number, width, offset, klass, times, values, last, high, low, out_sum, out_count):
    for i in range(slot.shape[0]):
        s = slot[i]
        mask = (1 << klass[s]) - 1
        h, lo = add_pair(high[s], low[s], v[i])
        a = last[s]
        edge = t[i] - width
        while times[offset[s] + (a & mask)] <= edge:
            h, lo = add_pair(h, lo, -values[offset[s] + (a & mask)])
            a += 1
        last[s], high[s], low[s] = a, h, lo
        out_sum[i] = h
        out_count[i] = number[i] - a + 1


class Sum:
    """Sum and count over a window. State per slot: oldest entry number inside, double-double sum."""

    def __init__(self, history: History, width: int) -> None:
        self.history, self.width = history, width
        self.last, self.high, self.low = np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
        history.width = max(history.width, width)

    def grow(self, slots: int) -> None:
        """Room for more slots; a window put in force later starts empty, at the present end of the history."""
        more = slots - len(self.last)
        self.last = np.concatenate([self.last, self.history.rings.tail[len(self.last) : slots]])
        self.high = np.concatenate([self.high, np.zeros(more)])
        self.low = np.concatenate([self.low, np.zeros(more)])

    def run(self, slot: Array, t: Array, v: Array, number: Array) -> tuple[Array, Array]:
        """Per row: the window's sum and count, the row included."""
        r = self.history.rings
        out, count = np.empty(len(slot)), np.empty(len(slot))
        _sum(slot, t, v, number, self.width, r.offset, r.klass, r.times, r.values, self.last, self.high, self.low,
             out, count)  # fmt: skip
        return out, count

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"last": self.last, "high": self.high, "low": self.low}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.last, self.high, self.low = (state[name].copy() for name in ("last", "high", "low"))


@kernel
def _first(slot, t, number, width, offset, klass, times, values, last, out_first, out_since, out_count):
    for i in range(slot.shape[0]):
        s = slot[i]
        mask = (1 << klass[s]) - 1
        a = last[s]
        edge = t[i] - width
        while times[offset[s] + (a & mask)] <= edge:
            a += 1
        last[s] = a
        out_first[i] = values[offset[s] + (a & mask)]
        out_since[i] = times[offset[s] + (a & mask)]
        out_count[i] = number[i] - a + 1


class First:
    """Oldest value inside a window and its moment. State per slot: its entry number."""

    def __init__(self, history: History, width: int) -> None:
        self.history, self.width = history, width
        self.last = np.zeros(0, np.int64)
        history.width = max(history.width, width)

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        self.last = np.concatenate([self.last, self.history.rings.tail[len(self.last) : slots]])

    def run(self, slot: Array, t: Array, number: Array) -> tuple[Array, Array, Array]:
        """Per row: oldest value in the window, its moment (us), and how many observations are inside."""
        r = self.history.rings
        value, since, count = np.empty(len(slot)), np.empty(len(slot), np.int64), np.empty(len(slot))
        _first(slot, t, number, self.width, r.offset, r.klass, r.times, r.values, self.last, value, since, count)
        return value, since, count

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"last": self.last}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.last = state["last"].copy()


@kernel
def _extreme(begin, slot, t, v, sign, width, offset, klass, head, tail, free, bump, times, values, out):
    for i in range(begin, slot.shape[0]):
        s = slot[i]
        x = sign * v[i]
        if klass[s] >= 0:
            mask = (1 << klass[s]) - 1
            while tail[s] > head[s] and values[offset[s] + ((tail[s] - 1) & mask)] <= x:
                tail[s] -= 1
            while tail[s] > head[s] and times[offset[s] + (head[s] & mask)] <= t[i] - width:
                head[s] += 1
        if klass[s] < 0 or tail[s] - head[s] > (1 << klass[s]) - 1:
            if not make_room(s, offset, klass, head, tail, free, bump, times, values):
                return i
        mask = (1 << klass[s]) - 1
        at = offset[s] + (tail[s] & mask)
        times[at], values[at] = t[i], x
        tail[s] += 1
        out[i] = sign * values[offset[s] + (head[s] & mask)]
    return slot.shape[0]


class Extreme:
    """Minimum or maximum over a window by a monotone queue: amortised constant cost whatever the data."""

    def __init__(self, how: str, width: int) -> None:
        self.sign, self.width = (1.0 if how == "max" else -1.0), width
        self.rings = Rings()

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        self.rings.grow(slots)

    def run(self, slot: Array, t: Array, v: Array) -> Array:
        """Per row: the window's extreme, the row included."""
        out = np.empty(len(slot))
        at = 0
        while (at := _extreme(at, slot, t, v, self.sign, self.width, *self.rings.args, out)) < len(slot):
            self.rings.widen()
        return out

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return self.rings.state()

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.rings.load(state)
