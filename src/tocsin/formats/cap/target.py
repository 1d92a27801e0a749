"""Where an info is about, as one shape: the union of everything in its areas (R44), less the holes of a convention (R49)."""

from __future__ import annotations

import math
from typing import Any

import shapely

from tocsin.formats.cap.geometry_text import read_ring
from tocsin.formats.cap.message import Area, Circle, Info, Ring
from tocsin.formats.cap.rules.area import HOLES

__all__ = ["holes", "target_shape"]

_EARTH_KM = 6371.0088
_CORNERS = 64


def holes(area: Area) -> tuple[Ring, ...]:
    """The rings that a national convention cuts out of an area; a hole that cannot be read is none, so nobody is left out."""
    found = (read_ring(pair.value)[0] for pair in area.geocodes if pair.name in HOLES)
    return tuple(ring for ring in found if ring is not None and len(ring) >= 4)


def target_shape(info: Info) -> Any:
    """A shapely geometry in (longitude, latitude). Empty where the info gives only codes, or no area: that is not
    everywhere. A ring that crosses itself counts with all that it encloses."""
    solid = [_polygon(ring) for area in info.areas for ring in area.polygons if len(ring) >= 4]
    solid += [_disc(circle) for area in info.areas for circle in area.circles]
    cut = [_polygon(ring) for area in info.areas for ring in holes(area)]
    return shapely.difference(shapely.union_all(solid), shapely.union_all(cut))


def _polygon(ring: Ring) -> Any:
    return shapely.make_valid(shapely.Polygon([(lon, lat) for lat, lon in ring]))


def _disc(circle: Circle) -> Any:
    """A polygon around the circle on a sphere: it touches from outside, so that nobody inside is left out."""
    radius = circle.radius_km / math.cos(math.pi / _CORNERS) / _EARTH_KM
    lat, lon = math.radians(circle.lat), math.radians(circle.lon)
    corners = []
    for step in range(_CORNERS):
        bearing = 2 * math.pi * step / _CORNERS
        up = math.asin(math.sin(lat) * math.cos(radius) + math.cos(lat) * math.sin(radius) * math.cos(bearing))
        aside = math.atan2(
            math.sin(bearing) * math.sin(radius) * math.cos(lat), math.cos(radius) - math.sin(lat) * math.sin(up)
        )
        corners.append((math.degrees(lon + aside), math.degrees(up)))
    return shapely.Polygon(corners) if circle.radius_km > 0 else shapely.Point(circle.lon, circle.lat)
