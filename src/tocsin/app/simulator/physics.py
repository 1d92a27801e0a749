"""What really happens in Simhaven, without any instrument: rain, rivers, gas, warmth and wind as noiseless NumPy
columns.

Times are minutes since local midnight; all arrays over time are on the minute grid ``MINUTES`` (0 .. 24 h).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tocsin.app.simulator.city import RAIN_GAUGES, RiverGauge, Spot

__all__ = [
    "DAY_MIN", "Column", "LEAK", "MINUTES", "Leak", "Storm",
    "gas_percent", "rain_mm", "river_m", "temperature_cel", "wind_m_s",
]  # fmt: skip

Column = npt.NDArray[np.float64]
DAY_MIN = 24 * 60
MINUTES: Column = np.arange(DAY_MIN + 1, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Storm:
    """One convective cell: a Gaussian of ``peak_mm_h`` and ``sigma_km`` whose centre runs along y = x/3 +
    ``shift_km`` at ``speed_km_h``, passing the harbour clock at ``noon_min``; and a steady ``ridge_mm_h`` of
    upslope rain in the north."""

    peak_mm_h: float
    shift_km: float
    noon_min: float = 15.5 * 60
    speed_km_h: float = 12.0
    sigma_km: float = 6.0
    ridge_mm_h: float = 5.2


@dataclass(frozen=True, slots=True)
class Leak:
    """A gas leak at ``x_km``/``y_km``: the concentration climbs with ``rise_min`` from ``start_min`` and falls with the
    same constant after ``stop_min``; ``reach_km`` is the distance at which it has fallen to 1/e."""

    x_km: float = 11.2
    y_km: float = 3.4
    start_min: float = 10 * 60 + 20
    stop_min: float = 11 * 60 + 30
    rise_min: float = 8.0
    peak_percent: float = 34.0
    reach_km: float = 0.24


LEAK = Leak()


def rain_mm(storm: Storm, gauge: Spot) -> Column:
    """Rain at a gauge in millimetres for each minute (the minute that ends then)."""
    along_x, along_y = 3 / np.sqrt(10), 1 / np.sqrt(10)  # unit vector of y = x/3
    run = (MINUTES - storm.noon_min) / 60 * storm.speed_km_h
    dx = gauge.x_km - run * along_x
    dy = gauge.y_km - storm.shift_km - run * along_y
    cell = storm.peak_mm_h * np.exp(-(dx**2 + dy**2) / (2 * storm.sigma_km**2))
    drizzle = np.where((MINUTES >= 10 * 60) & (MINUTES < 21 * 60), 0.2, 0.0)
    upslope = np.where((MINUTES >= 7 * 60) & (MINUTES < 19 * 60) & (gauge.y_km > 25), storm.ridge_mm_h, 0.0)
    per_minute: Column = (cell + drizzle + upslope) / 60
    per_minute[cell < 0.02] -= cell[cell < 0.02] / 60  # no rain at all where the cell is far away
    return np.maximum(per_minute, 0.0)


def river_m(storm: Storm, gauge: RiverGauge) -> Column:
    """Stage in metres: catchment rain through two linear reservoirs (1 h and 2 h), then the travel time."""
    by_id = {spot.id: spot for spot in RAIN_GAUGES}
    inflow = np.mean([rain_mm(storm, by_id[name]) for name in gauge.catchment], axis=0) * 60  # mm/h
    routed = _reservoir(_reservoir(inflow, 60.0), 120.0)
    lag = round(gauge.lag_h * 60)
    delayed = np.concatenate([np.zeros(lag), routed[: len(routed) - lag]])
    stage: Column = gauge.base_m + gauge.gain_m * delayed
    return stage


def gas_percent(leak: Leak, sensor: Spot) -> Column:
    """Combustible gas in percent of the lower explosive limit, above the sensor's clean-air reading."""
    up = 1 - np.exp(-np.maximum(MINUTES - leak.start_min, 0) / leak.rise_min)
    down = np.exp(-np.maximum(MINUTES - leak.stop_min, 0) / leak.rise_min)
    distance = np.hypot(sensor.x_km - leak.x_km, sensor.y_km - leak.y_km)
    plume: Column = leak.peak_percent * up * down * np.exp(-distance / leak.reach_km)
    return plume


def temperature_cel(station: Spot) -> Column:
    """A warm day, 23 to 31 degrees at the sea, cooler on the ridge: far from any heat signal."""
    day = 27.0 + 4.0 * np.sin((MINUTES / 60 - 9) / 24 * 2 * np.pi)
    result: Column = day - (4.0 if station.y_km > 25 else 0.0)
    return result


def wind_m_s(station: Spot, storm: Storm) -> Column:
    """A sea breeze with the storm's outflow: at most about 8 m/s, below every gale level."""
    breeze = 3.0 + 1.5 * np.sin((MINUTES / 60 - 8) / 24 * 2 * np.pi)
    outflow = 3.0 * np.exp(-(((MINUTES - storm.noon_min) / 60) ** 2))
    result: Column = breeze + outflow + (0.5 if abs(station.y_km) > 10 else 0.0)
    return result


def _reservoir(inflow: Column, constant_min: float) -> Column:
    """A linear reservoir on the minute grid: outflow' = (inflow - outflow) / constant."""
    keep = np.exp(-1.0 / constant_min)
    kernel = (1 - keep) * keep ** np.arange(len(inflow))
    return np.convolve(inflow, kernel)[: len(inflow)]
