"""What a duty officer does about verifying: acknowledge, ask, take back; and the photographs of an answer."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.lines import events_on_page
from tocsin.doors.console.plain import onward
from tocsin.doors.console.verify_panel import distance_words
from tocsin.doors.photographs import photo_response
from tocsin.doors.refusals import status_of
from tocsin.loop.detect import queries as detect
from tocsin.loop.verify import queries as verify
from tocsin.loop.verify import services
from tocsin.loop.verify.choice import Candidate
from tocsin.loop.verify.wanted import spec_of
from tocsin.records import clock
from tocsin.records.org.roles import Act
from tocsin.terms.errors import Refused, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["acknowledge", "ask", "photograph", "photograph_small", "withdraw"]


@require_POST
@acting(Act.ACKNOWLEDGE_EVENT)
def acknowledge(request: HttpRequest, event_id: str) -> HttpResponse:
    """Take an event in hand and go back to where one was."""
    services.acknowledge(event_id, actor=actor_of_request(request), now=clock.now())
    return HttpResponseRedirect(_back(request, event_id))


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.ASK_VERIFICATION)
def ask(request: HttpRequest, event_id: str) -> HttpResponse:
    """Who goes and looks: the product's proposal and everybody else who could; the choice is the duty officer's."""
    if request.method == "POST":
        try:
            services.ask(event_id, post=request.POST.get("to", ""), once=request.POST.get("once", "")[:64],
                         actor=actor_of_request(request), now=clock.now())  # fmt: skip
            return HttpResponseRedirect(reverse("console:event", args=[event_id]) + "#verify")
        except Refused as error:
            return _ask_page(request, event_id, error)
    return _ask_page(request, event_id, None)


@require_POST
@acting(Act.ASK_VERIFICATION)
def withdraw(request: HttpRequest, verification_id: str) -> HttpResponse:
    """Take a verification back."""
    actor = actor_of_request(request)
    line = verify.verification(actor.scope, verification_id)
    services.withdraw(verification_id, actor=actor, now=clock.now())
    return HttpResponseRedirect(reverse("console:event", args=[line.event]) + "#verify")


@require_safe
@acting(Act.READ_EVENTS)
def photograph(request: HttpRequest, verification_id: str, number: int) -> HttpResponse:
    """A photograph, for who may read its event."""
    return photo_response(verify.evidence(actor_of_request(request).scope, verification_id, number).digest)


@require_safe
@acting(Act.READ_EVENTS)
def photograph_small(request: HttpRequest, verification_id: str, number: int) -> HttpResponse:
    """Its small copy."""
    return photo_response(verify.evidence(actor_of_request(request).scope, verification_id, number).thumbnail)


def _ask_page(request: HttpRequest, event_id: str, error: Refused | None) -> HttpResponse:
    frame = open_frame(request)
    line = detect.events(frame.scope, [event_id]).get(event_id)
    if line is None:
        raise UnknownName(_("event {id}").format(id=event_id), _("there is no such event in your area"),
                          _("open the list of events"))  # fmt: skip
    spec, now = spec_of(line.hazard), clock.now()
    found = verify.candidates(frame.scope, event_id, now=now)
    choices = [_choice(frame, candidate, spec.skills) for candidate in found]
    chosen = request.POST.get("to") or next((choice["id"] for choice in choices if choice["is_skilled"]), "")
    context = frame.context(request, "event", "loop.css", "staff.css", "verify.css") | {
        "event": events_on_page([line], frame.words, frame.register, frame.language)[0], "choices": choices,
        "chosen": chosen, "checks": [words.get(frame.language) or words.get("en", "") for words in spec.checks],
        "minutes": spec.minutes_at(line.level), "due_us": to_us(_due(now, spec.minutes_at(line.level))),
        "spec": spec, "error": error, "once": request.POST.get("once") or secrets.token_urlsafe(16),
        "asked": [v for v in verify.verifications(frame.scope, event_id) if v.is_open],
    }  # fmt: skip
    return render(request, "console/ask.html", context, status=status_of(error) if error else 200)


def _choice(frame: Frame, candidate: Candidate, skills: tuple[str, ...]) -> dict[str, object]:
    post = candidate.post
    far = _("distance not known") if candidate.distance_km is None else distance_words(candidate.distance_km)
    missing = [skill for skill in skills if skill not in post.skills]
    return {"id": post.id, "title": post.title.get(frame.language) or post.title.get("en") or post.id, "distance": far,
            "open_tasks": candidate.open_tasks, "is_skilled": not missing, "missing": ", ".join(missing)}  # fmt: skip


def _due(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)


def _back(request: HttpRequest, event_id: str) -> str:
    wanted = request.POST.get("next", "")
    return onward(request, wanted) if wanted else reverse("console:event", args=[event_id])
