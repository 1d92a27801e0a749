"""Trees -> columns: evaluate number and truth nodes over a set of rows, each distinct node once.

A truth is a pair of boolean columns (true, false); where neither is set the truth is not known (Kleene's logic).
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.language import tree

__all__ = ["Columns", "Pair"]

Array = np.ndarray
Pair = tuple[Array, Array]

# what is known to be false: comparing with NaN is never true, so nobody has to ask whether anything is known
_OPPOSITE = {"<": np.greater_equal, "<=": np.greater, ">": np.less_equal, ">=": np.less}
_COMPARE = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_COMBINE = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


class Columns:
    """Evaluates nodes over ``size`` rows. Subclasses know the leaves: ``leaf`` and ``truth_leaf``.

    ``coverage`` is the rule's: a window with less of what it should hold is not known, except for what it decides anyway
    (``bound``).
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._numbers: dict[tuple[tree.Number, float], Array] = {}
        self._truths: dict[tuple[tree.Truth, float], Pair] = {}

    def leaf(self, node: tree.Number, coverage: float) -> Array:
        """The column of a leaf node."""
        raise TypeError(f"{type(node).__name__} cannot stand here")

    def truth_leaf(self, node: tree.Truth, coverage: float) -> Pair:
        """The columns of a leaf truth."""
        raise TypeError(f"{type(node).__name__} cannot stand here")

    def extent(self, node: tree.Truth) -> Array:
        """How long (s) a stream was silent or stuck, or how far (its unit) a reading departed: evidence, not judgement."""
        raise TypeError(f"{type(node).__name__} has no extent here")

    def number(self, node: tree.Number, coverage: float = 0.0) -> Array:
        """float64 column; NaN = not known."""
        key = (node, coverage)
        if key not in self._numbers:
            self._numbers[key] = self._number(node, coverage)
        return self._numbers[key]

    def _number(self, node: tree.Number, coverage: float) -> Array:
        match node:
            case tree.Constant(value):
                return np.full(self.size, value)
            case tree.Arithmetic(op, left, right):
                with np.errstate(all="ignore"):
                    out = _COMBINE[op](self.number(left, coverage), self.number(right, coverage))
                return np.where(np.isfinite(out), out, np.nan)
            case tree.Index(of, _, points, rounding):
                return _index(self.number(of, coverage), points, rounding)
            case _:
                return self.leaf(node, coverage)

    def truth(self, node: tree.Truth, coverage: float = 0.0) -> Pair:
        """(true, false) columns; neither = not known."""
        key = (node, coverage)
        if key not in self._truths:
            self._truths[key] = self._truth(node, coverage)
        return self._truths[key]

    def _truth(self, node: tree.Truth, coverage: float) -> Pair:
        match node:
            case tree.Compare(comparison, left, right):
                return self._compare(comparison, left, right, coverage)
            case tree.And(left, right):
                a, b = self.truth(left, coverage), self.truth(right, coverage)
                return a[0] & b[0], a[1] | b[1]
            case tree.Or(left, right):
                a, b = self.truth(left, coverage), self.truth(right, coverage)
                return a[0] | b[0], a[1] & b[1]
            case tree.Not(of):
                a = self.truth(of, coverage)
                return a[1], a[0]
            case _:
                return self.truth_leaf(node, coverage)

    def _compare(self, comparison: str, left: tree.Number, right: tree.Number, coverage: float) -> Pair:
        if isinstance(right, tree.Constant) and not (coverage > 0 and isinstance(left, tree.Window)):
            a = self.number(left, coverage)  # by far the most frequent form: no column of equal numbers is built
            return _compared(comparison, a, right.value)
        a, b = self.number(left, coverage), self.number(right, coverage)
        out = _compared(comparison, a, b)
        if coverage > 0 and isinstance(left, tree.Window):
            return self._with_bounds(comparison, left, b, out)
        if coverage > 0 and isinstance(right, tree.Window):
            return self._with_bounds(_MIRROR[comparison], right, a, out)
        return out

    def bound(self, node: tree.Window) -> Array | None:
        """Where a window that lacks observations still bounds its quantity: +1 from below, -1 from above, 0 not at all."""
        return None

    def seen(self, node: tree.Compare, window: tree.Number, coverage: float) -> Array:
        """What a window held where a comparison was decided by it, complete or not; elsewhere what is known of it."""
        known, (yes, no) = self.number(window, coverage), self.truth(node, coverage)
        return np.where(np.isnan(known) & (yes | no), self.number(window, 0.0), known)

    def _with_bounds(self, comparison: str, node: tree.Window, limit: Array, out: Pair) -> Pair:
        """What an incomplete window already decides: 60 mm seen are at least 50 mm; 20 mm seen are not "below 30 mm"."""
        bound = self.bound(node)
        if bound is None or comparison in ("==", "!="):
            return out
        seen = self.number(node, 0.0)
        said = _COMPARE[comparison](seen, limit)
        more = comparison in (">", ">=")
        sure_true, sure_false = (1, -1) if more else (-1, 1)
        return out[0] | (said & (bound == sure_true)), out[1] | (~said & (bound == sure_false) & ~np.isnan(limit))


def _compared(comparison: str, a: Array, b: Array | float) -> Pair:
    if comparison in ("==", "!="):
        same, other = a == b, (a < b) | (a > b)
        return (same, other) if comparison == "==" else (other, same)
    return _COMPARE[comparison](a, b), _OPPOSITE[comparison](a, b)


def _index(x: Array, points: tuple[tuple[float, float], ...], rounding: str) -> Array:
    xs, ys = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    y = np.interp(x, xs, ys, left=0.0, right=ys[-1])
    if rounding == "nearest":
        y = np.floor(y + 0.5)
    elif rounding == "up":
        # HJ 633 rounds fractions up; a value that is whole but for float noise stays
        y = np.ceil(np.round(y, 9))
    return np.where(np.isnan(x), np.nan, y)
