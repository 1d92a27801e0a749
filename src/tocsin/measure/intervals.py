"""How sure a counted share is: intervals for k successes out of n."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

from tocsin.terms.errors import BadValue

__all__ = ["clopper_pearson", "wilson"]


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a share; (NaN, NaN) for no trials.

    Good coverage on average, also for few trials. Source: E. B. Wilson, JASA 22 (1927). Raises BadValue.

    >>> tuple(round(x, 4) for x in wilson(19, 24))
    (0.5953, 0.9076)
    """
    _check(successes, trials, confidence)
    if trials == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return low, high


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact ("tail") interval of a share: never covers less than ``confidence``; (NaN, NaN) for no trials.

    Source: Clopper and Pearson, Biometrika 26 (1934). Raises BadValue.

    >>> tuple(round(x, 4) for x in clopper_pearson(0, 10))
    (0.0, 0.3085)
    """
    _check(successes, trials, confidence)
    if trials == 0:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else _solve(lambda p: _at_least(successes, trials, p) - tail)
    high = 1.0 if successes == trials else _solve(lambda p: tail - _at_most(successes, trials, p))
    return low, high


def _check(successes: int, trials: int, confidence: float) -> None:
    if not 0 <= successes <= trials:
        raise BadValue("interval", f"need 0 <= successes <= trials, got {successes} of {trials}", "count again")
    if not 0 < confidence < 1:
        raise BadValue("interval", f"confidence must lie between 0 and 1, got {confidence}", "use for example 0.95")


def _at_least(k: int, n: int, p: float) -> float:
    return 1.0 - _at_most(k - 1, n, p) if k <= n * p else math.fsum(_mass(i, n, p) for i in range(k, n + 1))


def _at_most(k: int, n: int, p: float) -> float:
    return math.fsum(_mass(i, n, p) for i in range(k + 1))


def _mass(i: int, n: int, p: float) -> float:
    if p in (0.0, 1.0):
        return float(i == n * p)
    log_ways = math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
    return math.exp(log_ways + i * math.log(p) + (n - i) * math.log1p(-p))


def _solve(rising: Callable[[float], float]) -> float:
    """Where a rising function of p in (0, 1) crosses zero, by bisection to the last bit that matters."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
