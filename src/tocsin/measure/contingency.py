"""The 2x2 table of warnings against what happened, and the figures drawn from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tocsin.terms.errors import BadValue

__all__ = ["Contingency", "contingency_of_cells"]


@dataclass(frozen=True, slots=True)
class Contingency:
    """Counts: ``hits`` (a), ``false_alarms`` (b), ``misses`` (c), ``quiet`` (d, correct silence).

    ``quiet`` is None for event warnings: "nothing happened and nobody warned" cannot be counted there, so every figure
    that needs it is NaN. It is a number only on fixed space-time cells (``contingency_of_cells``). A figure whose
    denominator is zero is NaN: not known, never 0 or 1. Source: Jolliffe and Stephenson, Forecast Verification (2012),
    chapter 3. Raises BadValue for a negative count.

    >>> table = Contingency(hits=82, false_alarms=38, misses=23, quiet=222)   # Finley-like, worked in the tests
    >>> round(table.pod, 4), round(table.far, 4), round(table.csi, 4), round(table.bias, 4)
    (0.781, 0.3167, 0.5734, 1.1429)
    """

    hits: int
    false_alarms: int
    misses: int
    quiet: int | None = None

    def __post_init__(self) -> None:
        counts = [self.hits, self.false_alarms, self.misses, self.quiet or 0]
        if min(counts) < 0:
            raise BadValue("contingency table", f"counts must not be negative, got {counts}", "count again")

    @property
    def pod(self) -> float:
        """Probability of detection a/(a+c)."""
        return _ratio(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float:
        """False-alarm *ratio* b/(a+b): share of warnings that nothing followed."""
        return _ratio(self.false_alarms, self.hits + self.false_alarms)

    @property
    def csi(self) -> float:
        """Critical success index a/(a+b+c)."""
        return _ratio(self.hits, self.hits + self.false_alarms + self.misses)

    @property
    def bias(self) -> float:
        """Frequency bias (a+b)/(a+c); above 1 = warns more often than it happens."""
        return _ratio(self.hits + self.false_alarms, self.hits + self.misses)

    @property
    def pofd(self) -> float:
        """Probability of false detection (false-alarm *rate*) b/(b+d); NaN where quiet is not counted."""
        return math.nan if self.quiet is None else _ratio(self.false_alarms, self.false_alarms + self.quiet)

    @property
    def hss(self) -> float:
        """Heidke skill score 2(ad-bc)/((a+c)(c+d)+(a+b)(b+d)); NaN where quiet is not counted."""
        if self.quiet is None:
            return math.nan
        a, b, c, d = self.hits, self.false_alarms, self.misses, self.quiet
        return _ratio(2 * (a * d - b * c), (a + c) * (c + d) + (a + b) * (b + d))

    @property
    def peirce(self) -> float:
        """Peirce skill score POD - POFD; NaN where quiet is not counted."""
        return self.pod - self.pofd

    @property
    def edi(self) -> float:
        """Extremal dependence index (ln F - ln H)/(ln F + ln H), H = POD, F = POFD: does not shrink to 0 for rare events, as
        CSI and HSS do. Source: Ferro and Stephenson, Weather and Forecasting 26 (2011). NaN where quiet is not counted or
        H or F is 0 or 1."""
        hit, false = self.pod, self.pofd
        if not (0 < hit < 1 and 0 < false < 1):
            return math.nan
        return (math.log(false) - math.log(hit)) / (math.log(false) + math.log(hit))

    @property
    def sedi(self) -> float:
        """Symmetric extremal dependence index; the same source, the same cases of NaN."""
        hit, false = self.pod, self.pofd
        if not (0 < hit < 1 and 0 < false < 1):
            return math.nan
        over = math.log(false) - math.log(hit) + math.log1p(-hit) - math.log1p(-false)
        return over / (math.log(false) + math.log(hit) + math.log1p(-hit) + math.log1p(-false))

    def value(self, cost_loss: float) -> float:
        """Relative economic value for somebody whose protection costs ``cost_loss`` of the loss it prevents: 1 = a perfect
        forecast, 0 = no better than always or never protecting, below 0 = worse. Source: Richardson, QJRMS 126 (2000). NaN
        where quiet is not counted, or nothing or everything happened. Raises BadValue outside (0, 1).

        >>> round(Contingency(28, 72, 23, 2680).value(0.02), 3)
        0.52
        """
        if not 0 < cost_loss < 1:
            raise BadValue("cost/loss ratio", f"must lie between 0 and 1, got {cost_loss}", "use for example 0.1")
        if self.quiet is None:
            return math.nan
        total = self.hits + self.false_alarms + self.misses + self.quiet
        base = _ratio(self.hits + self.misses, total)
        least = min(cost_loss, base)
        spent = cost_loss * (self.hits + self.false_alarms) / total + self.misses / total if total else math.nan
        return _ratio(least - spent, least - base * cost_loss)


def contingency_of_cells(warned: npt.ArrayLike, happened: npt.ArrayLike) -> Contingency:
    """The table over fixed space-time cells.

    ``warned`` and ``happened`` are boolean arrays of one shape, one element a cell. BadValue if shapes differ."""
    w, h = np.asarray(warned, dtype=bool), np.asarray(happened, dtype=bool)
    if w.shape != h.shape:
        raise BadValue("contingency cells", f"shapes differ: {w.shape} and {h.shape}", "use the same cells for both")
    hits = int(np.count_nonzero(w & h))
    warnings, events = int(np.count_nonzero(w)), int(np.count_nonzero(h))
    return Contingency(hits, warnings - hits, events - hits, w.size - warnings - events + hits)


def _ratio(over: float, under: float) -> float:
    return over / under if under else math.nan
