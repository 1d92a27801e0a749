"""Forms of the roster page, each one service: take in hand, hand over, acknowledge, silence, override, calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import open_frame
from tocsin.doors.console.roster_page import open_items, shown
from tocsin.doors.console.typed_moment import typed_moment
from tocsin.doors.refusals import status_of
from tocsin.records import clock
from tocsin.records.dispatch import silences
from tocsin.records.escalation import services as escalation
from tocsin.records.roster import services as roster
from tocsin.terms.errors import Refused, UnknownName

__all__ = ["VERBS", "change_roster"]


@never_cache
@require_POST
@acting()
def change_roster(request: HttpRequest, verb: str) -> HttpResponse:
    """Carry out one form. A refusal is shown above the page, with the note still in its form."""
    if verb not in VERBS:
        raise UnknownName(verb[:40], _("there is nothing here"), _("open the roster"))
    try:
        address = VERBS[verb](request, clock.now())
    except Refused as error:
        return shown(
            request, error=error, note=request.POST.get("note", "")[: roster.NOTE_AT_MOST], status=status_of(error)
        )
    if address:
        return shown(request, address=address)
    return HttpResponseRedirect(reverse("console:roster"))


def _take(request: HttpRequest, now: datetime) -> str:
    escalation.take(_text(request, "escalation"), actor=actor_of_request(request), now=now)
    return ""


def _hand_over(request: HttpRequest, now: datetime) -> str:
    note = request.POST.get("note", "")
    roster.hand_over(note, open_items(open_frame(request)), actor=actor_of_request(request), now=now)
    return ""


def _acknowledge(request: HttpRequest, now: datetime) -> str:
    roster.acknowledge_hand_over(_number(request, "hand_over"), actor=actor_of_request(request), now=now)
    return ""


def _silence(request: HttpRequest, now: datetime) -> str:
    actor = actor_of_request(request)
    hours = _number(request, "hours")
    silences.silence(f"post:{actor.post}", until=now + timedelta(hours=min(hours, 1000)), reason=_text(request, "reason"),
                     actor=actor, now=now)  # fmt: skip
    return ""


def _lift(request: HttpRequest, now: datetime) -> str:
    silences.lift(_number(request, "silence"), actor=actor_of_request(request), now=now)
    return ""


def _override(request: HttpRequest, now: datetime) -> str:
    roster.override(
        _text(request, "post"), from_at=typed_moment(_text(request, "from_at")) or now,
        until_at=typed_moment(_text(request, "until_at")) or now,
        absent=_text(request, "absent"), instead=_text(request, "instead"), reason=_text(request, "reason"),
        actor=actor_of_request(request), now=now,
    )  # fmt: skip
    return ""


def _withdraw_override(request: HttpRequest, now: datetime) -> str:
    roster.withdraw_override(_number(request, "override"), actor=actor_of_request(request), now=now)
    return ""


def _calendar(request: HttpRequest, now: datetime) -> str:
    secret = roster.new_calendar_address(_text(request, "owner"), actor=actor_of_request(request), now=now)
    return f"{settings.CONFIGURATION.public_address}{reverse('console:roster_calendar', args=[secret])}"


VERBS: dict[str, Callable[[HttpRequest, datetime], str]] = {
    "take": _take,
    "hand_over": _hand_over,
    "acknowledge": _acknowledge,
    "silence": _silence,
    "lift": _lift,
    "override": _override,
    "withdraw_override": _withdraw_override,
    "calendar": _calendar,
}


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()[:300]


def _number(request: HttpRequest, name: str) -> int:
    text = _text(request, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
