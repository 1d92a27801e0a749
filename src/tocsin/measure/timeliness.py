"""Timeliness: how soon things were done, and how many within the limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.measure.intervals import wilson

__all__ = ["Timeliness", "timeliness"]


@dataclass(frozen=True, slots=True)
class Timeliness:
    """``n`` things were due, ``in_time`` of them done within the limit, ``open_over`` not done at all. ``share`` has
    the 95 % Wilson interval ``interval``. Quantiles: over the done ones, us; NaN if none."""

    n: int
    in_time: int
    open_over: int
    share: float
    interval: tuple[float, float]
    median_us: float
    p90_us: float


def timeliness(delays_us: Sequence[int | None], limit_us: int) -> Timeliness:
    """Delays from due start to done (None = not done) against a limit; exactly at the limit is in time."""
    done = [delay for delay in delays_us if delay is not None]
    in_time = sum(delay <= limit_us for delay in done)
    n = len(delays_us)
    return Timeliness(
        n=n,
        in_time=in_time,
        open_over=n - len(done),
        share=in_time / n if n else float("nan"),
        interval=wilson(in_time, n),
        median_us=float(np.median(done)) if done else float("nan"),
        p90_us=float(np.quantile(done, 0.9)) if done else float("nan"),
    )
