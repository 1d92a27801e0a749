"""The map page: open events on the map as large as the window, with the table that says the same."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.duty_lists import duty_events
from tocsin.doors.console.filters import EventFilter
from tocsin.doors.console.frame import open_frame
from tocsin.doors.console.map_part import map_part
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act

__all__ = ["map_page"]


@require_safe
@acting(Act.READ_EVENTS)
@one_moment()
def map_page(request: HttpRequest) -> HttpResponse:
    """The page."""
    frame = open_frame(request)
    wanted = EventFilter.of(request.GET)
    pairs = wanted.chosen(duty_events(frame))
    lines, shown = [line for line, _ in pairs], [event for _, event in pairs]
    context = frame.context(request, "map", "map.css") | map_part(frame, frame.scope, lines, shown, wanted.query)
    return render(request, "console/map.html", context)
