"""How often something happens: a count over a time, with its exact interval, and what another time will then bring."""

from __future__ import annotations

import math
from collections.abc import Callable

from tocsin.terms.errors import BadValue

__all__ = ["poisson_interval", "poisson_next"]


def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of the mean of a Poisson count. Source: Garwood, Biometrika 28 (1936). Raises BadValue.

    >>> tuple(round(x, 3) for x in poisson_interval(0))
    (0.0, 3.689)
    >>> tuple(round(x, 3) for x in poisson_interval(10))
    (4.795, 18.39)
    """
    if count < 0 or not 0 < confidence < 1:
        raise BadValue("rate", f"a count of {count} with confidence {confidence}", "count again; use for example 0.95")
    tail = (1 - confidence) / 2
    most = count + 12 * math.sqrt(count + 1) + 20
    low = 0.0 if count == 0 else _falls_to(lambda mean: _at_most(count - 1, mean), 1 - tail, most)
    return low, _falls_to(lambda mean: _at_most(count, mean), tail, most)


def poisson_next(count: int, share: float, confidence: float = 0.95) -> tuple[int, int]:
    """Between which counts the next time, ``share`` times as long, will lie with ``confidence``, given ``count`` in the first.

    Both times are taken to have one unknown mean; given the sum, the second is then binomial, which needs no prior. Source:
    Nelson, Applied Life Data Analysis (1982), section 6.2 (his exact prediction limits). Never covers less than stated."""
    if share <= 0:
        raise BadValue("rate", f"a time {share} times as long", "give a positive length")
    tail = (1 - confidence) / 2
    low, high = 0, 0
    while low < 1 << 30 and _upper_tail(count, low, share) < tail:
        low += 1
    high = max(low, 0)
    step = 1
    while _lower_tail(count, high + step, share) >= tail:
        step *= 2
    while step:
        if _lower_tail(count, high + step, share) >= tail:
            high += step
        step //= 2
    return low, high


def _upper_tail(first: int, second: int, share: float) -> float:
    """P(second count <= ``second`` given the sum)."""
    return _binomial_at_most(second, first + second, share / (1 + share))


def _lower_tail(first: int, second: int, share: float) -> float:
    """P(first count <= ``first`` given the sum): small where the second is too large to believe."""
    return _binomial_at_most(first, first + second, 1 / (1 + share))


def _binomial_at_most(k: int, n: int, p: float) -> float:
    if k >= n:
        return 1.0
    logs = (math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
            for i in range(k + 1))  # fmt: skip
    return min(1.0, math.fsum(math.exp(each) for each in logs))


def _at_most(count: int, mean: float) -> float:
    if mean == 0:
        return 1.0
    return min(1.0, math.fsum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(count + 1)))


def _falls_to(falling: Callable[[float], float], level: float, most: float) -> float:
    low, high = 0.0, most
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > level else (low, middle)
    return (low + high) / 2
