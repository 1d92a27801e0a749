"""Taking an arrival and an answer from a telephone: a plain form, or the same form sent by the page's script, which is told
in JSON what came of it."""

from __future__ import annotations

import math
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.field.pages import task_page
from tocsin.doors.photographs import photos_of
from tocsin.doors.refusals import status_of
from tocsin.loop.verify import services
from tocsin.loop.verify.services import Position
from tocsin.records import clock
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue, NotAllowed, Refused, Stale, UnknownName
from tocsin.terms.moment import from_us

__all__ = ["answer", "arrive"]

_ELSEWHERE = (Stale, NotAllowed, UnknownName)  # showing the form again would not help: the task is no longer there


@require_POST
@acting(Act.ANSWER_VERIFICATION)
def arrive(request: HttpRequest, verification_id: str) -> HttpResponse:
    """The inspector is on the spot."""
    try:
        services.arrive(verification_id, position=_position(request), made_at=_made_at(request),
                        actor=actor_of_request(request), now=clock.now())  # fmt: skip
    except Refused as error:
        if _by_script(request):
            return _refused([error])
        raise
    return _done(request, reverse("field:task", args=[verification_id]))


@require_POST
@acting(Act.ANSWER_VERIFICATION)
def answer(request: HttpRequest, verification_id: str) -> HttpResponse:
    """What was found. A photograph that is refused keeps everything else on the page."""
    photos, refused = photos_of(request)
    note = request.POST.get("note", "").replace("\r\n", "\n").strip()
    if not refused:
        try:
            services.answer(verification_id, request.POST.get("verdict", ""), note, photos, position=_position(request),
                            once=request.POST.get("once", "")[:64], made_at=_made_at(request),
                            actor=actor_of_request(request), now=clock.now())  # fmt: skip
            return _done(request, reverse("field:receipt", args=[verification_id]))
        except Refused as error:
            refused = [error]
    if _by_script(request):
        return _refused(refused)
    if isinstance(refused[0], _ELSEWHERE):
        raise refused[0]
    return task_page(request, verification_id, refused)


def _by_script(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _done(request: HttpRequest, onward: str) -> HttpResponse:
    return JsonResponse({"onward": onward}) if _by_script(request) else HttpResponseRedirect(onward)


def _refused(errors: list[Refused]) -> HttpResponse:
    """``final``: sending the same again cannot help."""
    said = [{"thing": error.thing, "rule": error.rule, "remedy": error.remedy} for error in errors]
    return JsonResponse({"refused": said, "final": isinstance(errors[0], _ELSEWHERE)}, status=status_of(errors[0]))


def _position(request: HttpRequest) -> Position | None:
    """Only where the inspector gave one."""
    given = [request.POST.get(name, "").strip() for name in ("lon", "lat", "accuracy")]
    if not given[0] or not given[1]:
        return None
    try:
        lon, lat, accuracy = (float(text) if text else math.nan for text in given)
    except ValueError:
        raise BadValue(_("position"), _("is no number"), _("leave it out, or use your location again")) from None
    return Position(lon, lat, accuracy if math.isfinite(accuracy) else None)


def _made_at(request: HttpRequest) -> datetime | None:
    """When it was written on the telephone (microseconds), where it had to wait for the network."""
    text = request.POST.get("made_us", "")
    return from_us(int(text)) if text.isdecimal() and len(text) <= 17 else None
