"""Instruments: physics in, what a department's devices would send out (noise, tips, rounding, silence, typing
errors)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tocsin.app.simulator.physics import MINUTES

__all__ = ["CLEAN_AIR", "gas_shown", "rain_shown", "observing_minutes",
           "river_shown", "sampled"]  # fmt: skip

Column = npt.NDArray[np.float64]
CLEAN_AIR = 1.5  # percent of the lower explosive limit that a sensor shows in clean air


def rain_shown(per_minute: Column, every_min: int, random: np.random.Generator) -> Column:
    """Tipping bucket: millimetres in the interval that ends at each reading, in tips of 0.1 mm; the gauge's own gain is
    within 3 % and each minute within 4 % of it."""
    gain = 1 + random.uniform(-0.03, 0.03)
    caught = np.cumsum(per_minute * gain * (1 + random.uniform(-0.04, 0.04, len(per_minute))))
    tips = np.floor(caught * 10 + 1e-9)[every_min::every_min]
    result: Column = np.diff(np.concatenate([[0.0], tips])) / 10
    return result


def river_shown(stage: Column, every_min: int, random: np.random.Generator) -> Column:
    """Stage to the centimetre with at most 1.5 cm of error."""
    exact = stage[every_min::every_min]
    result: Column = np.round(exact + random.uniform(-0.015, 0.015, len(exact)), 2)
    return result


def gas_shown(plume: Column, every_min: int, random: np.random.Generator) -> Column:
    """Percent of the lower explosive limit to one decimal: clean air, at most 0.8 of noise, and the plume."""
    exact = plume[every_min::every_min] + CLEAN_AIR
    result: Column = np.round(exact + random.uniform(-0.8, 0.8, len(exact)), 1)
    return result


def sampled(exact: Column, every_min: int, error: float, random: np.random.Generator) -> Column:
    """Any other column: to one decimal with at most ``error`` of noise."""
    taken = exact[every_min::every_min]
    result: Column = np.round(taken + random.uniform(-error, error, len(taken)), 1)
    return result


def observing_minutes(every_min: int) -> npt.NDArray[np.int64]:
    """Minutes of the day at which an instrument of that cadence reads: every_min, 2 every_min ... midnight."""
    return MINUTES[every_min::every_min].astype(np.int64)
