"""Wishes: of which warnings somebody wants to hear, and whether one is among them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tocsin.geo import distance_km, is_inside
from tocsin.geo.targeting import PointSet, Polygon

__all__ = ["About", "Wish", "wanted"]


@dataclass(frozen=True, slots=True)
class About:
    """What a warning is about. ``paths``: jurisdictions that it touches; ``polygons`` (outline, then holes; [lon, lat]) and
    ``circles`` (lat, lon, km): exactly where, empty = the whole of ``paths``."""

    hazard: str
    level: int
    paths: tuple[str, ...]
    polygons: tuple[Polygon, ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()

    def as_document(self) -> dict[str, Any]:
        """For JSON."""
        return {"hazard": self.hazard, "level": self.level, "paths": list(self.paths), "polygons": self.polygons,
                "circles": self.circles}  # fmt: skip

    @staticmethod
    def of(document: Mapping[str, Any]) -> About:
        """From JSON."""
        return About(document["hazard"], document["level"], tuple(document["paths"]), tuple(document["polygons"]),
                     tuple((lat, lon, km) for lat, lon, km in document["circles"]))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """``places``: jurisdictions ([] with a point: only the point; [] without: everywhere); ``hazards``: [] = all;
    ``least_level``: rank from which on; ``lon``, ``lat``: one place, or None."""

    places: Sequence[str]
    hazards: Sequence[str]
    least_level: int
    lon: float | None = None
    lat: float | None = None


def wanted(wishes: Sequence[Wish], about: About, borders: Mapping[str, Sequence[Polygon]]) -> list[bool]:
    """For each wish whether the warning is among what it asks for. ``borders``: the polygons of the jurisdictions that a
    warning without a shape of its own covers as a whole, as far as they are registered. A point on the line is inside."""
    inside = _points_inside(wishes, about, borders)
    return [
        about.level >= wish.least_level
        and (not wish.hazards or about.hazard in wish.hazards)
        and (inside[k] or _place(wish, about))
        for k, wish in enumerate(wishes)
    ]


def _place(wish: Wish, about: About) -> bool:
    """Whether one of the areas asked for holds, or lies in, one that the warning touches."""
    if not wish.places:
        return wish.lon is None
    return any(is_inside(path, place) or is_inside(place, path) for place in wish.places for path in about.paths)


def _points_inside(wishes: Sequence[Wish], about: About, borders: Mapping[str, Sequence[Polygon]]) -> list[bool]:
    found = [False] * len(wishes)
    placed = [k for k, wish in enumerate(wishes) if wish.lon is not None and wish.lat is not None]
    if not placed:
        return found
    lon = np.array([wishes[k].lon for k in placed], np.float64)
    lat = np.array([wishes[k].lat for k in placed], np.float64)
    polygons = list(about.polygons)
    if not (about.polygons or about.circles):
        polygons = [polygon for path in about.paths for polygon in borders.get(path, ())]
    hits = PointSet(lon, lat).inside(polygons) if polygons else np.zeros(len(placed), np.bool_)
    for k, hit in zip(placed, hits, strict=True):
        wish = wishes[k]
        found[k] = bool(hit) or any(
            distance_km(wish.lon or 0.0, wish.lat or 0.0, east, north) <= km for north, east, km in about.circles
        )
    return found
