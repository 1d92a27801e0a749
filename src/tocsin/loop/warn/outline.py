"""Outlines: what touches what, and borders made simple enough for a CAP message, never smaller than what they stand for.

Pure. Rings are (longitude, latitude) in degrees; a border's holes are filled, since CAP knows none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import shapely

from tocsin.formats.cap import Ring, simplify_outwards

__all__ = ["circle_shape", "rings_shape", "share_inside", "simple_rings"]

_KM_A_DEGREE = 111.2


def rings_shape(rings: Iterable[Sequence[Sequence[float]]]) -> Any:
    """The union of rings as one shape; what is no ring is left out."""
    shapes = [shapely.Polygon(ring) for ring in rings if len(ring) >= 4]
    return shapely.unary_union([shape if shape.is_valid else shapely.make_valid(shape) for shape in shapes])


def circle_shape(lat: float, lon: float, km: float) -> Any:
    """A circle as a polygon in degrees, good enough to ask what it touches."""
    wide = max(0.01, math.cos(math.radians(lat)))
    steps = [math.tau * step / 72 for step in range(72)]
    radius = km / _KM_A_DEGREE
    return shapely.Polygon([(lon + radius * math.cos(a) / wide, lat + radius * math.sin(a)) for a in steps])


def share_inside(shape: Any, other: Any) -> float:
    """Which share of a shape's area lies in another, 0 to 1; of a shape without area, whether it touches."""
    if shape.is_empty or other.is_empty:
        return 0.0
    if not shape.area:
        return 1.0 if shape.intersects(other) else 0.0
    return float(shape.intersection(other).area / shape.area)


def simple_rings(rings: Iterable[Sequence[Sequence[float]]]) -> tuple[Ring, ...]:
    """Closed outer rings (latitude, longitude) of at most 100 points that contain all of the border (P4 of warnings.md)."""
    whole = rings_shape(rings)
    parts = [part for part in getattr(whole, "geoms", [whole]) if part.geom_type == "Polygon" and not part.is_empty]
    return tuple(simplify_outwards(tuple((lat, lon) for lon, lat in part.exterior.coords)) for part in parts)
