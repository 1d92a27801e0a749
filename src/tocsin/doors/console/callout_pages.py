"""Pages of call-outs: the list, one call-out with its minutes, its table to take away, and one area with every attempt and the
form for a call made by hand."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.callout_shown import (
    area_on_page,
    attempts_on_page,
    callout_on_page,
    how_word,
    minutes_words,
    state_word,
    subject,
    why_word,
)
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.standing import post_title
from tocsin.doors.refusals import status_of
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.callout import queries, services
from tocsin.records.callout.lifecycle import AreaState
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadTime, Refused, UnknownName
from tocsin.terms.moment import iso, to_us

__all__ = ["area_page", "callout_page", "callouts_page", "record", "table"]

SHEETS = ("staff.css", "loop.css", "warn.css", "callout.css")
_FORMULA = ("=", "+", "-", "@", "\t")


@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def callouts_page(request: HttpRequest) -> HttpResponse:
    """Running call-outs first, then the newest."""
    frame = open_frame(request)
    shown = [callout_on_page(line, reached, total, frame) for line, reached, total in queries.recent(frame.scope)]
    return render(request, "console/callouts.html", frame.context(request, "warnings", *SHEETS) | {"callouts": shown})


@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def callout_page(request: HttpRequest, callout_id: str) -> HttpResponse:
    """Who of how many was reached when; the unanswered on top."""
    frame, names = open_frame(request), Names.read()
    line = queries.callout(frame.scope, callout_id)
    minutes = queries.minutes(frame.scope, callout_id)
    areas = [area_on_page(one, line, names, frame) for one in queries.areas_of(frame.scope, callout_id)]
    context = frame.context(request, "warnings", *SHEETS) | _head(line, frame) | {
        "areas": areas, "minutes": minutes, "median": minutes_words(minutes.median),
        "slowest": minutes_words(minutes.slowest), "through": sum(one.through for one in areas),
        "not_reached": sum(one.state_kind in ("unreached", "late") for one in areas),
        "others": [callout_on_page(one, reached, total, frame)
                   for one, reached, total in queries.recent(frame.scope, lineage=line.lineage) if one.id != line.id],
    }  # fmt: skip
    return render(request, "console/callout.html", context)


@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def table(request: HttpRequest, callout_id: str) -> HttpResponse:
    """The same as a table, one row an area, in UTF-8 with a mark that spreadsheets know."""
    frame, names = open_frame(request), Names.read()
    queries.callout(frame.scope, callout_id)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow([_("area"), _("name"), _("state"), _("called since"), _("reached at"), _("minutes"), _("post"), _("how"),
                   _("attempts"), _("no answer after the first limit"), _("not reached after the last limit")])  # fmt: skip
    for line in queries.areas_of(frame.scope, callout_id):
        rows.writerow([
            line.jurisdiction, _plain(names.area(line.jurisdiction, frame.language)), state_word(line, now_us=frame.now_us),
            iso(to_us(line.asked_at)), iso(to_us(line.reached_at)) if line.reached_at else "",
            "" if line.minutes is None else f"{line.minutes:.2f}", _plain(post_title(line.reached_post, frame.language)),
            how_word(line.how), line.attempts, iso(to_us(line.late_due_at)) if line.late_at else "",
            iso(to_us(line.not_reached_due_at)) if line.not_reached_at else "",
        ])  # fmt: skip
    response = HttpResponse(out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{callout_id}.csv"'
    return response


@require_safe
@acting(Act.READ_WARNINGS)
def area_page(request: HttpRequest, callout_id: str, area_id: int) -> HttpResponse:
    """Every attempt for one area, and the form for a call made by hand."""
    return _area_page(request, open_frame(request), callout_id, area_id, None)


@require_POST
@acting(Act.RECORD_CALL)
def record(request: HttpRequest, callout_id: str, area_id: int) -> HttpResponse:
    """A post was reached by hand; what is refused is shown with what was typed."""
    frame = open_frame(request)
    line = _area(frame, callout_id, area_id)
    try:
        services.record_by_hand(line.id, request.POST.get("post", "")[:60], _moment(request.POST.get("at", "")),
                                actor=frame.actor, now=clock.now())  # fmt: skip
    except Refused as error:
        return _area_page(request, frame, callout_id, area_id, error)
    return HttpResponseRedirect(reverse("console:callout_area", args=[callout_id, area_id]))


def _area_page(
    request: HttpRequest, frame: Frame, callout_id: str, area_id: int, error: Refused | None
) -> HttpResponse:
    with one_moment():
        names, callout = Names.read(), queries.callout(frame.scope, callout_id)
        line = _area(frame, callout_id, area_id)
        may = frame.actor.may(Act.RECORD_CALL) and line.state in (AreaState.WAITING, AreaState.UNREACHED)
        posts = queries.answering_posts(frame.scope, line.jurisdiction) if may else []
        now = timezone.localtime(clock.now())
        context = frame.context(request, "warnings", *SHEETS) | _head(callout, frame) | {
            "area": area_on_page(line, callout, names, frame), "may_record": may, "error": error,
            "attempts": attempts_on_page(queries.attempts_of(frame.scope, callout_id, area_id), frame.language),
            "noted_us": to_us(line.noted_at) if line.noted_at else None,
            "noted_by": post_title(line.noted_by.partition("/")[0], frame.language) if line.how == "by_hand" else "",
            "posts": [(post.id, post_title(post.id, frame.language), post.phone) for post in posts],
            "typed_post": request.POST.get("post", ""), "typed_at": request.POST.get("at", "") or f"{now:%Y-%m-%dT%H:%M}",
        }  # fmt: skip
    return render(request, "console/callout_area.html", context, status=status_of(error) if error else 200)


def _head(line: queries.CallOutLine, frame: Frame) -> dict[str, Any]:
    is_warning = line.kind == "warning"
    return {
        "callout": line, "subject": subject(line, frame.language), "since_us": to_us(line.since),
        "until_us": to_us(line.until) if line.until else None, "ended_us": to_us(line.ended_at) if line.ended_at else None,
        "ended_word": why_word(line.ended_why) if line.ended_at else "",
        "cause_page": reverse("console:warning", args=[line.cause]) if is_warning else line.link,
    }  # fmt: skip


def _area(frame: Frame, callout_id: str, area_id: int) -> queries.AreaLine:
    found = next((one for one in queries.areas_of(frame.scope, callout_id) if one.id == area_id), None)
    if found is None:
        raise UnknownName(_("call-out"), _("there is no such area in it"), _("open the list of call-outs"))
    return found


def _moment(text: str) -> datetime:
    """A moment as the browser writes it, by the clocks of this deployment."""
    try:
        return timezone.make_aware(datetime.fromisoformat(text[:19]))
    except (ValueError, OverflowError):
        raise BadTime(
            _("time of the call"), _("is no date and time"), _("write for example 2026-07-20 16:05")
        ) from None


def _plain(text: str) -> str:
    """Words that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
