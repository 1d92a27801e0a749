"""The steps of a finding. Each is a plain form: one service, then back to the page; what is refused is said on the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.rectify_form import day_of, fields_of, read_five
from tocsin.doors.console.rectify_pages import finding_page
from tocsin.doors.photographs import photos_of
from tocsin.loop.rectify import queries, services
from tocsin.records import clock
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue, Refused, Stale

__all__ = ["fixed", "look", "look_back", "order", "plan", "release", "withdraw"]


@require_POST
@acting(Act.SERVE_ORDER)
def order(request: HttpRequest, finding_id: str) -> HttpResponse:
    """Serve the order."""
    actor, now = _who(request, finding_id)

    def do() -> None:
        limit: datetime = day_of(request.POST.get("limit", ""), timezone.get_current_timezone())
        services.serve_order(finding_id, limit, _text(request, "demand"), grade=request.POST.get("grade", ""),
                             version=_version(request), actor=actor, now=now)  # fmt: skip

    return _then(request, finding_id, do)


@require_POST
@acting(Act.ENTER_PLAN)
def plan(request: HttpRequest, finding_id: str) -> HttpResponse:
    """Enter the five implementations; what is missing is said beside each of them."""
    actor, now = _who(request, finding_id)
    line = queries.finding(actor.scope, finding_id)
    five, typed, found = read_five(request.POST, timezone.get_current_timezone(), limit=line.limit_at or now, now=now)
    if found:
        return finding_page(request, finding_id, fields=fields_of(typed, found))
    try:
        services.enter_plan(finding_id, five, version=_version(request), actor=actor, now=now)
    except Refused as error:
        return finding_page(request, finding_id, [error], fields_of(typed, []))
    return _to(finding_id)


@require_POST
@acting(Act.ENTER_PLAN)
def fixed(request: HttpRequest, finding_id: str) -> HttpResponse:
    """It is put right, with proof."""
    actor, now = _who(request, finding_id)
    photos, refused = photos_of(request)
    if refused:
        return finding_page(request, finding_id, refused)
    return _then(request, finding_id, lambda: services.report_fixed(
        finding_id, _text(request, "note"), photos, version=_version(request), actor=actor, now=now))  # fmt: skip


@require_POST
@acting(Act.RECHECK_FINDING)
def look(request: HttpRequest, finding_id: str) -> HttpResponse:
    """Somebody else looked again."""
    actor, now = _who(request, finding_id)
    photos, refused = photos_of(request)
    if refused:
        return finding_page(request, finding_id, refused)
    return _then(request, finding_id, lambda: services.recheck(
        finding_id, request.POST.get("said", ""), _text(request, "note"), photos, version=_version(request), actor=actor,
        now=now))  # fmt: skip


@require_POST
@acting(Act.RECHECK_FINDING)
def look_back(request: HttpRequest, finding_id: str) -> HttpResponse:
    """Somebody looked once more at what was closed; where something is wrong again, on to the finding that was made of it."""
    actor, now = _who(request, finding_id)
    photos, refused = photos_of(request)
    if refused:
        return finding_page(request, finding_id, refused)
    try:
        again = services.look_back(finding_id, request.POST.get("said", ""), _text(request, "note"), photos,
                                   version=_version(request), actor=actor, now=now)  # fmt: skip
    except Refused as error:
        return finding_page(request, finding_id, [error])
    return _to(again or finding_id)


@require_POST
@acting(Act.SERVE_ORDER)
def release(request: HttpRequest, finding_id: str) -> HttpResponse:
    """The authority releases a major one, or does not."""
    actor, now = _who(request, finding_id)
    return _then(request, finding_id, lambda: services.release(
        finding_id, _text(request, "why"), agreed=request.POST.get("agreed") == "1", version=_version(request), actor=actor,
        now=now))  # fmt: skip


@require_POST
@acting(Act.SERVE_ORDER)
def withdraw(request: HttpRequest, finding_id: str) -> HttpResponse:
    """It was recorded by mistake."""
    actor, now = _who(request, finding_id)
    return _then(request, finding_id, lambda: services.withdraw(
        finding_id, _text(request, "why"), version=_version(request), actor=actor, now=now))  # fmt: skip


def _who(request: HttpRequest, finding_id: str) -> tuple[Actor, datetime]:
    """The actor, who must be able to read the finding at all."""
    actor = actor_of_request(request)
    queries.finding(actor.scope, finding_id)
    return actor, clock.now()


def _then(request: HttpRequest, finding_id: str, do: Callable[[], None]) -> HttpResponse:
    try:
        do()
    except Refused as error:
        return finding_page(request, finding_id, [error])
    return _to(finding_id)


def _to(finding_id: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("rectify:finding", args=[finding_id]))


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n")


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not text:
        raise Stale(_("form"), _("it says not which state it was made for"), _("load the page again"))
    if not text.isdecimal() or len(text) > 9:
        raise BadValue(_("form"), _("it says not which state it was made for"), _("load the page again"))
    return int(text)
