"""The sweep: one pass over the rows of a group that appends them to its history and moves every sum and every oldest value.

It computes what ``History.append``, ``Sum.run``, ``First.run`` and ``History.trim`` compute one after the other, on the
same arrays; a group with other operators on its history uses those instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tocsin.engine.operators.kernel import kernel, part, prefetch
from tocsin.engine.operators.rings import make_room
from tocsin.engine.operators.scratch import Scratch
from tocsin.engine.operators.windows import First, History, Sum, add_pair

__all__ = ["OF_FIRST", "OF_SUM", "Sweep"]

Array = np.ndarray
OF_SUM = ("sum", "count", "mean")
OF_FIRST = ("seen", "first", "delta", "rate")  # seen: the count of a window that only its oldest value is kept of
KINDS = OF_SUM + OF_FIRST
Product = tuple[str, int, int]  # kind, width (us), over (us)
FEW = 4  # rows of a slot from which on it pays to take them window by window
SOON = 8  # rows beyond the present slot's whose places in the rings are asked for
LINE, LINES = (
    8,
    8,
)  # entries of a cache line (2 to the power of 3); lines that are asked for at most, then the processor goes on by itself


@part
def _ask_for(s, few, lines, sums, firsts, sum_last, first_last, offset, klass, tail, times, values):
    """Ask for the memory that the next rows of a slot will need: where windows begin, and where the rows will go."""
    base, mask = offset[s], (1 << klass[s]) - 1
    if few:  # stores do not wait, and one line holds what is read
        for j in range(sums):
            at = base + (sum_last[j, s] & mask)
            prefetch(times, at)
            prefetch(values, at)
        for j in range(firsts):
            at = base + (first_last[j, s] & mask)
            prefetch(times, at)
            prefetch(values, at)
        return
    for line in range(lines):
        at = base + ((tail[s] + line * LINE) & mask)
        prefetch(times, at)
        prefetch(values, at)
    for j in range(sums):
        for line in range(lines):
            at = base + ((sum_last[j, s] + line * LINE) & mask)
            prefetch(times, at)
            prefetch(values, at)
    for j in range(firsts):
        for line in range(lines):
            at = base + ((first_last[j, s] + line * LINE) & mask)
            prefetch(times, at)
            prefetch(values, at)


@part
def _row(a, now, x, s, i, sum_width, sum_last, high, low, first_width, first_last, kind, of, over, base, mask, times, values,
         out):  # fmt: skip
    """What one row says, entry ``a`` of slot ``s``, into cell ``i`` of each product."""
    for j in range(sum_width.shape[0]):
        h, lo = add_pair(high[j, s], low[j, s], x)
        edge, b = now - sum_width[j], sum_last[j, s]
        if times[base + (b & mask)] <= edge:
            while times[base + (b & mask)] <= edge:
                h, lo = add_pair(h, lo, -values[base + (b & mask)])
                b += 1
            sum_last[j, s] = b
        high[j, s], low[j, s] = h, lo
    for j in range(first_width.shape[0]):
        edge, b = now - first_width[j], first_last[j, s]
        if times[base + (b & mask)] <= edge:
            while times[base + (b & mask)] <= edge:
                b += 1
            first_last[j, s] = b
    for p in range(kind.shape[0]):
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


@kernel
def _sweep(begin, slot, t, v, widest, sum_width, sum_last, high, low, sum_to, first_width, first_last, kind, of, over,
           offset, klass, head, tail, free, bump, times, values, at_first, out):  # fmt: skip
    """Rows ``begin:`` until done or out of room. Returns the row reached; nothing of that row was done. ``widest``: which
    window all others lie in, counted through the sums and then the oldest values. ``sum_to``: to which products the sum,
    the count and the mean of a window go, -1 to none.

    As many rows of one slot as its ring has room for are taken together, window by window: what a window keeps stays in
    registers meanwhile."""
    sums, firsts, products, rows = sum_width.shape[0], first_width.shape[0], kind.shape[0], slot.shape[0]
    i = begin
    while i < rows:
        s = slot[i]
        a = tail[s]
        if klass[s] < 0 or a - head[s] > (1 << klass[s]) - 1:
            if not make_room(s, offset, klass, head, tail, free, bump, times, values):
                return i
        base, mask = offset[s], (1 << klass[s]) - 1
        end = min(rows, i + mask + 1 - (a - head[s]))
        k = i
        while k < end and slot[k] == s:
            at = base + (a & mask)
            times[at], values[at] = t[k], v[k]
            a += 1
            k += 1
        end, past = k, a - k  # row k is entry past + k
        tail[s] = a
        few = end - i < FEW
        if end + SOON < rows and klass[slot[end + SOON]] >= 0:
            _ask_for(slot[end + SOON], few, min(LINES, ((end - i) >> 3) + 1), sums, firsts, sum_last, first_last, offset, klass,
                     tail, times, values)  # fmt: skip
        if few:
            for k in range(i, end):
                _row(past + k, t[k], v[k], s, k, sum_width, sum_last, high, low, first_width, first_last, kind, of, over,
                     base, mask, times, values, out)  # fmt: skip
            head[s] = sum_last[widest, s] if widest < sums else first_last[widest - sums, s]
            i = end
            continue
        for j in range(sums):
            width, b, h, lo = sum_width[j], sum_last[j, s], high[j, s], low[j, s]
            to_sum, to_count, to_mean = sum_to[0, j], sum_to[1, j], sum_to[2, j]
            oldest = times[base + (b & mask)]
            for k in range(i, end):
                h, lo = add_pair(h, lo, v[k])
                edge = t[k] - width
                while oldest <= edge:
                    h, lo = add_pair(h, lo, -values[base + (b & mask)])
                    b += 1
                    oldest = times[base + (b & mask)]
                if to_sum >= 0:
                    out[to_sum, k] = h
                if to_count >= 0:
                    out[to_count, k] = past + k + 1 - b
                if to_mean >= 0:
                    out[to_mean, k] = h / (past + k + 1 - b)
            sum_last[j, s], high[j, s], low[j, s] = b, h, lo
        for j in range(firsts):
            width, b = first_width[j], first_last[j, s]
            oldest = times[base + (b & mask)]
            for k in range(i, end):
                edge = t[k] - width
                while oldest <= edge:
                    b += 1
                    oldest = times[base + (b & mask)]
                at_first[k] = b
            first_last[j, s] = b
            for p in range(products):
                if kind[p] < 3 or of[p] != j:
                    continue
                if kind[p] == 3:
                    for k in range(i, end):
                        out[p, k] = past + k + 1 - at_first[k]
                elif kind[p] == 4:
                    for k in range(i, end):
                        out[p, k] = values[base + (at_first[k] & mask)]
                elif kind[p] == 5:
                    for k in range(i, end):
                        out[p, k] = v[k] - values[base + (at_first[k] & mask)]
                else:
                    least = max(over[p], 1)
                    for k in range(i, end):
                        at = base + (at_first[k] & mask)
                        elapsed = t[k] - times[at]
                        out[p, k] = (v[k] - values[at]) / (elapsed / 1e6) if elapsed >= least else np.nan
        head[s] = sum_last[widest, s] if widest < sums else first_last[widest - sums, s]
        i = end
    return rows


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
        sum_to = np.full((len(OF_SUM), len(self._sums)), -1, np.int64)
        for number, (how, width, _) in enumerate(products):
            if how in OF_SUM:
                sum_to[OF_SUM.index(how), sum_of[width]] = number
        self._products = len(products)
        self._tables = (
            np.array([KINDS.index(how) for how, _, _ in products], np.int64), np.array(of, np.int64),
            np.array([over for _, _, over in products], np.int64),
            np.array([operator.width for operator in self._sums], np.int64),
            np.array([operator.width for operator in self._firsts], np.int64), sum_to,
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
        kind, of, over, sum_width, first_width, sum_to = self._tables
        out = scratch.table("sweep", self._products, len(slot))
        index = scratch.take("at_first", len(slot), np.int64)
        rings, at = self._history.rings, 0
        while (at := _sweep(at, slot, t, v, self._widest, sum_width, self._sum_last, self._high, self._low, sum_to,
                            first_width, self._first_last, kind, of, over, *rings.args, index, out)) < len(slot):  # fmt: skip
            rings.widen()
        return out


def _stack(rows: Sequence[Array], slots: int, dtype: type) -> Array:
    return np.array(rows, dtype) if rows else np.zeros((0, slots), dtype)
