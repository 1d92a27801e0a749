"""Fewer points without leaving anybody out: the result contains the original ring (P4).

A long outline is first widened by a small distance and straightened by less than that, so that no straightened side can cut
into the original. Then corners are taken out in ways that only add area, the cheapest first. The answer is compared with
the original before it is given: containing it is a promise, few points are too, and only the size of the margin is a matter
of skill.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from tocsin.formats.cap.eliminate import eliminate
from tocsin.formats.cap.message import Ring
from tocsin.formats.cap.rules.area import MOST_POINTS
from tocsin.terms.errors import BadValue

__all__ = ["simplify_outwards"]

_DIGITS = 5  # about a metre
_LEAST = 2e-5  # degrees; more than rounding takes away
_QUICK = 1200  # points of which some can be taken out one by one without a wait


def simplify_outwards(ring: Ring, most: int = MOST_POINTS) -> Ring:
    """A closed ring of at most ``most`` points that contains ``ring``. A ring that is short enough comes back as it is; one
    that crosses itself is contained with all that it encloses. Raises BadValue for fewer than four points, for ``most``
    under eight, and for a ring across the antimeridian."""
    if most < 8 or len(ring) < 4:
        raise BadValue(
            "polygon", f"{len(ring)} points cannot become {most}", "give a closed ring, and eight points or more"
        )
    lons = [lon for _, lon in ring]
    if max(lons) - min(lons) > 180:
        raise BadValue("polygon", "R42: it spans the antimeridian", "split it at 180 degrees")
    outline = shapely.make_valid(shapely.Polygon([(lon, lat) for lat, lon in ring]))
    if len(ring) <= most and ring[0] == ring[-1]:
        return ring
    shape = _widened(outline, most)
    points = tuple((lat, lon) for lon, lat in shape.exterior.coords)
    return tuple((round(lat, _DIGITS), round(lon, _DIGITS)) for lat, lon in points)


def _widened(outline: Any, most: int) -> Any:
    """The tightest of the tried shapes that keeps both promises. Longitudes are shrunk meanwhile, so that a distance is the
    same in both directions."""
    squeeze = max(0.05, math.cos(math.radians(shapely.get_y(shapely.centroid(outline)))))
    flat = shapely.transform(outline, lambda points: points * [squeeze, 1.0])
    start = _start(flat)
    tries = (_cut(start, most), _by_margin(start, most, 1.3), _margin(shapely.convex_hull(flat), _LEAST * 4))
    good = [
        shape for shape in (_rounded(one, squeeze) for one in tries if one is not None) if _fits(shape, outline, most)
    ]
    return min([*good, _box(flat, squeeze)], key=shapely.area)


def _start(flat: Any) -> Any:
    """One polygon that contains the outline, of a length at which corners can be taken out one by one."""
    if flat.geom_type == "Polygon" and shapely.get_num_coordinates(flat) <= _QUICK:
        return shapely.Polygon(flat.exterior)
    coarse = _by_margin(flat, _QUICK, 2.5)
    return coarse if coarse is not None else shapely.buffer(shapely.convex_hull(flat), _LEAST, join_style="mitre")


def _cut(start: Any, most: int) -> Any:
    """By taking out corners."""
    ring = shapely.normalize(start).exterior.coords  # the normal form runs clockwise
    corners = eliminate(np.asarray(ring)[:-1][::-1], most - 1)
    return shapely.buffer(shapely.Polygon(corners), _LEAST, join_style="mitre", mitre_limit=20.0)


def _by_margin(shape: Any, most: int, shrink: float) -> Any:
    """By the smallest margin that is enough; None where none is."""
    west, south, east, north = shapely.bounds(shape)
    margin, best = max(east - west, north - south, 10 * _LEAST) / 4, None
    while margin >= _LEAST:
        tried = _margin(shape, margin)
        if shapely.get_num_coordinates(tried) > most or not tried.is_valid:
            break
        best, margin = tried, margin / shrink
    return best


def _margin(flat: Any, margin: float) -> Any:
    """Widened by ``margin``, then straightened by half of it. Straightening before, by a quarter, is only for speed."""
    quick = shapely.simplify(flat, margin / 4, preserve_topology=True)
    wide = shapely.buffer(quick, margin, quad_segs=4, join_style="mitre", mitre_limit=2.0)
    if wide.geom_type != "Polygon":
        wide = shapely.convex_hull(wide)
    return shapely.simplify(shapely.Polygon(wide.exterior), margin / 2, preserve_topology=True)


def _rounded(flat: Any, squeeze: float) -> Any:
    return shapely.transform(flat, lambda points: (points / [squeeze, 1.0]).round(_DIGITS))


def _fits(shape: Any, outline: Any, most: int) -> bool:
    return bool(shapely.get_num_coordinates(shape) <= most and shape.is_valid and shapely.covers(shape, outline)
                and _on_earth(shape))  # fmt: skip


def _on_earth(shape: Any) -> bool:
    west, south, east, north = shapely.bounds(shape)
    return bool(west >= -180 and east <= 180 and south >= -90 and north <= 90)


def _box(flat: Any, squeeze: float) -> Any:
    """The rectangle around it: always right, never tight."""
    west, south, east, north = shapely.bounds(flat)
    return shapely.box(max(-180.0, west / squeeze - _LEAST), max(-90.0, south - _LEAST),
                       min(180.0, east / squeeze + _LEAST), min(90.0, north + _LEAST))  # fmt: skip
