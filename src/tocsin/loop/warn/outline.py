"""Outlines: borders made simple enough for a CAP message, never smaller than what they stand for; and what touches what.

Pure. Rings are (longitude, latitude) in degrees; a border's holes are filled, since CAP knows none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import shapely

__all__ = ["Ring", "circle_shape", "rings_shape", "share_inside", "simple_rings"]

Ring = Sequence[Sequence[float]]
_MOST_POINTS = 100
_DIGITS = 5  # about one metre
_KM_A_DEGREE = 111.2


def rings_shape(rings: Iterable[Ring]) -> shapely.Geometry:
    """The union of rings as one shape; what is no ring is left out."""
    shapes = [shapely.Polygon(ring) for ring in rings if len(ring) >= 4]
    return shapely.unary_union([shape if shape.is_valid else shapely.make_valid(shape) for shape in shapes])


def circle_shape(lat: float, lon: float, km: float) -> shapely.Geometry:
    """A circle as a polygon in degrees, good enough to ask what it touches."""
    wide = max(0.01, math.cos(math.radians(lat)))
    steps = [math.tau * step / 72 for step in range(72)]
    radius = km / _KM_A_DEGREE
    return shapely.Polygon([(lon + radius * math.cos(a) / wide, lat + radius * math.sin(a)) for a in steps])


def share_inside(shape: shapely.Geometry, other: shapely.Geometry) -> float:
    """Which share of a shape's area lies in another, 0 to 1; of a shape without area, whether it touches."""
    if shape.is_empty or other.is_empty:
        return 0.0
    if not shape.area:
        return 1.0 if shape.intersects(other) else 0.0
    return float(shape.intersection(other).area / shape.area)


def simple_rings(rings: Iterable[Ring]) -> list[tuple[tuple[float, float], ...]]:
    """Closed outer rings (longitude, latitude) of at most 100 points that contain all of the border (P4 of warnings.md)."""
    whole = rings_shape(rings)
    parts = [
        part for part in getattr(whole, "geoms", [whole]) if isinstance(part, shapely.Polygon) and not part.is_empty
    ]
    return [_closed(_simple(shapely.Polygon(part.exterior))) for part in parts]


def _simple(part: shapely.Polygon) -> shapely.Polygon:
    """Ever coarser: swell by the tolerance, then simplify by it, so that nothing of the original falls outside."""
    tolerance = 0.0
    outline = part
    while len(outline.exterior.coords) > _MOST_POINTS:
        tolerance = max(2 * tolerance, 1e-4)
        swollen = part.buffer(tolerance, join_style="mitre").simplify(tolerance)
        if isinstance(swollen, shapely.Polygon) and swollen.contains(part):
            outline = shapely.Polygon(swollen.exterior)
        elif tolerance > 5:
            outline = (
                part.convex_hull if len(part.convex_hull.exterior.coords) <= _MOST_POINTS else shapely.box(*part.bounds)
            )
    return outline


def _closed(part: shapely.Polygon) -> tuple[tuple[float, float], ...]:
    points: list[tuple[float, float]] = []
    for x, y in part.exterior.coords[:-1]:
        point = (round(x, _DIGITS), round(y, _DIGITS))
        if not points or points[-1] != point:
            points.append(point)
    return (*points, points[0])
