"""Cells: computed H3 hexagons (h3geo.org). Resolution 8 is about 0.74 km2, the size of a neighbourhood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

from tocsin.terms.errors import BadValue

__all__ = ["cell_centroid", "cell_of", "cell_ring", "cells_touching", "neighbours"]


def cell_of(lon: float, lat: float, resolution: int = 8) -> str:
    """The H3 index of the cell that holds a point in degrees; "" where a coordinate is NaN (place not known).

    Raises BadValue for coordinates outside the Earth or a resolution outside 0..15."""
    if math.isnan(lon) or math.isnan(lat):
        return ""
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise BadValue(f"point ({lon}, {lat})", "longitude must lie in -180..180 and latitude in -90..90",
                       "give longitude first, in degrees WGS 84")  # fmt: skip
    if not 0 <= resolution <= 15:
        raise BadValue(f"resolution {resolution}", "H3 resolutions run from 0 to 15", "use 8 for a neighbourhood")
    return str(_h3().latlng_to_cell(lat, lon, resolution))


def cell_centroid(cell: str) -> tuple[float, float]:
    """(lon, lat) of a cell's centre. Raises BadValue for text that is no H3 cell."""
    lat, lon = _h3().cell_to_latlng(_checked(cell))
    return float(lon), float(lat)


def cell_ring(cell: str) -> tuple[tuple[float, float], ...]:
    """The closed border of a cell as (lon, lat). Raises BadValue for text that is no H3 cell."""
    ring = [(float(lon), float(lat)) for lat, lon in _h3().cell_to_boundary(_checked(cell))]
    return (*ring, ring[0])


def cells_touching(ring: Sequence[Sequence[float]], resolution: int) -> frozenset[str]:
    """The cells of a resolution that a closed ring of (lon, lat) touches. Raises BadValue for a resolution outside 0..15."""
    if not 0 <= resolution <= 15:
        raise BadValue(f"resolution {resolution}", "H3 resolutions run from 0 to 15", "use 8 for a neighbourhood")
    shape = _h3().LatLngPoly([(lat, lon) for lon, lat in ring])
    return frozenset(map(str, _h3().polygon_to_cells_experimental(shape, resolution, contain="overlap")))


def neighbours(cell: str, rings: int = 1) -> frozenset[str]:
    """The cells at most ``rings`` steps away, without the cell itself. Raises BadValue for text that is no H3 cell."""
    return frozenset(str(other) for other in _h3().grid_disk(_checked(cell), rings)) - {cell}


def _checked(cell: str) -> str:
    if not _h3().is_valid_cell(cell):
        raise BadValue(f"cell {cell!r}", "not an H3 cell index", "make it with cell_of(lon, lat)")
    return cell


@cache
def _h3() -> Any:
    """The library, first when a cell is asked for: most who measure distances never do."""
    return import_module("h3")
