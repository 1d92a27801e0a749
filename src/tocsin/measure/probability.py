"""Probabilities against what happened: Brier score with its parts, reliability, ROC area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tocsin.terms.errors import BadValue

__all__ = ["Brier", "ReliabilityBin", "brier", "reliability", "roc_area"]


@dataclass(frozen=True, slots=True)
class Brier:
    """``score`` = ``reliability`` - ``resolution`` + ``uncertainty``, exactly, where forecasts are grouped by their own
    values (Murphy, J. Appl. Meteorol. 12, 1973). Lower score and reliability are better, higher resolution is."""

    score: float
    reliability: float
    resolution: float
    uncertainty: float

    @property
    def skill(self) -> float:
        """1 - score/uncertainty: against always saying the base rate; NaN where nothing or everything happened."""
        return 1 - self.score / self.uncertainty if self.uncertainty else float("nan")


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Forecasts between two probabilities: how many, their mean, and how often it happened."""

    low: float
    high: float
    n: int
    forecast: float
    observed: float


def brier(probability: npt.ArrayLike, happened: npt.ArrayLike) -> Brier:
    """Brier score of probabilities (0..1) against outcomes (bool), arrays of one length. Raises BadValue; NaN for none."""
    p, y = _columns(probability, happened)
    if not len(p):
        return Brier(*[float("nan")] * 4)
    values, group = np.unique(p, return_inverse=True)
    count = np.bincount(group)
    rate = np.bincount(group, weights=y) / count
    base = float(y.mean())
    return Brier(
        score=float(np.mean((p - y) ** 2)),
        reliability=float(np.sum(count * (values - rate) ** 2) / len(p)),
        resolution=float(np.sum(count * (rate - base) ** 2) / len(p)),
        uncertainty=base * (1 - base),
    )


def reliability(probability: npt.ArrayLike, happened: npt.ArrayLike, bins: int = 10) -> list[ReliabilityBin]:
    """The reliability diagram: ``bins`` equal classes, the last closed at 1; empty ones are left out."""
    p, y = _columns(probability, happened)
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.minimum(np.searchsorted(edges, p, side="right") - 1, bins - 1)
    out = []
    for b in np.unique(place):
        inside = place == b
        out.append(ReliabilityBin(float(edges[b]), float(edges[b + 1]), int(inside.sum()), float(p[inside].mean()),
                                  float(y[inside].mean())))  # fmt: skip
    return out


def roc_area(probability: npt.ArrayLike, happened: npt.ArrayLike) -> float:
    """Area under the ROC curve: the chance that a case gets a higher probability than a non-case, ties counted half (the
    Mann-Whitney statistic). NaN where nothing or everything happened."""
    p, y = _columns(probability, happened)
    cases = int(y.sum())
    if not 0 < cases < len(y):
        return float("nan")
    _, group, count = np.unique(p, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2.0)[group]
    return float((rank[y == 1].sum() - cases * (cases + 1) / 2) / (cases * (len(y) - cases)))


def _columns(
    probability: npt.ArrayLike, happened: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    p, y = np.asarray(probability, np.float64).ravel(), np.asarray(happened, bool).ravel().astype(np.float64)
    if p.shape != y.shape:
        raise BadValue("probabilities", f"{len(p)} forecasts, {len(y)} outcomes", "give one outcome for each forecast")
    if not bool(np.all((p >= 0) & (p <= 1))):
        raise BadValue("probabilities", "must lie between 0 and 1", "correct them; leave out what is missing")
    return p, y
