"""What a commander decides about a response. Each is a plain form: one service, then back to the page; what is refused is said
on the page, with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.respond_pages import response_page
from tocsin.loop.respond import early, queries, services
from tocsin.records import clock
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue, NotAllowed, Refused, UnknownName

__all__ = ["change_level", "decide", "decline", "end", "give", "keep_level", "open_response", "withdraw"]


@require_POST
@acting(Act.DIRECT_RESPONSE)
def open_response(request: HttpRequest, event_id: str) -> HttpResponse:
    """Open what a mapping proposes (one click), or, with a level, by the commander's own decision."""
    actor, now = actor_of_request(request), clock.now()

    def do() -> None:
        line = queries.incident_of(actor.scope, event_id)
        expected = timedelta(hours=_number(request.POST.get("hours", "12"), _("expected duration")))
        once = request.POST.get("once", "")[:64]
        if "level" in request.POST:
            services.open_by_hand(event_id, _number(request.POST["level"], _("response level")), expected=expected,
                                  once=once, actor=actor, now=now)  # fmt: skip
        elif line is not None:
            services.open_proposed(
                line.id, version=_version(request), expected=expected, once=once, actor=actor, now=now
            )
        else:
            raise UnknownName(_("response"), _("none is proposed for this event"), _("choose a level and open one"))

    return _then(request, event_id, do)


@require_POST
@acting(Act.DIRECT_RESPONSE)
def decline(request: HttpRequest, incident_id: str) -> HttpResponse:
    """Say no to a proposal."""
    actor, now = actor_of_request(request), clock.now()
    line = queries.incident(actor.scope, incident_id)
    return _then(request, line.event, lambda: services.decline(
        incident_id, request.POST.get("why", ""), version=_version(request), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.DIRECT_RESPONSE)
def decide(request: HttpRequest, incident_id: str) -> HttpResponse:
    """Give early actions, or refuse them with a reason."""
    actor, now = actor_of_request(request), clock.now()
    line = queries.incident(actor.scope, incident_id)

    def do() -> None:
        chosen = [_number(text, _("early actions")) for text in request.POST.getlist("early")[:500]]
        early.decide(
            incident_id, chosen, request.POST.get("give") == "1", request.POST.get("why", ""), actor=actor, now=now
        )

    return _then(request, line.event, do)


@require_POST
@acting(Act.DIRECT_RESPONSE)
def change_level(request: HttpRequest, incident_id: str) -> HttpResponse:
    """Raise or lower it."""
    actor, now = actor_of_request(request), clock.now()
    line = queries.incident(actor.scope, incident_id)
    return _then(request, line.event, lambda: services.change_level(
        incident_id, _number(request.POST.get("level", ""), _("response level")), version=_version(request), actor=actor,
        now=now))  # fmt: skip


@require_POST
@acting(Act.DIRECT_RESPONSE)
def keep_level(request: HttpRequest, incident_id: str) -> HttpResponse:
    """Say no to the level that is advised."""
    actor, now = actor_of_request(request), clock.now()
    line = queries.incident(actor.scope, incident_id)
    return _then(request, line.event, lambda: services.keep_level(
        incident_id, request.POST.get("why", ""), version=_version(request), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.DIRECT_RESPONSE)
def end(request: HttpRequest, incident_id: str) -> HttpResponse:
    """End it."""
    actor, now = actor_of_request(request), clock.now()
    line = queries.incident(actor.scope, incident_id)
    return _then(request, line.event, lambda: services.end(
        incident_id, request.POST.get("why", ""), version=_version(request), actor=actor, now=now,
        despite_warning=request.POST.get("despite") == "1"))  # fmt: skip


@require_POST
@acting(Act.DIRECT_RESPONSE)
def give(request: HttpRequest, incident_id: str, action: int) -> HttpResponse:
    """Give an action that waits, or try again where nobody was on duty."""
    actor, now = actor_of_request(request), clock.now()
    line = queries.incident(actor.scope, incident_id)

    def do() -> None:
        if not services.give_action(action, actor=actor, now=now):
            raise NotAllowed(
                _("action"), _("nobody is on duty for it"), _("it is given as soon as somebody is, or call them")
            )

    return _then(request, line.event, do)


@require_POST
@acting(Act.DIRECT_RESPONSE)
def withdraw(request: HttpRequest, incident_id: str, task_id: str) -> HttpResponse:
    """Take a task back, with a reason."""
    actor, now = actor_of_request(request), clock.now()
    line = queries.incident(actor.scope, incident_id)
    return _then(request, line.event, lambda: services.withdraw_task(
        incident_id, task_id, request.POST.get("why", ""), actor=actor, now=now))  # fmt: skip


def _then(request: HttpRequest, event_id: str, do: Callable[[], None]) -> HttpResponse:
    try:
        do()
    except Refused as error:
        return response_page(request, event_id, error)
    return HttpResponseRedirect(reverse("respond:response", args=[event_id]))


def _version(request: HttpRequest) -> int:
    return _number(request.POST.get("version") or request.GET.get("version", ""), _("form"))


def _number(text: str, what: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 9:
        raise BadValue(what, _("is no whole number"), _("write it in figures"))
    return int(text)
