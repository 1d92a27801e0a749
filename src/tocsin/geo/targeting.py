"""Geotargeting: which of many points lie in a warning's polygons. Pure, exact at the border.

Points are put into a grid once. A query draws the polygon's edges through the grid: a cell that no edge touches is inside or
outside as a whole, so only points of border cells are tested one by one, each against the edges of its own row of cells.
A point so near an edge that floating point cannot tell its side goes to shapely's robust predicate. The border belongs to the
area: whoever stands on the line is warned. Holes are holes, several polygons are a union, and a ring that crosses the
antimeridian is unrolled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from tocsin.terms.errors import BadValue

__all__ = ["PointSet", "Polygon", "Ring"]

Ring = Sequence[Sequence[float]]  # closed or not: [longitude, latitude] pairs, WGS 84
Polygon = Sequence[Ring]  # the outline, then its holes
_Floats = NDArray[np.float64]
_POINTS_A_CELL = 8
_SIDE_MOST = 2048
# Shewchuk 1997, orient2d: below (3 + 16 eps) eps times the sum of magnitudes the sign of the determinant is not certain.
_UNSURE = (3.0 + 16.0 * 2.0**-53) * 2.0**-53 * 4.0
_OUTSIDE, _INSIDE, _ASK = 0, 1, 2


class PointSet:
    """Many points (``lon``, ``lat`` in degrees, WGS 84, same length), to be asked often."""

    def __init__(self, lon: _Floats, lat: _Floats) -> None:
        """Raises BadValue for columns of unequal length, or positions that are none (NaN, beyond the globe)."""
        self.lon, self.lat = (np.ascontiguousarray(column, np.float64) for column in (lon, lat))
        if self.lon.shape != self.lat.shape or self.lon.ndim != 1:
            raise BadValue("points", "longitudes and latitudes differ in number", "give one of each for every point")
        if not bool(np.all(np.abs(self.lat) <= 90.0) and np.all(np.abs(self.lon) <= 180.0)):
            raise BadValue("points", "a position is not on the globe", "leave out points without a position")
        n = len(self.lon)
        self._side = min(_SIDE_MOST, max(1, math.isqrt(n // _POINTS_A_CELL)))
        self._x0, self._y0 = (float(column.min()) if n else 0.0 for column in (self.lon, self.lat))
        spans = [float(np.ptp(column)) if n else 0.0 for column in (self.lon, self.lat)]
        self._w, self._h = (max(span * (1 + 1e-12) / self._side, 1e-9) for span in spans)
        cell = self._cells()
        self._order = np.argsort(cell, kind="stable")
        self._starts = np.searchsorted(cell[self._order], np.arange(self._side * self._side + 1)).astype(np.int64)
        self._px, self._py = self.lon[self._order], self.lat[self._order]

    def __len__(self) -> int:
        return len(self.lon)

    def inside(self, polygons: Sequence[Polygon]) -> NDArray[np.bool_]:
        """For every point whether it lies in the union of ``polygons``, borders included. Raises BadValue for a ring of less
        than three different corners or a corner that is no position."""
        found = np.zeros(len(self), np.bool_)
        for polygon in polygons:
            rings = [_unrolled(ring) for ring in polygon]
            lowest, highest = min(r[:, 0].min() for r in rings), max(r[:, 0].max() for r in rings)
            for turn in (-360.0, 0.0, 360.0):  # an unrolled ring may reach beyond 180 degrees
                if highest + turn >= -180.0 and lowest + turn <= 180.0:
                    self._add([ring + np.array([turn, 0.0]) for ring in rings], found)
        return found

    def _cells(self) -> NDArray[np.int64]:
        column = np.minimum(((self.lon - self._x0) / self._w).astype(np.int64), self._side - 1)
        row = np.minimum(((self.lat - self._y0) / self._h).astype(np.int64), self._side - 1)
        return np.asarray(row * self._side + column)

    def _add(self, rings: list[_Floats], found: NDArray[np.bool_]) -> None:
        ax, ay, bx, by = (np.concatenate([part[n] for part in map(_edges, rings)]) for n in range(4))
        grid = (self._x0, self._y0, self._w, self._h, self._side)
        starts, members = _edges_by_row(ay, by, *grid[1:4:2], self._side)
        border = _border_cells(ax, ay, bx, by, starts, members, *grid)
        state = np.empty(len(self), np.uint8)
        _judge(ax, ay, bx, by, starts, members, border, self._starts, self._px, self._py, state, *grid)
        unsure = np.flatnonzero(state == _ASK)
        if len(unsure):
            shape = shapely.Polygon(rings[0], rings[1:])
            points = shapely.points(self._px[unsure], self._py[unsure])
            # The even-odd rule, as the kernel's: a self-crossing outline has no other meaning on which all agree.
            state[unsure] = shapely.intersects(shape if shape.is_valid else shapely.make_valid(shape), points)
        found[self._order[state == _INSIDE]] = True


def _unrolled(ring: Ring) -> _Floats:
    """A closed ring whose longitudes never jump: a step of more than half the globe is one over the antimeridian."""
    corners = np.asarray(ring, np.float64).reshape(-1, 2)
    if len(corners) and not np.array_equal(corners[0], corners[-1]):
        corners = np.vstack([corners, corners[:1]])
    if len(np.unique(corners, axis=0)) < 3:
        raise BadValue("polygon", "has less than three different corners", "give at least three, and the first again")
    if not bool(np.all(np.abs(corners[:, 1]) <= 90.0) and np.all(np.abs(corners[:, 0]) <= 360.0)):
        raise BadValue("polygon", "a corner is not on the globe", "give longitude and latitude in degrees")
    steps = np.diff(corners[:, 0])
    turns = np.concatenate([[0.0], np.cumsum(np.where(steps > 180.0, -360.0, np.where(steps < -180.0, 360.0, 0.0)))])
    return np.column_stack([corners[:, 0] + turns, corners[:, 1]])


def _edges(ring: _Floats) -> tuple[_Floats, _Floats, _Floats, _Floats]:
    return ring[:-1, 0], ring[:-1, 1], ring[1:, 0], ring[1:, 1]


@njit(cache=True, nogil=True, error_model="numpy")
def _row(y, y0, h, side):  # type: ignore[no-untyped-def]
    place = (y - y0) / h
    if place < 0.0:
        return -1
    return side if place >= side else int(place)


@njit(cache=True, nogil=True, error_model="numpy")
def _edges_by_row(ay, by, y0, h, side):  # type: ignore[no-untyped-def]
    """For each row of cells the edges that touch it (one row more on either side, for rounding)."""
    counts = np.zeros(side + 1, np.int64)
    first, last = np.empty(len(ay), np.int64), np.empty(len(ay), np.int64)
    for e in range(len(ay)):
        first[e] = max(_row(min(ay[e], by[e]), y0, h, side) - 1, 0)
        last[e] = min(_row(max(ay[e], by[e]), y0, h, side) + 1, side - 1)
        for r in range(first[e], last[e] + 1):
            counts[r + 1] += 1
    starts = np.cumsum(counts)
    fill = starts[:-1].copy()
    members = np.empty(starts[side], np.int64)
    for e in range(len(ay)):
        for r in range(first[e], last[e] + 1):
            members[fill[r]] = e
            fill[r] += 1
    return starts, members


@njit(cache=True, nogil=True, error_model="numpy")
def _border_cells(ax, ay, bx, by, starts, members, x0, y0, w, h, side):  # type: ignore[no-untyped-def]
    """The cells that an edge touches, a hair more for rounding."""
    border = np.zeros((side, side), np.bool_)
    for r in range(side):
        low, high = y0 + r * h - h * 1e-6, y0 + (r + 1) * h + h * 1e-6
        for k in range(starts[r], starts[r + 1]):
            e = members[k]
            if max(ay[e], by[e]) < low or min(ay[e], by[e]) > high:
                continue
            xa, xb = ax[e], bx[e]
            rise = by[e] - ay[e]
            if rise != 0.0:  # the part of the edge within the row
                ta, tb = (low - ay[e]) / rise, (high - ay[e]) / rise
                ta, tb = min(ta, tb), max(ta, tb)
                ta, tb = max(ta, 0.0), min(tb, 1.0)
                xa, xb = ax[e] + ta * (bx[e] - ax[e]), ax[e] + tb * (bx[e] - ax[e])
            left = max(math.floor((min(xa, xb) - x0) / w - 1e-6), 0)
            right = min(math.floor((max(xa, xb) - x0) / w + 1e-6), side - 1)
            for c in range(left, right + 1):
                border[r, c] = True
    return border


@njit(cache=True, nogil=True, error_model="numpy")
def _judge(ax, ay, bx, by, starts, members, border, cells, px, py, state, x0, y0, w, h, side):  # type: ignore[no-untyped-def]
    """Writes outside, inside or ask for every point, in cell order."""
    cuts = np.empty(len(members) + 1, np.float64)
    for r in range(side):
        middle, n = y0 + (r + 0.5) * h, 0
        for k in range(starts[r], starts[r + 1]):
            e = members[k]
            if (ay[e] > middle) != (by[e] > middle):
                cuts[n] = ax[e] + (middle - ay[e]) / (by[e] - ay[e]) * (bx[e] - ax[e])
                n += 1
        crossing = np.sort(cuts[:n])
        passed = 0
        for c in range(side):
            begin, end = cells[r * side + c], cells[r * side + c + 1]
            centre = x0 + (c + 0.5) * w
            while passed < n and crossing[passed] < centre:
                passed += 1
            if not border[r, c]:
                whole = passed % 2
                for p in range(begin, end):
                    state[p] = whole
                continue
            for p in range(begin, end):
                state[p] = _side_of(px[p], py[p], ax, ay, bx, by, starts[r], starts[r + 1], members)


@njit(cache=True, nogil=True, error_model="numpy")
def _side_of(x, y, ax, ay, bx, by, first, last, members):  # type: ignore[no-untyped-def]
    """Even-odd by a ray to the right; on or too near an edge: ask."""
    odd = 0
    for k in range(first, last):
        e = members[k]
        xa, ya, xb, yb = ax[e], ay[e], bx[e], by[e]
        if (x > xa and x > xb) or (y > ya and y > yb) or (y < ya and y < yb):
            continue  # wholly left of, below or above the point: the ray does not meet it, nor does the point touch it
        one, other = (xa - x) * (yb - y), (xb - x) * (ya - y)
        det = one - other
        if abs(det) <= _UNSURE * (abs(one) + abs(other)) and min(xa, xb) <= x <= max(xa, xb):
            return _ASK
        if (ya > y) != (yb > y) and (det > 0.0) == (yb > ya):
            odd ^= 1
    return odd
