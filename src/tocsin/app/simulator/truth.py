"""What the simulator knows to be true of a day: what must be signalled, what must not, what must be refused.

It is computed from the noiseless physics and never runs the engine, so it can judge it. Instruments differ from the
physics by at most ``RAIN_ERROR`` (share) and one tip of ``TIP_MM``, ``RIVER_ERROR_M`` metres, ``GAS_ERROR``
percent. A level is due from the first moment the most generous instrument could show it until the first moment the
meanest one must.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "GAS_ERROR", "RAIN_ERROR", "RIVER_ERROR_M", "TIP_MM",
    "Due", "Flag", "Proposal", "Quiet", "Refusal", "Silence", "TooClose", "Truth", "crossing", "rolling_sum",
]  # fmt: skip

RAIN_ERROR, TIP_MM = 0.075, 0.1
RIVER_ERROR_M = 0.02
GAS_ERROR = 0.9


class TooClose(ValueError):
    """A peak lies so near a threshold that instruments alone would decide: such a day is not played."""


@dataclass(frozen=True, slots=True)
class Due:
    """A signal of ``hazard`` at ``stream`` must reach ``rank`` at a moment (event time, us) in the closed interval."""

    hazard: str
    stream: str
    rank: int
    earliest_us: int
    latest_us: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """No signal of ``hazard`` at ``stream`` may stand above ``rank`` (0: none at all). ``stream`` "*" means
    anywhere."""

    hazard: str
    stream: str
    rank: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """``rows`` rows that name ``stream`` must lie in quarantine with ``code`` (the code of a ``tocsin.terms.errors``
    type)."""

    stream: str
    code: str
    rows: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A child event must be proposed at ``facility``, between the two moments (us)."""

    facility: str
    earliest_us: int
    latest_us: int


@dataclass(frozen=True, slots=True)
class Silence:
    """``stream`` reports last at ``last_us`` while above a stage and must be "no data in danger" by ``latest_us``."""

    stream: str
    last_us: int
    latest_us: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A data-quality check whose rule name contains ``check`` must flag ``stream`` in the closed interval (us)."""

    check: str
    stream: str
    earliest_us: int
    latest_us: int


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that must, and must not, be on the record after the day."""

    due: tuple[Due, ...]
    quiet: tuple[Quiet, ...]
    refused: tuple[Refusal, ...]
    proposed: tuple[Proposal, ...]
    never_proposed: tuple[str, ...]
    silent: tuple[Silence, ...]
    flags: tuple[Flag, ...]
    accepted_rows: int
    duplicate_rows: int
    late_rows: int
    missing_rows: int


def rolling_sum(per_minute: npt.NDArray[np.float64], width_min: int) -> npt.NDArray[np.float64]:
    """Sum over (t - width, t] on the minute grid."""
    total = np.concatenate([[0.0], np.cumsum(per_minute)])
    ends = np.arange(1, len(total))
    result: npt.NDArray[np.float64] = total[ends] - total[np.maximum(ends - width_min, 0)]
    return result


def crossing(
    generous: npt.NDArray[np.float64], mean: npt.NDArray[np.float64], threshold: float, thing: str
) -> tuple[int, int] | None:
    """Minutes at which ``generous`` first reaches ``threshold`` and ``mean`` (the meanest reading) first does; None
    where even ``generous`` never does. Raises TooClose where only one of them does."""
    could, must = np.flatnonzero(generous >= threshold), np.flatnonzero(mean >= threshold)
    if not len(could):
        return None
    if not len(must):
        raise TooClose(f"{thing}: peak too near {threshold}")
    return int(could[0]), int(must[0])
