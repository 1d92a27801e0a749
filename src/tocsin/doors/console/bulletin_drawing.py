"""The area of a bulletin, drawn on the server as inline SVG over the borders that we know. However many points it has, it is
simplified for the drawing and never left out (R48)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import shapely
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tocsin.doors.console.locator import Sheet
from tocsin.formats.cap import Alert, target_shape
from tocsin.records.places.services import Area

__all__ = ["drawing"]

_FINE = 400.0  # parts of the width; finer than that nobody sees
Rings = Iterable[Sequence[Sequence[float]]]


def drawing(alert: Alert, areas: Sequence[Area]) -> SafeString:
    """The drawing; nothing where the message gives no outline."""
    shape = shapely.make_valid(shapely.union_all([target_shape(info) for info in alert.infos]))
    if shape.is_empty:
        return SafeString("")
    west, south, east, north = shapely.bounds(shape)
    margin = max(east - west, north - south, 0.02) / 4
    box = (west - margin, south - margin, east + margin, north + margin)
    window = shapely.box(*box)
    sheet = Sheet(box)
    step = max(east - west, north - south) / _FINE
    told = "".join(sheet.path(ring) for ring in _rings(shapely.simplify(shape, step)))
    borders = "".join(sheet.path(ring) for area in areas for ring in _within(area, window, step))
    return format_html(
        '<svg class="locator" viewBox="0 0 480 {}" aria-hidden="true" focusable="false"><path class="area" d="{}"/>'
        '<path class="target" d="{}"/></svg>',
        f"{sheet.height:.0f}", mark_safe(borders), mark_safe(told),  # noqa: S308 - numbers only
    )  # fmt: skip


def _rings(shape: Any) -> Rings:
    for part in getattr(shape, "geoms", [shape]):
        if part.geom_type == "Polygon" and not part.is_empty:
            yield list(part.exterior.coords)
            for hole in part.interiors:
                yield list(hole.coords)
        elif hasattr(part, "geoms"):
            yield from _rings(part)


def _within(area: Area, window: Any, step: float) -> Rings:
    """The border of a jurisdiction, cut to the window."""
    for ring in area.boundary:
        if len(ring) >= 4:
            border = shapely.make_valid(shapely.Polygon(ring))
            yield from _rings(shapely.intersection(shapely.simplify(border, step), window))
