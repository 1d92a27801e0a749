"""The review page of an event: who knew what when, deadlines and gaps, whether the record is whole, the closing, and the
review itself. Looking at it is an entry in the ledger."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.lines import events_on_page
from tocsin.doors.console.story_words import Teller, breach_words
from tocsin.doors.refusals import status_of
from tocsin.loop.detect import queries as detect
from tocsin.loop.review import queries, services
from tocsin.loop.review.services import MeasureForm
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act, may
from tocsin.terms.errors import BadValue, Refused
from tocsin.terms.moment import to_us

__all__ = ["close_event", "review_page"]

ENTRIES_A_PAGE = 200
_BLANK_MEASURES = 2
_READERS = (Act.READ_LEDGER, Act.PUBLISH_REVIEW, Act.CLOSE_EVENT)


@require_http_methods(["GET", "HEAD", "POST"])
@acting(*_READERS)
def review_page(request: HttpRequest, event_id: str) -> HttpResponse:
    """GET shows it; POST saves the draft, or publishes it. What is refused is shown on the same page with what was typed."""
    if request.method != "POST":
        return _page(request, event_id, None)
    try:
        _save(request, event_id)
    except Refused as error:
        return _page(request, event_id, error)
    return HttpResponseRedirect(reverse("console:review", args=[event_id]) + "#review")


@require_POST
@acting(Act.CLOSE_EVENT)
def close_event(request: HttpRequest, event_id: str) -> HttpResponse:
    """Close the event with a reason."""
    actor = actor_of_request(request)
    try:
        services.close_event(event_id, request.POST.get("reason", "").strip(), actor=actor, now=clock.now())
    except Refused as error:
        return _page(request, event_id, error, at="closing")
    return HttpResponseRedirect(reverse("console:review", args=[event_id]) + "#closing")


def _save(request: HttpRequest, event_id: str) -> None:
    actor, now, form = actor_of_request(request), clock.now(), request.POST
    frame = open_frame(request)
    version = int(form.get("version", "0")) if form.get("version", "0").isdecimal() else 0
    measures = [_measure(row, frame) for row in _typed(request) if any(row.values())]
    if form.get("action") == "publish":
        services.publish(
            event_id, version=version, lessons=form.get("lessons", ""), measures=measures, actor=actor, now=now
        )
    else:
        services.save_draft(event_id, form.get("lessons", ""), measures, version=version, actor=actor, now=now)


def _typed(request: HttpRequest) -> list[dict[str, str]]:
    form = request.POST
    rows = zip(form.getlist("words"), form.getlist("post"), form.getlist("due"), strict=False)
    return [{"words": words.strip(), "post": post, "due": due} for words, post, due in rows][
        : services.MEASURES_AT_MOST + 1
    ]


def _measure(row: dict[str, str], frame: Frame) -> MeasureForm:
    """A day is over at its end, where the office is."""
    try:
        day = date.fromisoformat(row["due"])
    except ValueError:
        raise BadValue(_("measure"), _("its due date is missing or unreadable"),
                       _("choose a day until which it is done")) from None  # fmt: skip
    if not row["post"]:
        raise BadValue(_("measure"), _("it names no post"), _("choose the post that is responsible for it"))
    return MeasureForm(row["words"], row["post"], datetime.combine(day, time(23, 59, 59), frame.zone))


def _page(request: HttpRequest, event_id: str, error: Refused | None, at: str = "review") -> HttpResponse:
    actor, now = actor_of_request(request), clock.now()
    detect.event(actor.scope, event_id)  # what is outside the area is not there, and nothing is written about it
    if request.method == "GET":
        services.note_read("timeline_read", {"event": event_id}, actor=actor, now=now)
    with one_moment():
        context = _context(request, event_id, now)
    context |= {"error": error, "error_at": at, "typed_reason": request.POST.get("reason", "")}
    if error is not None and at == "review":
        context |= {"typed_lessons": request.POST.get("lessons", ""), "measures": _rows(_typed(request))}
    return render(request, "console/review.html", context, status=status_of(error) if error else 200)


def _context(request: HttpRequest, event_id: str, now: datetime) -> dict[str, Any]:
    frame = open_frame(request)
    actor = frame.actor
    told = queries.timeline(frame.scope, event_id, now=now)
    line = detect.event(frame.scope, event_id).event
    teller = Teller(frame)
    only = request.GET.get("only") == "decisions"
    moments = told.decisions if only else told.moments
    start = _start(request, len(moments))
    review = queries.review(frame.scope, event_id)
    typed = [{"words": m.words, "post": m.post, "due": _day(m.due_at, frame)} for m in review.measures]
    return frame.context(request, "event", "loop.css", "staff.css", "review.css") | {
        "event": events_on_page([line], frame.words, frame.register, frame.language)[0],
        "moments": [teller.moment(moment) for moment in moments[start : start + ENTRIES_A_PAGE]],
        "only_decisions": only, "total": len(moments), "start": start, "first": start + 1 if moments else 0,
        "last": min(start + ENTRIES_A_PAGE, len(moments)), "decisions": len(told.decisions), "entries": len(told.moments),
        "previous_start": max(0, start - ENTRIES_A_PAGE) if start else None,
        "next_start": start + ENTRIES_A_PAGE if start + ENTRIES_A_PAGE < len(moments) else None,
        "gaps": [teller.gap(gap) for gap in told.gaps], "missed": sum(gap.missed for gap in told.gaps),
        "integrity": told.integrity, "verified_us": to_us(told.integrity.at) if told.integrity.at else None,
        "breaches": [breach_words(breach) for breach in told.integrity.breaches[:50]],
        "open_ends": queries.open_ends(event_id, now=now), "is_closed": queries.is_closed(frame.scope, event_id),
        "findings": queries.findings_going_on(event_id),
        "may_close": actor.may(Act.CLOSE_EVENT), "may_publish": actor.may(Act.PUBLISH_REVIEW),
        "review": review, "typed_lessons": review.lessons, "measures": _rows(typed), "posts": _posts(frame),
        "published": [(m, teller.post(m.post), to_us(m.due_at)) for m in review.measures],
        "published_us": to_us(review.published_at) if review.published_at else None,
        "published_by": teller.actor(review.published_by) if review.published_by else "",
        "lessons_at_most": services.LESSONS_AT_MOST,
    }  # fmt: skip


def _rows(typed: list[dict[str, str]]) -> list[dict[str, str]]:
    return typed + [{"words": "", "post": "", "due": ""}] * _BLANK_MEASURES


def _posts(frame: Frame) -> list[tuple[str, str]]:
    lines = [line for line in org.posts(frame.scope) if may(line.role, Act.DO_TASK)]
    return [(line.id, line.title.get(frame.language) or line.title.get("en") or line.id) for line in lines]


def _day(at: datetime, frame: Frame) -> str:
    return at.astimezone(frame.zone).date().isoformat()


def _start(request: HttpRequest, total: int) -> int:
    wanted = request.GET.get("start", "0")
    start = int(wanted) if wanted.isdecimal() and len(wanted) < 9 else 0
    return start if start < total else 0
