"""Where a message is about, in our terms: jurisdictions as a whole, else the cells that its area touches. Pure.

Nobody inside is left out: a cell that the area only touches counts, and an area of too many cells counts with the whole
jurisdictions that it touches.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from tocsin.formats.cap import Info, target_shape
from tocsin.geo.cell import cell_of, cell_ring, cells_touching
from tocsin.geo.jurisdiction import is_inside
from tocsin.terms.errors import BadValue

__all__ = ["Border", "Placed", "place"]

MOST_CELLS = 4000
RESOLUTION = 8
_WHOLE = 0.995  # of a jurisdiction covered: its outline and the authority's differ by so little
_TOUCHES = 1e-4  # of it covered: two outlines of one border always overlap a little
_CELL_KM2 = 0.5  # of resolution 8, at the least
_KM_A_DEGREE = 111.2
_HAIR = 1e-5  # degrees, about a metre


@dataclass(frozen=True, slots=True)
class Border:
    """A jurisdiction: its path, the code that messages call it by, and its outline (longitude, latitude; None where nobody
    registered one)."""

    path: str
    geocode: str
    shape: Any


@dataclass(frozen=True, slots=True)
class Placed:
    """``paths``: the jurisdictions that it touches, for reading and telling; ``whole``: those that it covers; ``cells`` of
    the rest. Not ``known``: it says where only by codes or names that we do not know."""

    paths: tuple[str, ...]
    whole: tuple[str, ...]
    cells: tuple[str, ...]
    known: bool


def place(infos: Sequence[Info], borders: Sequence[Border], within: Sequence[str]) -> Placed:
    """Where these infos are about, inside of ``within`` (paths; "" = everywhere)."""
    codes = {pair.value for info in infos for area in info.areas for pair in area.geocodes}
    shape = shapely.make_valid(shapely.union_all([target_shape(info) for info in infos]))
    named = [border.path for border in borders if border.geocode and border.geocode in codes]
    if not named and shape.is_empty:
        return Placed((), (), (), False)
    fit = [border for border in borders if any(is_inside(border.path, path) for path in within)]
    whole = [path for name in named for path in _cut_to(name, within)]
    partly: list[str] = []
    if not shape.is_empty:
        shapely.prepare(shape)
        covered, partly = _touched(shape, fit)
        whole += covered
    whole = _topmost(whole)
    partly = [path for path in partly if not any(is_inside(path, above) for above in whole)]
    if partly:
        cells = _cells(shapely.intersection(shape, shapely.union_all([b.shape for b in fit if b.path in partly])))
    else:  # where no border is registered, a feed that may speak for everywhere still speaks of cells
        cells = _cells(shape) if "" in within and not whole and not shape.is_empty else ()
    if cells is None:
        return Placed(tuple(whole + partly), tuple(_topmost(whole + partly)), (), True)
    return Placed(tuple(whole + partly), tuple(whole), cells, True)


def _cut_to(path: str, within: Sequence[str]) -> list[str]:
    """The part of a jurisdiction that lies within: itself, or what lies in it."""
    if any(is_inside(path, above) for above in within):
        return [path]
    return [below for below in within if is_inside(below, path)]


def _touched(shape: Any, fit: Sequence[Border]) -> tuple[list[str], list[str]]:
    """Jurisdictions that are covered, and the smallest of those that are only touched."""
    covered, partly = [], []
    for border in fit:
        if border.shape is None or not shapely.intersects(shape, border.shape):
            continue
        share = _share(shape, border.shape)
        if share >= _WHOLE:
            covered.append(border.path)
        elif share > _TOUCHES or shape.area == 0:
            partly.append(border.path)
    smallest = [path for path in partly if not any(is_inside(other, path) and other != path for other in partly)]
    return covered, smallest


def _share(shape: Any, border: Any) -> float:
    """How much of the border's inside is covered; 1e-3 at the least where a small shape lies inside."""
    common = shapely.intersection(shape, border).area
    share = common / border.area if border.area else 0.0
    small = common > 0.5 * shape.area if shape.area else True
    return max(share, 1e-3) if small and shapely.intersects(shape, border) else float(share)


def _topmost(paths: Iterable[str]) -> list[str]:
    given = list(dict.fromkeys(paths))
    return [path for path in given if not any(is_inside(path, other) and other != path for other in given)]


def _cells(clipped: Any) -> tuple[str, ...] | None:
    """The cells that a shape touches; None for too many."""
    if _km2(clipped) / _CELL_KM2 > MOST_CELLS:
        return None
    found: set[str] = set()
    for part in getattr(clipped, "geoms", [clipped]):
        found |= _of_part(part)
        if len(found) > MOST_CELLS:
            return None
    return tuple(sorted(found))


def _of_part(part: Any) -> set[str]:
    if part.is_empty:
        return set()
    if part.geom_type != "Polygon":  # a point, or an outline without an inside: a hair's breadth around it
        around = {cell_of(lon, lat, RESOLUTION) for lon, lat in shapely.get_coordinates(part)}
        return around if part.geom_type == "Point" else around | _of_part(shapely.buffer(part, _HAIR))
    try:
        cells = cells_touching(list(part.exterior.coords), RESOLUTION)
    except (BadValue, ValueError):
        return set()
    if not part.interiors:
        return set(cells)
    return {cell for cell in cells if shapely.intersects(part, shapely.Polygon(cell_ring(cell)))}


def _km2(shape: Any) -> float:
    if shape.is_empty:
        return 0.0
    middle = shapely.centroid(shape).y
    return float(shape.area) * _KM_A_DEGREE**2 * max(0.05, math.cos(math.radians(middle)))
