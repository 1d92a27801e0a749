"""Recording a finding: from a verification (place and event are known already), or by an inspector who saw something."""

from __future__ import annotations

import math
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tocsin.doors.access import acting
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.lines import events_on_page
from tocsin.doors.console.rectify_pages import grades
from tocsin.doors.console.respond_pages import SHEETS
from tocsin.doors.photographs import MOST_PHOTOS, photos_of
from tocsin.doors.refusals import status_of
from tocsin.geo import distance_km
from tocsin.loop.detect import queries as detect
from tocsin.loop.rectify import services
from tocsin.loop.verify import queries as verify
from tocsin.records import clock
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.records.places import queries as places
from tocsin.terms.errors import Refused

__all__ = ["new"]


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.RECORD_FINDING)
def new(request: HttpRequest) -> HttpResponse:
    """The form, and what it brings."""
    frame = open_frame(request)
    given = request.POST if request.method == "POST" else request.GET
    verification = given.get("verification", "")[:40]
    event = given.get("event", "")[:60]
    if verification:
        event = verify.verification(frame.scope, verification).event  # outside the scope it is not there
    errors: list[Refused] = []
    if request.method == "POST":
        photos, errors = photos_of(request)
        if not errors:
            try:
                made = services.record(
                    event or None, request.POST.get("facility", ""), request.POST.get("grade", ""),
                    request.POST.get("words", "").replace("\r\n", "\n"), photos, verification=verification,
                    once=request.POST.get("once", "")[:64], actor=frame.actor, now=clock.now(),
                )  # fmt: skip
                return HttpResponseRedirect(reverse("rectify:finding", args=[made]))
            except Refused as error:
                errors = [error]
    return render(request, "console/finding_new.html", _context(request, frame, event, verification, errors),
                  status=status_of(errors[0]) if errors else 200)  # fmt: skip


def _context(
    request: HttpRequest, frame: Frame, event: str, verification: str, errors: list[Refused]
) -> dict[str, Any]:
    line = detect.events(frame.scope, [event]).get(event) if event else None
    shown = events_on_page([line] if line else [], frame.words, frame.register, frame.language)
    nearby = _facilities(frame, line)
    chosen = request.POST.get("facility", nearby[0]["id"] if line and nearby else "")
    return frame.context(request, "findings", *SHEETS) | {
        "event": shown[0] if shown else None, "event_id": event if line else "", "verification": verification, "errors": errors,
        "facilities": nearby, "chosen": chosen, "grades": grades(), "grade": request.POST.get("grade", "general"),
        "words": request.POST.get("words", ""), "words_at_most": services.WORDS_AT_MOST, "most_photos": MOST_PHOTOS,
        "once": request.POST.get("once") or secrets.token_urlsafe(16),
    }  # fmt: skip


def _facilities(frame: Frame, line: detect.EventLine | None) -> list[dict[str, str]]:
    """Facilities of the area: the nearest to the event first, without one the nearest to the duty post."""
    post = org.post(frame.actor.post)
    lon, lat = (line.lon, line.lat) if line and math.isfinite(line.lon) else (post.lon, post.lat)
    found = []
    for place in places.facilities(frame.scope):
        km = math.inf if lon is None or lat is None else distance_km(lon, lat, place.lon, place.lat)
        title = place.title.get(frame.language) or place.title.get("en") or place.id
        far = "" if not math.isfinite(km) else _("{n} km").format(n=f"{km:.1f}")
        found.append((km, title, {"id": place.id, "title": title, "far": far}))
    return [entry for _km, _title, entry in sorted(found, key=lambda one: (one[0], one[1]))]
