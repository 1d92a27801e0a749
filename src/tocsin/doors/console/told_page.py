"""Who is told: targets, how many of the public, what each channel did last, and the delivery report of one warning or of a
period. Counts only: no person stands here, and of the public fewer than five are not counted out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.loop.warn import queries as warn
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.audience import hub
from tocsin.records.audience import queries as audience
from tocsin.records.audience.queries import LEAST_SHOWN
from tocsin.records.dispatch.report import ReportLine, channel_states, report
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.terms.moment import to_us

__all__ = ["told"]

DAYS = (1, 7, 30, 365)


@dataclass(frozen=True, slots=True)
class ShownTarget:
    """A target as it is read; its address may be a secret and is not among it."""

    id: str
    title: str
    channel: str
    areas: str
    hazards: str
    level: int
    exercises: bool


@dataclass(frozen=True, slots=True)
class ShownChannel:
    """What a channel did last. ``resting``: targets that are left alone now, None = the worker does not say."""

    name: str
    last_us: int | None
    waiting: int
    failing: int
    resting: int | None
    said: str


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A line of the report in words; ``few``: of the public, and too few to count out."""

    channel: str
    whom: str
    few: bool
    line: ReportLine
    p50: str
    p95: str
    p99: str


@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def told(request: HttpRequest) -> HttpResponse:
    """``warning``: the report of one; else of those that were issued in the last ``days``."""
    frame = open_frame(request)
    names, actor = Names.read(), actor_of_request(request)
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdigit() and int(asked) in DAYS else 7
    one = warn.warning(frame.scope, warning) if (warning := request.GET.get("warning", "")[:60]) else None
    since = clock.now() - timedelta(days=days)
    of = (
        [one.id]
        if one
        else [line.id for line in warn.issued(frame.scope) if line.issued_at and line.issued_at >= since]
    )
    context = frame.context(request, "told", "review.css", "told.css") | {
        "targets": [_target(target, names, frame) for target in audience.targets(actor.scope)],
        "public": _public(frame), "systems": _few(hub.systems(now=clock.now())),
        "channels": _channels(), "lines": [_shown(line) for line in report(of)], "days": days,
        "choices": [(value, _days(value)) for value in DAYS], "warning": one, "warnings": len(of),
        "headline": one.content.text(frame.language).headline if one else "",
    }  # fmt: skip
    return render(request, "console/told.html", context)


def _days(days: int) -> str:
    return {1: _("24 hours"), 7: _("7 days"), 30: _("30 days")}.get(days, _("365 days"))


def channel_word(channel: str) -> str:
    """What people call a channel."""
    words = {
        "mail": _("Mail"), "sms": _("Short message"), "voice": _("Call"), "webhook": _("Other systems (webhook)"),
        "chat": _("Chat"), "mqtt": _("Displays and sirens (MQTT)"), "web_push": _("Browsers (Web Push)"),
        "websub": _("Readers of the feed (WebSub)"),
    }  # fmt: skip
    return words.get(channel, channel)


def _whom(whom: str) -> str:
    words = {
        "posts": pgettext("told", "Posts"), "targets": pgettext("told", "Targets"), "public": pgettext("told", "The public"),
        "systems": pgettext("told", "Systems"),
    }  # fmt: skip
    return words.get(whom, pgettext("told", "Others"))


def _target(target: Any, names: Names, frame: Frame) -> ShownTarget:
    language = frame.language
    title = target.title.get(language) or target.title.get("en") or target.id
    hazards = ", ".join(names.hazard(code, language) for code in target.hazards)
    return ShownTarget(
        target.id, title, channel_word(target.channel), names.area_list(target.areas, language) or _("everywhere"),
        hazards or _("all"), target.least_level, target.exercises,
    )  # fmt: skip


def _public(frame: Frame) -> list[tuple[str, str]]:
    counts = audience.subscriber_counts(frame.scope)
    return [(channel_word(channel), _few(n)) for channel, n in counts.items()]


def _few(n: int | None) -> str:
    return str(n) if n is not None and (n == 0 or n >= LEAST_SHOWN) else _("fewer than {n}").format(n=LEAST_SHOWN)


def _channels() -> list[ShownChannel]:
    try:
        resting = json.loads(settings.HOME.resting_channels.read_text(encoding="ascii"))
    except (OSError, ValueError):
        resting = {}
    return [
        ShownChannel(channel_word(one.channel), to_us(one.last_accepted_at) if one.last_accepted_at else None, one.waiting,
                     one.failing, resting.get(one.channel), one.last_error)
        for one in channel_states()
    ]  # fmt: skip


def _shown(line: ReportLine) -> ShownReport:
    few = line.whom == "public" and line.queued < LEAST_SHOWN
    return ShownReport(channel_word(line.channel), _whom(line.whom), few, line, _took(line.p50_s), _took(line.p95_s),
                       _took(line.p99_s))  # fmt: skip


def _took(seconds: float | None) -> str:
    return "" if seconds is None else _("{n} s").format(n=f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}")
