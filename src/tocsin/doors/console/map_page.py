"""The map page: open events on the map as large as the window, with the table that says the same."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.frame import open_frame
from tocsin.doors.console.lines import events_on_page
from tocsin.doors.console.map_part import map_part
from tocsin.loop.detect import queries as detect
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act

__all__ = ["map_page"]


@require_safe
@acting(Act.READ_EVENTS)
@one_moment()
def map_page(request: HttpRequest) -> HttpResponse:
    """The page."""
    frame = open_frame(request)
    scope = frame.scope
    lines = detect.open_events(scope)
    shown = events_on_page(lines, frame.words, frame.register, frame.language)
    context = frame.context(request, "map", "map.css") | map_part(frame, scope, lines, shown)
    return render(request, "console/map.html", context)
