"""The start of a shift: what the keys are, and whether the room may sound. Nothing is recorded here about who was present;
that a post muted its sound is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.frame import open_frame
from tocsin.doors.console.key_actions import DUTY, key_actions
from tocsin.loop.verify import services
from tocsin.records import clock
from tocsin.records.org.roles import Act

__all__ = ["shift", "sound"]


@require_safe
@acting(Act.READ_EVENTS)
def shift(request: HttpRequest) -> HttpResponse:
    """The page."""
    frame = open_frame(request)
    top = len(frame.words.scheme.levels)
    context = frame.context(request, "shift", "loop.css") | {
        "shift_script": asset_url("shift.js"),
        "top_rank": top,
        "high_rank": max(1, top - 1),
        "keys": key_actions(DUTY),
    }
    return render(request, "console/shift.html", context)


@require_POST
@acting(Act.READ_EVENTS)
def sound(request: HttpRequest) -> HttpResponse:
    """The script says that somebody muted the sound here, or ended the mute."""
    services.note_sound(request.POST.get("muted") == "1", actor=actor_of_request(request), now=clock.now())
    return HttpResponse(status=204)
