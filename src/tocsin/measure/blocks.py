"""How sure a figure over dependent events is: whole blocks of time are drawn again, not single events."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tocsin.terms.errors import BadValue

__all__ = ["block_interval", "ratio_interval"]

REPEATS = 1000


def block_interval(
    blocks: int, figure: Callable[[npt.NDArray[np.intp]], float], random: np.random.Generator, confidence: float = 0.95,
    repeats: int = REPEATS,
) -> tuple[float, float]:  # fmt: skip
    """Percentile interval of ``figure`` over drawings of ``blocks`` blocks with replacement; ``figure`` gets the positions of
    the drawn blocks. (NaN, NaN) below two blocks or where fewer than half of the drawings give a figure. ``random``, begun
    with a seed, makes it repeatable. Storms come in groups, so blocks (weeks, say) are drawn and not events.

    Source: Künsch, Annals of Statistics 17 (1989), here with blocks that do not overlap (Carlstein 1986); percentile
    interval of Efron (1979). Too narrow where blocks are few; say how many there were. Raises BadValue."""
    if not 0 < confidence < 1 or repeats < 1:
        raise BadValue("block interval", f"confidence {confidence}, repeats {repeats}", "use for example 0.95 and 1000")
    if blocks < 2:
        return math.nan, math.nan
    drawn = np.array([figure(random.integers(0, blocks, blocks)) for _ in range(repeats)])
    known = drawn[~np.isnan(drawn)]
    if len(known) * 2 < repeats:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def ratio_interval(
    over: npt.ArrayLike, under: npt.ArrayLike, random: np.random.Generator, confidence: float = 0.95
) -> tuple[float, float]:
    """The interval of sum(``over``) / sum(``under``), both counted by block; drawings without any ``under`` are left out."""
    a, b = np.asarray(over, float), np.asarray(under, float)

    def ratio(drawn: npt.NDArray[np.intp]) -> float:
        total = float(b[drawn].sum())
        return float(a[drawn].sum()) / total if total else math.nan

    return block_interval(len(a), ratio, random, confidence)
