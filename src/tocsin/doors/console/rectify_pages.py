"""Findings: the list, and one finding with the next step of its reader. A facility's operator sees its own orders only."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.rectify_form import Field, fields_of, typed_of
from tocsin.doors.console.rectify_words import finding_on_page, photos_by_moment, steps
from tocsin.doors.console.respond_pages import SHEETS
from tocsin.doors.photographs import MOST_PHOTOS, photo_response
from tocsin.doors.refusals import status_of
from tocsin.loop.rectify import limits, queries
from tocsin.loop.rectify.lifecycle import FindingState, Grade
from tocsin.loop.rectify.notices import grade_word
from tocsin.loop.rectify.services import RECHECK_KIND, why_not_look
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act, Role
from tocsin.records.tasks import queries as task_list
from tocsin.terms.errors import Refused, UnknownName
from tocsin.terms.moment import from_us

__all__ = ["finding", "finding_page", "findings", "grades", "photograph", "photograph_small", "recheck_task"]

_WITH_FACILITY = (FindingState.ORDERED, FindingState.PLANNED, FindingState.REOPENED)


@require_safe
@acting(Act.READ_FINDINGS)
@one_moment()
def findings(request: HttpRequest) -> HttpResponse:
    """What waits for this post, what else is open, what is over."""
    frame = open_frame(request)
    now = from_us(frame.now_us)
    lines = queries.findings(frame.scope)
    mine = {line.id for line in queries.waiting_for(frame.scope)}

    def shown(chosen: list[queries.FindingLine]) -> list[Any]:
        return [finding_on_page(line, frame.language, now) for line in chosen]

    context = frame.context(request, "findings", *SHEETS) | {
        "waiting": shown([line for line in lines if line.id in mine]),
        "open": shown([line for line in lines if line.is_open and line.id not in mine]),
        "over": shown([line for line in lines if not line.is_open][:30]),
        "may_record": frame.actor.may(Act.RECORD_FINDING), "is_operator": frame.actor.role == Role.FACILITY_OPERATOR,
    }  # fmt: skip
    return render(request, "console/findings.html", context)


@require_safe
@acting(Act.READ_FINDINGS)
def finding(request: HttpRequest, finding_id: str) -> HttpResponse:
    """One finding."""
    return finding_page(request, finding_id)


def finding_page(
    request: HttpRequest, finding_id: str, errors: list[Refused] | None = None, fields: list[Field] | None = None
) -> HttpResponse:
    """The page, with what was refused on top and what was typed still in its fields."""
    with one_moment():
        frame = open_frame(request)
        context = _context(request, frame, finding_id, fields) | {
            "errors": errors or [], "wrong": [field for field in fields or [] if field.wrong],
            "typed": _typed(request.POST),
        }  # fmt: skip
    status = status_of(errors[0]) if errors else 422 if context["wrong"] else 200
    return render(request, "console/finding.html", context, status=status)


@require_safe
@acting(Act.READ_FINDINGS)
def recheck_task(request: HttpRequest, task_id: str) -> HttpResponse:
    """From the task to the finding that is to be looked at again."""
    line = task_list.task(actor_of_request(request).scope, task_id)
    if line.kind != RECHECK_KIND:
        raise UnknownName(_("task"), _("it is not about a finding"), _("open the list of your tasks"))
    return HttpResponseRedirect(reverse("rectify:finding", args=[line.about]))


@require_safe
@acting(Act.READ_FINDINGS)
def photograph(request: HttpRequest, finding_id: str, number: int) -> HttpResponse:
    """A photograph, for who may read its finding."""
    return photo_response(_photo(request, finding_id, number).digest)


@require_safe
@acting(Act.READ_FINDINGS)
def photograph_small(request: HttpRequest, finding_id: str, number: int) -> HttpResponse:
    """Its small copy."""
    return photo_response(_photo(request, finding_id, number).thumbnail)


def grades() -> list[tuple[str, str]]:
    """Both grades with their words."""
    return [(grade.value, grade_word(grade)) for grade in Grade]


def _context(request: HttpRequest, frame: Frame, finding_id: str, fields: list[Field] | None) -> dict[str, Any]:
    line = queries.finding(frame.scope, finding_id)
    now, actor = from_us(frame.now_us), frame.actor
    photos = photos_by_moment(queries.photos(frame.scope, finding_id))
    suggested = (now + limits.ORDER[line.grade]).astimezone(frame.zone)
    return frame.context(request, "findings", *SHEETS) | {
        "finding": finding_on_page(line, frame.language, now), "steps": steps(line), "photos": photos,
        "fields": fields or fields_of(typed_of(line, frame.zone), []), "grades": grades(),
        "limit_day": line.limit_at.astimezone(frame.zone).strftime("%Y-%m-%d") if line.limit_at else "",
        "suggested": suggested.strftime("%Y-%m-%d"), "today": now.astimezone(frame.zone).strftime("%Y-%m-%d"),
        "most_photos": MOST_PHOTOS, "may_read_event": bool(line.event) and actor.may(Act.READ_EVENTS),
        "money": "" if line.money is None else f"{line.money:,.2f}",
        **_next(frame, line),
    }  # fmt: skip


def _next(frame: Frame, line: queries.FindingLine) -> dict[str, Any]:
    """What whoever reads may do now."""
    actor, state = frame.actor, line.state
    serves = actor.may(Act.SERVE_ORDER)
    operates = actor.may(Act.ENTER_PLAN) and actor.facility == line.facility
    in_time = line.limit_at is not None and line.limit_at > from_us(frame.now_us)
    looks_back = bool(line.look_back_task) and line.looked_back_at is None and actor.may(Act.RECHECK_FINDING)
    looks = actor.may(Act.RECHECK_FINDING) and (state == FindingState.FIXED or looks_back)
    why_not = (
        why_not_look(line.recorded_account, line.fixed_account, line.facility, actor, now=clock.now()) if looks else ""
    )
    return {
        "may_order": serves and state in (FindingState.RECORDED, *_WITH_FACILITY),
        "is_first_order": state == FindingState.RECORDED,
        "may_withdraw": serves and state == FindingState.RECORDED,
        "may_plan": operates and state in _WITH_FACILITY and in_time,
        "needs_order": operates and state in _WITH_FACILITY and not in_time,
        "may_fix": operates and state == FindingState.PLANNED,
        "may_look": looks and not looks_back and not why_not,
        "may_look_back": looks_back and not why_not,
        "why_not_look": why_not,
        "may_release": serves and state == FindingState.RECHECKED,
        "once": secrets.token_urlsafe(16),
    }


def _typed(post: Mapping[str, str]) -> dict[str, str]:
    return {name: post.get(name, "") for name in ("note", "why", "demand", "limit", "grade", "said")}


def _photo(request: HttpRequest, finding_id: str, number: int) -> queries.PhotoLine:
    photos = queries.photos(actor_of_request(request).scope, finding_id)
    if not 1 <= number <= len(photos):
        raise UnknownName(_("photograph"), _("no such photograph"), _("open it from its finding"))
    return photos[number - 1]
