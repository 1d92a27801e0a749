"""Rules about where (R38 to R49): a ring is closed and does not cross itself, heights have an order, nobody is left out."""

from __future__ import annotations

from math import isfinite

import numpy as np
import shapely
from numpy.typing import NDArray

from tocsin.formats.cap.message import Alert, Area, Info, Ring
from tocsin.formats.cap.rules.checking import Checking
from tocsin.formats.cap.rules.info import check_pairs
from tocsin.formats.cap.rules.text import check_text

__all__ = ["HOLES", "MOST_POINTS", "check_areas"]

MOST_POINTS = 100  # of a polygon that we publish (P4)
HOLES = frozenset({"EXCLUDE_POLYGON"})  # geocode names under which a national convention hides holes


def check_areas(checking: Checking, alert: Alert, info: Info, xpath: str) -> None:
    """Every area of an info."""
    if not info.areas and alert.msg_type in ("Alert", "Update"):
        checking.strict("R44", xpath, "it has no area; that does not mean everywhere")
    for number, area in enumerate(info.areas, 1):
        _area(checking, area, f"{xpath}/cap:area[{number}]")


def _area(checking: Checking, area: Area, xpath: str) -> None:
    if not area.area_desc.strip():
        checking.add("R38", f"{xpath}/cap:areaDesc", "it is empty")
    check_text(checking, f"{xpath}/cap:areaDesc", area.area_desc)
    for number, ring in enumerate(area.polygons, 1):
        _ring(checking, ring, f"{xpath}/cap:polygon[{number}]")
    for number, circle in enumerate(area.circles, 1):
        where = f"{xpath}/cap:circle[{number}]"
        if not _on_earth(circle.lat, circle.lon):
            checking.add("R40", where, "its centre is not on the earth")
        if not (isfinite(circle.radius_km) and circle.radius_km >= 0):
            checking.add("R43", where, f"its radius is {circle.radius_km}")
    check_pairs(checking, f"{xpath}/cap:geocode", area.geocodes)
    _coverage(checking, area, xpath)
    if area.ceiling is not None and (area.altitude is None or not area.altitude <= area.ceiling):
        checking.add("R46", f"{xpath}/cap:ceiling", "there is no altitude, or it is above the ceiling")
    for name, height in (("altitude", area.altitude), ("ceiling", area.ceiling)):
        if height is not None and not isfinite(height):
            checking.add("R46", f"{xpath}/cap:{name}", "it is no number")


def _coverage(checking: Checking, area: Area, xpath: str) -> None:
    shaped = bool(area.polygons or area.circles)
    if area.geocodes and not shaped:
        checking.add("R45", xpath, "it has only a geocode")
    if checking.producing and not (shaped and area.geocodes):
        checking.add("P4", xpath, f"it has no {'geocode' if shaped else 'polygon'}")
    for number, pair in enumerate(area.geocodes, 1):
        if pair.name in HOLES:
            checking.add("R49", f"{xpath}/cap:geocode[{number}]", f"{pair.name} is a hole in the area")


def _ring(checking: Checking, ring: Ring, xpath: str) -> None:
    if len(ring) < 4:
        checking.add("R39", xpath, f"it has {len(ring)} points")
        return
    if ring[0] != ring[-1]:
        checking.add("R39", xpath, "it is not closed")
        return
    points = np.array(ring)
    (south, west), (north, east) = points.min(axis=0), points.max(axis=0)
    if not (_on_earth(south, west) and _on_earth(north, east)):  # a NaN is nowhere
        checking.add("R40", xpath, "a point is not on the earth; are the axes swapped?")
        return
    if checking.producing and len(ring) > MOST_POINTS:
        checking.strict("P4", xpath, f"it has {len(ring)} points")
    box = checking.producer.box
    if box and not any(box.holds(*point) for point in ring) and all(box.holds(lon, lat) for lat, lon in ring):
        checking.add("R40", xpath, "its axes are swapped: longitude stands before latitude")
    if east - west > 180:
        checking.add("R42", xpath, "it spans more than 180 degrees of longitude")
        return
    _shape(checking, points, xpath)


def _shape(checking: Checking, points: NDArray[np.float64], xpath: str) -> None:
    outline = shapely.polygons(points)
    if not shapely.is_valid(outline) or shapely.area(outline) == 0:
        checking.strict("R41", xpath, f"it crosses itself or has no area ({shapely.is_valid_reason(outline)})")
    elif bool((points[1:] == points[:-1]).all(axis=1).any()):
        checking.add("R41", xpath, "it says a point twice")


def _on_earth(lat: float, lon: float) -> bool:
    return -90 <= lat <= 90 and -180 <= lon <= 180
