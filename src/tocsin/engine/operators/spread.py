"""How widely the values of a window scatter: standard deviation and quantiles over (t - width, t]."""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.rings import Rings, make_room
from tocsin.engine.operators.windows import History

__all__ = ["Deviation", "Quantiles"]

Array = np.ndarray
_HALF = 134217729.0  # 2**27 + 1: cuts a double into two halves of 26 bits (Veltkamp 1968)


@kernel
def _plus(high, low, more, less):
    """(high, low) + (more, less), as double-double (Knuth's two-sum)."""
    s = high + more
    b = s - high
    low = low + ((high - (s - b)) + (more - b)) + less
    out = s + low
    return out, low - (out - s)


@kernel
def _times(a, b):
    """The product of two doubles and what rounding cut off (Dekker 1971)."""
    c, d = _HALF * a, _HALF * b
    a1, b1 = c - (c - a), d - (d - b)
    a2, b2 = a - a1, b - b1
    p = a * b
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


@kernel
def _variance(n, sum_, sum_low, square, square_low):
    """(n * sum of squares - sum**2) / n**2, never below zero."""
    high, low = _times(n, square)
    low += n * square_low
    other, less = _times(sum_, sum_)
    less += 2.0 * sum_ * sum_low
    high, low = _plus(high, low, -other, -less)
    return max(high + low, 0.0) / (n * n)


@kernel
def _deviation(slot, t, v, number, width, offset, klass, times, values, last, s_high, s_low, q_high, q_low,
               out, out_count):  # fmt: skip
    for i in range(slot.shape[0]):
        s = slot[i]
        mask = (1 << klass[s]) - 1
        a, edge = last[s], t[i] - width
        sh, sl = _plus(s_high[s], s_low[s], v[i], 0.0)
        p, e = _times(v[i], v[i])
        qh, ql = _plus(q_high[s], q_low[s], p, e)
        while times[offset[s] + (a & mask)] <= edge:
            x = values[offset[s] + (a & mask)]
            sh, sl = _plus(sh, sl, -x, 0.0)
            p, e = _times(x, x)
            qh, ql = _plus(qh, ql, -p, -e)
            a += 1
        if not np.isfinite(qh + ql + sh + sl):  # a square was too large for a double: begin anew from what is inside
            sh = sl = qh = ql = 0.0
            for k in range(a, number[i] + 1):
                x = values[offset[s] + (k & mask)]
                sh, sl = _plus(sh, sl, x, 0.0)
                p, e = _times(x, x)
                qh, ql = _plus(qh, ql, p, e)
        n = number[i] - a + 1
        last[s], s_high[s], s_low[s], q_high[s], q_low[s] = a, sh, sl, qh, ql
        variance = _variance(float(n), sh, sl, qh, ql)
        out[i] = 0.0 if n == 1 else np.sqrt(variance) if np.isfinite(variance) else np.nan
        out_count[i] = n


class Deviation:
    """Standard deviation of the window's values (of the window itself: divided by n) and their count.

    State per slot: oldest entry number inside; sum and sum of squares as double-double numbers, so that a wide mean does
    not drown a small scatter."""

    NAMES = ("s_high", "s_low", "q_high", "q_low")

    def __init__(self, history: History, width: int) -> None:
        self.history, self.width = history, width
        self.last = np.zeros(0, np.int64)
        for name in self.NAMES:
            setattr(self, name, np.zeros(0))
        history.width = max(history.width, width)

    def grow(self, slots: int) -> None:
        """Room for more slots; a window put in force later starts empty."""
        more = slots - len(self.last)
        self.last = np.concatenate([self.last, self.history.rings.tail[len(self.last) : slots]])
        for name in self.NAMES:
            setattr(self, name, np.concatenate([getattr(self, name), np.zeros(more)]))

    def run(self, slot: Array, t: Array, v: Array, number: Array) -> tuple[Array, Array]:
        """Per row: the window's standard deviation and count, the row included. NaN where squares leave the doubles."""
        r = self.history.rings
        out, count = np.empty(len(slot)), np.empty(len(slot))
        _deviation(slot, t, v, number, self.width, r.offset, r.klass, r.times, r.values, self.last,
                   *(getattr(self, name) for name in self.NAMES), out, count)  # fmt: skip
        return out, count

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {name: getattr(self, name) for name in ("last", *self.NAMES)}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        for name in ("last", *self.NAMES):
            setattr(self, name, state[name].copy())


@kernel
def _place(x, base, n, values):
    """Where ``x`` belongs among the n sorted values from ``base`` on: after the last that is smaller."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if values[base + middle] < x:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _sorted(begin, slot, t, v, number, width, h_offset, h_klass, h_times, h_values, last,
            offset, klass, head, tail, free, bump, times, values, share, out, out_count):  # fmt: skip
    """A slot's block holds the window's values in rising order from its first place on (``head`` stays 0)."""
    for i in range(begin, slot.shape[0]):
        s = slot[i]
        mask = (1 << h_klass[s]) - 1
        while last[s] < number[i] and h_times[h_offset[s] + (last[s] & mask)] <= t[i] - width:
            at = _place(h_values[h_offset[s] + (last[s] & mask)], offset[s], tail[s], values)
            for k in range(offset[s] + at, offset[s] + tail[s] - 1):
                values[k] = values[k + 1]
            tail[s] -= 1
            last[s] += 1
        if klass[s] < 0 or tail[s] > (1 << klass[s]) - 1:
            if not make_room(s, offset, klass, head, tail, free, bump, times, values):
                return i
        at = _place(v[i], offset[s], tail[s], values)
        for k in range(offset[s] + tail[s], offset[s] + at, -1):
            values[k] = values[k - 1]
        values[offset[s] + at] = v[i]
        tail[s] += 1
        n = tail[s]
        for k in range(share.shape[0]):
            place = share[k] * (n - 1)
            low = int(np.floor(place))
            below = values[offset[s] + low]
            above = values[offset[s] + min(low + 1, n - 1)]
            out[k, i] = below + (above - below) * (place - low)
        out_count[i] = n
    return slot.shape[0]


class Quantiles:
    """Quantiles of a window, interpolated between the two values beside (type 7 of Hyndman and Fan 1996, as Prometheus and
    NumPy have it). All quantiles of one width share the sorted values. State per slot: those, and the oldest entry number."""

    def __init__(self, history: History, width: int) -> None:
        self.history, self.width = history, width
        self.shares: list[float] = []
        self.last = np.zeros(0, np.int64)
        self.rings = Rings()
        history.width = max(history.width, width)

    def share(self, q: float) -> int:
        """Row of the output that holds this quantile, asked for from now on."""
        if q not in self.shares:
            self.shares.append(q)
        return self.shares.index(q)

    def grow(self, slots: int) -> None:
        """Room for more slots; a window put in force later starts empty."""
        self.last = np.concatenate([self.last, self.history.rings.tail[len(self.last) : slots]])
        self.rings.grow(slots)

    def run(self, slot: Array, t: Array, v: Array, number: Array) -> tuple[Array, Array]:
        """Per quantile and row its value, shape (quantiles, rows), and per row the count, the row included."""
        h = self.history.rings
        out, count = np.empty((len(self.shares), len(slot))), np.empty(len(slot))
        share, at = np.array(self.shares, np.float64), 0
        while (at := _sorted(at, slot, t, v, number, self.width, h.offset, h.klass, h.times, h.values, self.last,
                             *self.rings.args, share, out, count)) < len(slot):  # fmt: skip
            self.rings.widen()
        return out, count

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"last": self.last} | {f"rings.{name}": array for name, array in self.rings.state().items()}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.last = state["last"].copy()
        self.rings.load({name[6:]: array for name, array in state.items() if name.startswith("rings.")})
