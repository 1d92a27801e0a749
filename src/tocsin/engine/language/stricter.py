"""A condition made stricter or looser by one scale: what a search for thresholds turns."""

from __future__ import annotations

import math
from dataclasses import replace

from tocsin.engine.language import tree

__all__ = ["stricter"]

_MINUTE_US = 60_000_000
_FIGURES = 3  # of thresholds that are not in the property's own unit, such as a rate


def stricter(truth: tree.Truth, scale: float, *, unit: str = "", step: float = 0.0, strict: bool = True) -> tree.Truth:
    """The condition with its thresholds moved: ``scale`` 1 changes nothing, 2 moves ``>= 30`` to 60 and ``<= 30`` to 0, so
    above 1 is stricter for every comparison. A threshold of zero is moved by ``scale`` - 1 in its own unit.

    Thresholds in the property's ``unit`` are rounded to ``step`` (0 = as they come) and others to three figures, to the strict
    side. Moved are literals that an observed number is compared with, also inside how_many, share and days, and the time of
    ``silent``; counts of streams or days, windows and the stream's own stages stay. ``strict`` False moves the other way, as
    under ``not``."""
    turn = _Turn(scale, unit, step)
    return turn.truth(truth, strict)


class _Turn:
    def __init__(self, scale: float, unit: str, step: float) -> None:
        self.scale, self.unit, self.step = scale, unit, step

    def truth(self, node: tree.Truth, strict: bool) -> tree.Truth:
        match node:
            case tree.And(left, right) | tree.Or(left, right):
                return replace(node, left=self.truth(left, strict), right=self.truth(right, strict))
            case tree.Not(of):
                return tree.Not(self.truth(of, not strict))
            case tree.Silent(limit):
                moved = self.moved(float(limit), strict)
                return tree.Silent(max(_MINUTE_US, math.ceil(moved / _MINUTE_US - 1e-9) * _MINUTE_US))
            case tree.Compare(
                _, tree.AreaNumber(_, _, tree.Compare() | tree.And() | tree.Or() | tree.Not() as inner) as area
            ):
                return replace(node, left=replace(area, truth=self.truth(inner, strict)))
            case tree.Compare(_, tree.ConsecutiveDays(_, comparison, threshold) as days):
                up = strict == (comparison in (">", ">="))
                return replace(node, left=replace(days, threshold=self.rounded(threshold, self.unit, up)))
            case tree.Compare(comparison, _, tree.Constant() as limit) if comparison in _UP or comparison in _DOWN:
                return replace(node, right=self.constant(limit, strict == (comparison in _UP)))
            case tree.Compare(comparison, tree.Constant() as limit, _) if comparison in _UP or comparison in _DOWN:
                return replace(node, left=self.constant(limit, strict == (comparison in _DOWN)))
        return node

    def constant(self, limit: tree.Constant, up: bool) -> tree.Constant:
        return replace(limit, value=self.rounded(limit.value, limit.unit, up))

    def moved(self, value: float, up: bool) -> float:
        by = (self.scale - 1) * (abs(value) or 1.0)
        return value + by if up else value - by

    def rounded(self, value: float, unit: str, up: bool) -> float:
        if self.scale == 1:
            return value
        moved = self.moved(value, up)
        step = self.step if unit == self.unit else _figures_step(moved)
        if not step:
            return moved
        # to the strict side; a hair is allowed for what is whole but for float noise
        whole = math.ceil(moved / step - 1e-9) if up else math.floor(moved / step + 1e-9)
        return round(whole * step, 12)


_UP, _DOWN = (">", ">="), ("<", "<=")


def _figures_step(value: float) -> float:
    return 0.0 if value == 0 else float(10.0 ** (math.floor(math.log10(abs(value))) - _FIGURES + 1))
