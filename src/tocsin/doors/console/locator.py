"""Locator: where open events lie, drawn on the server as inline SVG. It stands where the map will be, and stays where a
browser draws no WebGL or runs no script; the table beneath says the same in figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tocsin.doors.console.map_data import Box
from tocsin.doors.console.marks import outline
from tocsin.loop.detect.queries import EventLine
from tocsin.records.places.services import Area
from tocsin.terms.level import Scheme

__all__ = ["WIDTH", "Sheet", "locator"]

WIDTH, MARGIN, LEAST_SPAN = 480.0, 18.0, 0.02  # LEAST_SPAN: degrees, so that one point does not fill the world
MARK = {1: 12, 2: 14, 3: 16, 4: 20}


def locator(box: Box | None, areas: Sequence[Area], events: Sequence[EventLine], scheme: Scheme) -> SafeString:
    """The drawing, or nothing where nothing has a position. ``events`` most severe first; they are drawn last."""
    if box is None:
        return SafeString("")
    sheet = Sheet(box)
    borders = "".join(sheet.path(ring) for area in areas for ring in area.boundary)
    marks = [event for event in reversed(events) if math.isfinite(event.lon) and math.isfinite(event.lat)]
    return format_html(
        '<svg class="locator" viewBox="0 0 {} {}" aria-hidden="true" focusable="false"><path class="area" d="{}"/>{}</svg>',
        f"{WIDTH:g}", f"{sheet.height:.0f}", mark_safe(borders),  # noqa: S308 - numbers only
        format_html_join("", '<svg class="place rank-{}" x="{}" y="{}" width="{}" height="{}" viewBox="0 0 20 20">'
                         '<path d="{}"/></svg>', (_mark(sheet, event, scheme) for event in marks)),
    )  # fmt: skip


def _mark(sheet: Sheet, event: EventLine, scheme: Scheme) -> tuple[object, ...]:
    x, y = sheet.xy(event.lon, event.lat)
    size = MARK.get(event.level, 14)
    shape = scheme.level(event.level).shape if 1 <= event.level <= len(scheme.levels) else ""
    return event.level, f"{x - size / 2:.1f}", f"{y - size / 2:.1f}", size, size, outline(shape)


class Sheet:
    """Degrees to drawing units: equirectangular about the box's middle, so that a small town looks as it is."""

    def __init__(self, box: Box) -> None:
        west, south, east, north = box
        across, up = max(east - west, LEAST_SPAN), max(north - south, LEAST_SPAN)
        self._squeeze = max(0.1, math.cos(math.radians((south + north) / 2)))
        self._scale = (WIDTH - 2 * MARGIN) / (across * self._squeeze)
        height = up * self._scale + 2 * MARGIN
        if height > WIDTH:  # a tall box: the height decides
            self._scale *= (WIDTH - 2 * MARGIN) / (height - 2 * MARGIN)
            height = WIDTH
        self.height = max(height, WIDTH / 2)
        self._lon, self._lat = (west + east) / 2, (south + north) / 2

    def xy(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a position lies on the drawing."""
        return (WIDTH / 2 + (lon - self._lon) * self._squeeze * self._scale,
                self.height / 2 - (lat - self._lat) * self._scale)  # fmt: skip

    @property
    def places(self) -> tuple[float, float, float, float]:
        """Longitude and latitude of the upper left corner, and how many degrees a unit is to the right and down: what a
        script needs to turn a drawing's point into a place."""
        across, down = 1 / (self._squeeze * self._scale), 1 / self._scale
        return self._lon - WIDTH / 2 * across, self._lat + self.height / 2 * down, across, down

    def path(self, ring: Sequence[Sequence[float]]) -> str:
        """A closed ring as the commands of an SVG path; "" for no points."""
        points = [self.xy(lon, lat) for lon, lat in ring]
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z" if points else ""
