"""Distances on the sphere, for single points and for NumPy columns.

Haversine on a sphere of the mean Earth radius: against the WGS 84 ellipsoid it is wrong by at most 0.6 %, far below
what "within 10 km" means in a rule. Differences of
longitude enter through a sine only, so the antimeridian is no border.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["EARTH_RADIUS_KM", "centroid", "direction", "distance_km", "distances_km", "unit_vector", "within_km"]

EARTH_RADIUS_KM = 6371.0088  # IUGG mean radius R1


def distance_km(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Great-circle distance in km of two points in degrees; NaN if a coordinate is.

    >>> round(distance_km(179.5, 0, -179.5, 0), 1)
    111.2
    """
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half_lat = math.sin((phi_b - phi_a) / 2)
    half_lon = math.sin(math.radians(lon_b - lon_a) / 2)
    h = half_lat * half_lat + math.cos(phi_a) * math.cos(phi_b) * half_lon * half_lon
    # Written so that NaN stays NaN and rounding above 1 (opposite points) does not leave the arcsine's domain.
    return 2 * EARTH_RADIUS_KM * math.asin(1.0 if h > 1.0 else math.sqrt(h))


def distances_km(
    lon_a: NDArray[np.float64] | float, lat_a: NDArray[np.float64] | float,
    lon_b: NDArray[np.float64] | float, lat_b: NDArray[np.float64] | float,
) -> NDArray[np.float64]:  # fmt: skip
    """``distance_km`` over columns; shapes broadcast."""
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half_lat = np.sin((phi_b - phi_a) / 2)
    half_lon = np.sin(np.radians(np.subtract(lon_b, lon_a)) / 2)
    h = half_lat * half_lat + np.cos(phi_a) * np.cos(phi_b) * half_lon * half_lon
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0))), dtype=np.float64)


def within_km(points: NDArray[np.float64], centre: tuple[float, float], km: float) -> NDArray[np.bool_]:
    """Which rows of ``points`` (n x 2: lon, lat in degrees) lie within ``km`` of ``centre`` (lon, lat), edge included.
    Rows with NaN do not."""
    rows = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    return np.asarray(distances_km(centre[0], centre[1], rows[:, 0], rows[:, 1]) <= km, dtype=np.bool_)


def unit_vector(lon: float, lat: float) -> tuple[float, float, float]:
    """The point as (x, y, z) on the unit sphere."""
    lam, phi = math.radians(lon), math.radians(lat)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def centroid(points: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """(lon, lat) of the mean direction of points; (NaN, NaN) for none or points that cancel out (the two poles)."""
    x = y = z = 0.0
    for lon, lat in points:
        dx, dy, dz = unit_vector(lon, lat)
        x, y, z = x + dx, y + dy, z + dz
    return direction(x, y, z)


def direction(x: float, y: float, z: float) -> tuple[float, float]:
    """(lon, lat) in degrees where a vector from the Earth's centre points; (NaN, NaN) for none."""
    if not math.sqrt(x * x + y * y + z * z) > 1e-12:
        return math.nan, math.nan
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))
