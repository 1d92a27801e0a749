"""The sweep: one pass over the rows of a group that appends them to its history and moves every sum and every oldest value.

It computes what ``History.append``, ``Sum.run``, ``First.run`` and ``History.trim`` compute one after the other, on the
same arrays; a group with other operators on its history uses those instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.rings import make_room
from tocsin.engine.operators.scratch import Scratch
from tocsin.engine.operators.windows import First, History, Sum, add_pair

__all__ = ["OF_FIRST", "OF_SUM", "Sweep"]

Array = np.ndarray
OF_SUM = ("sum", "count", "mean")
OF_FIRST = ("seen", "first", "delta", "rate")  # seen: the count of a window that only its oldest value is kept of
KINDS = OF_SUM + OF_FIRST
Product = tuple[str, int, int]  # kind, width (us), over (us)


@kernel
def _sweep(begin, slot, t, v, widest, sum_width, sum_last, high, low, first_width, first_last, kind, of, over,
           offset, klass, head, tail, free, bump, times, values, out):  # fmt: skip
    """Rows ``begin:`` until done or out of room. Returns the row reached; nothing of that row was done. ``widest``: which
    window all others lie in, counted through the sums and then the oldest values."""
    sums, firsts, products = sum_width.shape[0], first_width.shape[0], kind.shape[0]
    for i in range(begin, slot.shape[0]):
        s = slot[i]
        now, x, a = t[i], v[i], tail[s]
        if klass[s] < 0 or a - head[s] > (1 << klass[s]) - 1:
            if not make_room(s, offset, klass, head, tail, free, bump, times, values):
                return i
        base, mask = offset[s], (1 << klass[s]) - 1
        times[base + (a & mask)], values[base + (a & mask)] = now, x
        tail[s] = a + 1
        for j in range(sums):
            h, lo = add_pair(high[j, s], low[j, s], x)
            edge, b = now - sum_width[j], sum_last[j, s]
            if times[base + (b & mask)] <= edge:
                while times[base + (b & mask)] <= edge:
                    h, lo = add_pair(h, lo, -values[base + (b & mask)])
                    b += 1
                sum_last[j, s] = b
            high[j, s], low[j, s] = h, lo
        for j in range(firsts):
            edge, b = now - first_width[j], first_last[j, s]
            if times[base + (b & mask)] <= edge:
                while times[base + (b & mask)] <= edge:
                    b += 1
                first_last[j, s] = b
        for p in range(products):
            j = of[p]
            if kind[p] == 0:
                out[p, i] = high[j, s]
            elif kind[p] == 1:
                out[p, i] = a + 1 - sum_last[j, s]
            elif kind[p] == 2:
                out[p, i] = high[j, s] / (a + 1 - sum_last[j, s])
            else:
                at = base + (first_last[j, s] & mask)
                if kind[p] == 3:
                    out[p, i] = a + 1 - first_last[j, s]
                elif kind[p] == 4:
                    out[p, i] = values[at]
                elif kind[p] == 5:
                    out[p, i] = x - values[at]
                else:
                    elapsed = now - times[at]
                    out[p, i] = (x - values[at]) / (elapsed / 1e6) if elapsed >= over[p] and elapsed > 0 else np.nan
        head[s] = sum_last[widest, s] if widest < sums else first_last[widest - sums, s]
    return slot.shape[0]


class Sweep:
    """The sums, oldest values and products of one group. Its two-dimensional arrays are the operators' own arrays, one row
    each: whoever replaces an operator's array (growing, loading) is followed at the next run."""

    __slots__ = ("_first_last", "_firsts", "_high", "_history", "_low", "_products", "_sum_last", "_sums", "_tables",
                 "_widest", "row_of")  # fmt: skip

    def __init__(
        self, history: History, sums: Sequence[Sum], firsts: Sequence[First], products: Sequence[Product]
    ) -> None:
        self._history, self._sums, self._firsts = history, tuple(sums), tuple(firsts)
        self.row_of = {product: number for number, product in enumerate(products)}
        sum_of = {operator.width: number for number, operator in enumerate(self._sums)}
        first_of = {operator.width: number for number, operator in enumerate(self._firsts)}
        of = [(sum_of if how in OF_SUM else first_of)[width] for how, width, _ in products]
        self._products = len(products)
        self._tables = (
            np.array([KINDS.index(how) for how, _, _ in products], np.int64), np.array(of, np.int64),
            np.array([over for _, _, over in products], np.int64),
            np.array([operator.width for operator in self._sums], np.int64),
            np.array([operator.width for operator in self._firsts], np.int64),
        )  # fmt: skip
        widths = [operator.width for operator in self._sums] + [operator.width for operator in self._firsts]
        self._widest = widths.index(max(widths))
        self._sum_last = self._first_last = np.zeros((0, 0), np.int64)
        self._high = self._low = np.zeros((0, 0))
        self._follow()

    def _follow(self) -> None:
        slots = len(self._history.rings.tail)
        if any(x.last.base is not self._sum_last or x.high.base is not self._high for x in self._sums) or any(
            x.last.base is not self._first_last for x in self._firsts
        ):
            self._sum_last = _stack([x.last for x in self._sums], slots, np.int64)
            self._high = _stack([x.high for x in self._sums], slots, np.float64)
            self._low = _stack([x.low for x in self._sums], slots, np.float64)
            self._first_last = _stack([x.last for x in self._firsts], slots, np.int64)
            for number, total in enumerate(self._sums):
                total.last, total.high, total.low = self._sum_last[number], self._high[number], self._low[number]
            for number, oldest in enumerate(self._firsts):
                oldest.last = self._first_last[number]

    def run(self, slot: Array, t: Array, v: Array, scratch: Scratch) -> Array:
        """One row of cells for each product, in the order given; valid until the scratch is used again."""
        self._follow()
        kind, of, over, sum_width, first_width = self._tables
        out = scratch.table("sweep", self._products, len(slot))
        rings, at = self._history.rings, 0
        while (at := _sweep(at, slot, t, v, self._widest, sum_width, self._sum_last, self._high, self._low,
                            first_width, self._first_last, kind, of, over, *rings.args, out)) < len(slot):  # fmt: skip
            rings.widen()
        return out


def _stack(rows: Sequence[Array], slots: int, dtype: type) -> Array:
    return np.array(rows, dtype) if rows else np.zeros((0, slots), dtype)
