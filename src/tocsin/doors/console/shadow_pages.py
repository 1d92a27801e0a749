"""Rules on trial: what a new version raises beside the one in force, and the two decisions about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.loop.detect import shadow_queries as queries
from tocsin.loop.detect import shadow_services as services
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import Refused
from tocsin.terms.moment import to_us

__all__ = ["promote_shadow", "shadow_page", "shadows_page", "withdraw_shadow"]

LINES_AT_MOST = 200
STATES: dict[str, Promise] = {
    services.RUNNING: gettext_lazy("on trial"), services.PROMOTED: gettext_lazy("put in force"),
    services.WITHDRAWN: gettext_lazy("withdrawn"),
}  # fmt: skip
KINDS: dict[str, Promise] = {
    "only_new": gettext_lazy("only the new version"), "only_old": gettext_lazy("only the version in force"),
    "level": gettext_lazy("both, at another level"), "lead": gettext_lazy("both, at another time"),
    "same": gettext_lazy("both alike"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineOnPage:
    """One signal of either side, or a pair. Peaks as ranks, 0 = not raised; ``lead``: "12 min earlier", or nothing."""

    kind: str
    rule: str
    place: str
    onset_us: int
    old: int
    new: int
    lead: str


@require_safe
@acting(Act.READ_SHADOWS)
@one_moment()
def shadows_page(request: HttpRequest) -> HttpResponse:
    """Every shadow, running ones first."""
    frame = open_frame(request)
    lines = [(line, STATES[line.state], to_us(line.added_at)) for line in queries.shadows(frame.scope)]
    return render(request, "console/shadows.html", frame.context(request, "shadows") | {"lines": lines})


@require_safe
@acting(Act.READ_SHADOWS)
@one_moment()
def shadow_page(request: HttpRequest, shadow_id: str) -> HttpResponse:
    """One shadow: why, since when, old and new side by side, and for analysts the decision."""
    return _page(request, shadow_id)


@require_POST
@acting(Act.TRY_RULES)
def promote_shadow(request: HttpRequest, shadow_id: str) -> HttpResponse:
    """Put it in force."""
    return _decide(request, shadow_id, services.promote)


@require_POST
@acting(Act.TRY_RULES)
def withdraw_shadow(request: HttpRequest, shadow_id: str) -> HttpResponse:
    """End it without that."""
    return _decide(request, shadow_id, services.withdraw)


def _decide(request: HttpRequest, shadow_id: str, verb: Callable[..., None]) -> HttpResponse:
    actor: Actor = actor_of_request(request)
    now: datetime = clock.now()
    queries.shadow(actor.scope, shadow_id)
    try:
        verb(shadow_id, request.POST.get("why", ""), actor=actor, now=now)
    except Refused as error:
        return _page(request, shadow_id, error=error, status=409)
    return HttpResponseRedirect(reverse("console:shadow", args=[shadow_id]))


def _page(request: HttpRequest, shadow_id: str, *, error: Refused | None = None, status: int = 200) -> HttpResponse:
    frame = open_frame(request)
    line = queries.shadow(frame.scope, shadow_id)
    found = queries.difference(frame.scope, line)
    context = frame.context(request, "shadows") | {
        "line": line, "state": STATES[line.state], "added_us": to_us(line.added_at), "error": error,
        "ended_us": to_us(line.ended_at) if line.ended_at else None, "running": line.state == services.RUNNING,
        "rules": [(frame.words.rule(rule, frame.language), rule) for rule in line.rules],
        "counts": [(KINDS[kind], found.counts.get(kind, 0)) for kind in KINDS],
        "lines": [_line(each, frame) for each in found.lines[:LINES_AT_MOST]], "total": len(found.lines), "cut": found.cut,
        "median_lead": _lead(found.median_lead_us), "may_try": frame.actor.may(Act.TRY_RULES),
        "typed": request.POST.get("why", ""),
    }  # fmt: skip
    return render(request, "console/shadow.html", context, status=status)


def _line(line: queries.DifferenceLine, frame: Frame) -> LineOnPage:
    stream = line.subject.kind == "stream" and line.subject.key in frame.register.catalogue
    feature = (
        frame.register.catalogue.streams[frame.register.catalogue.index(line.subject.key)].feature if stream else ""
    )
    return LineOnPage(
        str(KINDS[line.kind]), frame.words.rule(line.rule, frame.language),
        frame.register.place(feature) if stream else line.subject.key, line.onset_us, line.peak_old, line.peak_new,
        _lead(line.lead_us),
    )  # fmt: skip


def _lead(lead_us: float | None) -> str:
    if lead_us is None:
        return ""
    minutes = round(abs(lead_us) / 6e7)
    if not minutes:
        return _("at the same time")
    return (_("{n} min earlier") if lead_us > 0 else _("{n} min later")).format(n=minutes)
