"""What the map shows, as GeoJSON of a scope: areas, facilities, open events, warnings in force. WGS 84, no tiles, no borders
but those that packs and offices registered themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.duty_lists import duty_events
from tocsin.doors.console.filters import EventFilter
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.lines import EventOnPage
from tocsin.doors.console.map_warnings import warning_features
from tocsin.doors.console.marks import level_word, outline
from tocsin.engine.hazard import Facility
from tocsin.loop.detect import queries as detect
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.records.places import queries as places
from tocsin.records.places.services import Area
from tocsin.terms.moment import from_us

__all__ = ["Box", "area_title", "box_of", "map_data"]

EVENTS_AT_MOST, FACILITIES_AT_MOST = 5000, 5000
Box = tuple[float, float, float, float]  # west, south, east, north
Feature = dict[str, Any]


@require_safe
@acting(Act.READ_EVENTS)
@one_moment()
def map_data(request: HttpRequest) -> JsonResponse:
    """Everything on the map, one reading of the database."""
    frame = open_frame(request)
    scope = frame.scope
    areas = places.jurisdictions(scope)
    pairs = EventFilter.of(request.GET).chosen(duty_events(frame))[:EVENTS_AT_MOST]
    events = [line for line, _event in pairs]
    response = JsonResponse({
        "box": box_of(areas, events),
        "levels": _levels(frame),
        "areas": _collection(_area(area, frame.language) for area in areas if area.boundary),
        "labels": _collection(_label(area, frame.language) for area in areas if area.boundary),
        "facilities": _collection(_facilities(scope, frame.language)),
        "events": _collection(_events(pairs)),
        "warnings": _collection(warning_features(scope, areas, frame.language, now=from_us(frame.now_us))),
    })  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


def box_of(areas: Sequence[Area], events: Sequence[detect.EventLine]) -> Box | None:
    """The smallest box around all borders and events; None where nothing has a position."""
    points = [(lon, lat) for area in areas for ring in area.boundary for lon, lat in ring]
    points += [(event.lon, event.lat) for event in events if math.isfinite(event.lon) and math.isfinite(event.lat)]
    if not points:
        return None
    lons, lats = zip(*points, strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def area_title(area: Area, language: str) -> str:
    """What people call an area, else its path's last name."""
    return area.title.get(language) or area.title.get("en") or area.path.rpartition("/")[2]


def _levels(frame: Frame) -> list[dict[str, Any]]:
    """Most severe first: the shape to draw and the colours of both themes."""
    return [
        {"rank": level.rank, "word": level_word(frame.words.scheme, level.rank, frame.language),
         "path": outline(level.shape), "fill": level.fill, "dark_fill": level.dark_fill, "ink": level.ink}
        for level in reversed(frame.words.scheme.levels)
    ]  # fmt: skip


def _area(area: Area, language: str) -> Feature:
    rings = [[ring] for ring in area.boundary]  # rings of one area lie beside each other
    return _feature({"type": "MultiPolygon", "coordinates": rings}, path=area.path, rank=area.rank,
                    title=area_title(area, language))  # fmt: skip


def _label(area: Area, language: str) -> Feature:
    """The name, at the middle of the largest ring's box: good enough for a word that may be hidden by another."""
    largest = max(area.boundary, key=len)
    lons, lats = [point[0] for point in largest], [point[1] for point in largest]
    middle = [(min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2]
    return _feature({"type": "Point", "coordinates": middle}, rank=area.rank, title=area_title(area, language))


def _facilities(scope: Scope, language: str) -> Iterable[Feature]:
    for facility in places.facilities(scope)[:FACILITIES_AT_MOST]:
        title = facility_title(facility, language)
        yield _feature(_point(facility.lon, facility.lat), id=facility.id, kind=facility.kind, title=title)


def facility_title(facility: Facility, language: str) -> str:
    """What people call a facility, else its id."""
    return facility.title.get(language) or facility.title.get("en") or facility.id


def _events(pairs: Sequence[tuple[detect.EventLine, EventOnPage]]) -> Iterable[Feature]:
    for line, event in pairs:
        if math.isfinite(line.lon) and math.isfinite(line.lat):
            yield _feature(_point(line.lon, line.lat), **_event(event))


def _event(event: EventOnPage) -> dict[str, Any]:
    return {"id": event.id, "level": event.level, "title": f"{event.place}, {event.what}",
            "url": reverse("console:event", args=[event.id])}  # fmt: skip


def _feature(geometry: dict[str, Any], **properties: Any) -> Feature:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}


def _collection(features: Iterable[Feature]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
