"""A growing index of points for one radius: "who is within 10 km?" without looking at everyone."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Generic, TypeVar

from tocsin.geo.distance import EARTH_RADIUS_KM, distance_km, unit_vector

__all__ = ["PointIndex"]

Key = TypeVar("Key", bound=Hashable)
_Box = tuple[int, int, int]
_AROUND = [(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]


class PointIndex(Generic[Key]):
    """Points by key, found again by distance at most ``km``.

    The points are boxed as vectors on the unit sphere, in cubes as wide as the chord of ``km``: whatever is near lies
    in the same or a touching cube, so poles and the antimeridian need no special care."""

    __slots__ = ("_boxes", "_points", "_width", "km")

    def __init__(self, km: float) -> None:
        self.km = km
        angle = min(max(km, 0.0) / EARTH_RADIUS_KM, math.pi)
        # A little wider than the chord, so that rounding never puts a point at the very edge two cubes away.
        self._width = 2 * math.sin(angle / 2) * (1 + 1e-9) + 1e-9
        self._boxes: dict[_Box, dict[Key, tuple[float, float]]] = {}
        self._points: dict[Key, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, key: object) -> bool:
        return key in self._points

    def add(self, key: Key, lon: float, lat: float) -> None:
        """Puts a point in place; the same key again moves it."""
        self.discard(key)
        self._points[key] = (lon, lat)
        self._boxes.setdefault(self._box(lon, lat), {})[key] = (lon, lat)

    def discard(self, key: Key) -> None:
        """Takes a point out; nothing happens if it is not there."""
        point = self._points.pop(key, None)
        if point is None:
            return
        box = self._box(*point)
        del self._boxes[box][key]
        if not self._boxes[box]:
            del self._boxes[box]

    def near(self, lon: float, lat: float) -> list[tuple[float, Key]]:
        """(distance in km, key) of all points within ``km``, edge included, in no stated order."""
        x, y, z = self._box(lon, lat)
        found = []
        for i, j, k in _AROUND:
            for key, (its_lon, its_lat) in self._boxes.get((x + i, y + j, z + k), {}).items():
                away = distance_km(lon, lat, its_lon, its_lat)
                if away <= self.km:
                    found.append((away, key))
        return found

    def _box(self, lon: float, lat: float) -> _Box:
        x, y, z = unit_vector(lon, lat)
        width = self._width
        return math.floor(x / width), math.floor(y / width), math.floor(z / width)
