"""The map as a part of a page: locator and table at once, the real map on demand over the drawing (static/map.js)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tocsin.doors.console.assets import asset_url, has_map
from tocsin.doors.console.frame import Frame
from tocsin.doors.console.lines import EventOnPage
from tocsin.doors.console.locator import locator
from tocsin.doors.console.map_data import box_of
from tocsin.loop.detect.queries import EventLine
from tocsin.records.org.scope import Scope
from tocsin.records.places import queries as places

__all__ = ["ROWS_AT_MOST", "MapRow", "map_part"]

ROWS_AT_MOST = 40


@dataclass(frozen=True, slots=True)
class MapRow:
    """One line of the table that says what the map shows: an event and where it is (degrees, WGS 84)."""

    event: EventOnPage
    lon: float
    lat: float


def map_part(frame: Frame, scope: Scope, lines: Sequence[EventLine], shown: Sequence[EventOnPage],
             query: str = "") -> dict[str, Any]:  # fmt: skip
    """Context of ``console/parts/map.html``. ``lines`` and ``shown`` are the same events; ``query``: the page's filter, so
    that map and list show the same."""
    areas = places.jurisdictions(scope)
    pairs = list(zip(lines, shown, strict=True))
    rows = [MapRow(event, line.lon, line.lat) for line, event in pairs if math.isfinite(line.lon + line.lat)]
    source = reverse("console:map_data")
    return {
        "map_source": f"{source}?{query}" if query else source,
        "map_library": has_map(),
        "map_sheet": asset_url("vendor/maplibre-gl.css") if has_map() else "",
        "map_script": asset_url("map.js"),
        "map_locale": json.dumps(_locale(), ensure_ascii=False),
        "map_locator": locator(box_of(areas, lines), areas, lines, frame.words.scheme),
        "map_rows": rows[:ROWS_AT_MOST],
        "map_more": max(0, len(rows) - ROWS_AT_MOST),
        "map_unplaced": len(pairs) - len(rows),
        "map_ranks": [level.rank for level in reversed(frame.words.scheme.levels)],
    }


def _locale() -> dict[str, str]:
    """The library's own words, in the reader's language."""
    return {
        "Map.Title": _("Map of open events"),
        "NavigationControl.ZoomIn": _("Zoom in"),
        "NavigationControl.ZoomOut": _("Zoom out"),
        "AttributionControl.ToggleAttribution": _("Show where the borders come from"),
        "ScaleControl.Meters": "m",
        "ScaleControl.Kilometers": "km",
        "CooperativeGesturesHandler.WindowsHelpText": _("Hold Ctrl and scroll to zoom the map"),
        "CooperativeGesturesHandler.MacHelpText": _("Hold the command key and scroll to zoom the map"),
        "CooperativeGesturesHandler.MobileHelpText": _("Move the map with two fingers"),
    }
