"""Sketch: the borders of the areas as an SVG on which a script lets people draw - by pointer or by arrow keys. Whoever has no
script types the same points, or chooses areas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tocsin.doors.console.locator import WIDTH, Sheet
from tocsin.geo import cells_touching
from tocsin.geo.cell import cell_ring
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.names import Names
from tocsin.terms.errors import BadValue

__all__ = ["sketch_of"]

_CELLS_AT_MOST = 300  # offered; more of them would be too small to hit
_SIZES = range(9, 3, -1)  # H3 resolutions, the smallest cells first


def sketch_of(areas: Areas, names: Names, paths: Sequence[str]) -> dict[str, Any]:
    """What the template draws: ``borders`` of the areas that may be chosen, ``chosen`` ones, ``cells`` to choose from, and how
    drawing units become degrees. Empty where nothing has a border or a shape."""
    chosen = [path for path in areas.paths if path in names.areas and names.areas[path].boundary]
    rings = [ring for path in chosen or paths for ring in _border(names, path)]
    points = [point for ring in rings for point in ring] + [point for ring in areas.rings for point in ring]
    points += [(lon + d * km / 80, lat + d * km / 111) for lat, lon, km in areas.circles for d in (-1, 1)]
    if not points:
        return {}
    lons, lats = zip(*points, strict=True)
    sheet = Sheet((min(lons), min(lats), max(lons), max(lats)))
    size, cells = _cells(rings)
    west, north, across, down = sheet.places
    return {
        "width": f"{WIDTH:g}", "height": f"{sheet.height:.0f}", "west": f"{west:.9f}", "north": f"{north:.9f}",
        "across": f"{across:.12f}", "down": f"{down:.12f}",
        "borders": "".join(sheet.path(ring) for path in paths for ring in _border(names, path)),
        "chosen": "".join(sheet.path(ring) for path in chosen for ring in _border(names, path)),
        "cells": [(cell, sheet.path(cell_ring(cell))) for cell in cells], "cell_size": size,
    }  # fmt: skip


def _border(names: Names, path: str) -> Sequence[Sequence[Sequence[float]]]:
    area = names.areas.get(path)
    return area.boundary if area else []


def _cells(rings: Sequence[Sequence[Sequence[float]]]) -> tuple[int, list[str]]:
    """The smallest size of which not too many cover the areas."""
    extent = sum(_extent_km2(ring) for ring in rings)
    for size in _SIZES:
        if extent / _cell_km2(size) > _CELLS_AT_MOST:
            continue
        try:
            found = sorted({cell for ring in rings for cell in cells_touching(ring, size)})
        except (BadValue, ValueError):
            return size, []
        if len(found) <= _CELLS_AT_MOST:
            return size, found
    return _SIZES[-1], []


def _cell_km2(size: int) -> float:
    return 4_357_449.4 / float(7**size)  # the average of H3: each size is a seventh of the one above


def _extent_km2(ring: Sequence[Sequence[float]]) -> float:
    lons, lats = zip(*ring, strict=True)
    across = (max(lons) - min(lons)) * 111.3 * math.cos(math.radians((max(lats) + min(lats)) / 2))
    return float(across * (max(lats) - min(lats)) * 111.3)
