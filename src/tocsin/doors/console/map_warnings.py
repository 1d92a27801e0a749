"""Warnings on the map: where they are in force, and where drafts would be, for those who write or sign them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import shapely

from tocsin.loop.warn import queries
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.outline import circle_shape
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.records.places.services import Area

__all__ = ["warning_features"]

_UNSIGNED = (WarningState.DRAFT, WarningState.SUBMITTED, WarningState.RETURNED)


def warning_features(scope: Scope, areas: Sequence[Area], language: str, *, now: datetime) -> Iterator[dict[str, Any]]:
    """GeoJSON features: ``level``, ``draft``, ``title``. A draft is never drawn like a warning."""
    if not scope.may(Act.READ_WARNINGS):
        return
    borders = {area.path: area.boundary for area in areas}
    for line in _lines(scope, now):
        rings = list(_rings(line.content.areas, borders))
        if rings:
            texts = line.content.texts
            title = (texts.get(language) or next(iter(texts.values()))).headline if texts else ""
            yield {
                "type": "Feature",
                "geometry": {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]},
                "properties": {"id": line.id, "level": line.level, "title": title, "draft": line.state in _UNSIGNED},
            }


def _lines(scope: Scope, now: datetime) -> Iterable[queries.WarningLine]:
    yield from queries.in_force(scope, now=now)
    if scope.may(Act.DRAFT_WARNING) or scope.may(Act.SIGN_WARNING):
        yield from queries.waiting_for_signature(scope)
        yield from queries.recent(scope, drafts=True)


def _rings(where: Areas, borders: Mapping[str, list[list[list[float]]]]) -> Iterator[list[Any]]:
    """The shape where there is one, else the borders of the areas."""
    yield from (list(ring) for ring in where.polygons)
    for lat, lon, km in where.circles:
        yield [list(point) for point in shapely.get_coordinates(circle_shape(lat, lon, km)).round(6).tolist()]
    if not where.shaped:
        for path in where.paths:
            yield from borders.get(path, [])
