"""Opening a case: which kind, where, and what its form asks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tocsin.doors.access import acting
from tocsin.doors.console.cases_drafts import chosen_draft, drafts_on_page, keep_typed
from tocsin.doors.console.cases_form import answers_of, asked
from tocsin.doors.console.cases_pages import SHEETS, case_page, may_open
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.refusals import status_of
from tocsin.packkit.answers import AnswerFault
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records import clock
from tocsin.records.cases import services
from tocsin.records.cases.refusals import AnswersRefused, fault_words, in_words
from tocsin.records.drafts import services as drafts
from tocsin.records.org.roles import Act, Role
from tocsin.records.places import queries as places
from tocsin.terms.errors import NotAllowed, Refused, TocsinError, Unavailable

__all__ = ["new"]


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.WORK_CASES)
def new(request: HttpRequest, pack: str, code: str) -> HttpResponse:
    """The form, and what it brings."""
    frame = open_frame(request)
    kind = next((one for one in may_open(frame.actor) if (one.pack, one.code) == (pack, code)), None)
    if kind is None:
        raise NotAllowed(_("case of kind {kind}").format(kind=f"{pack}/{code}"[:80]), _("your post does not open such cases"),
                         _("open the list of cases"))  # fmt: skip
    if request.method != "POST":
        return _page(request, frame, kind, None, [])
    answers = answers_of(request.POST, kind, kind.form, {}, frame.zone)
    facility = (
        frame.actor.facility if frame.actor.role == Role.FACILITY_OPERATOR else request.POST.get("facility", "")[:100]
    )
    try:
        made = services.open_case(
            kind.name, answers, jurisdiction=request.POST.get("area", "")[:200] or frame.actor.jurisdiction, facility=facility,
            place=request.POST.get("place", "")[:300], parent=request.POST.get("parent", "")[:40],
            once=_once(request, frame.actor.account), actor=frame.actor, now=clock.now(),
        )  # fmt: skip
    except AnswersRefused as error:
        keep_typed(request, error)
        return _page(request, frame, kind, error, error.faults)
    except (Refused, Unavailable) as error:
        keep_typed(request, error)
        return _page(request, frame, kind, error, [])
    drafts.discard(frame.actor.account, form=request.path)
    if made.receipt:
        return case_page(request, made.id, receipt=made.receipt)  # the code is shown this once
    return HttpResponseRedirect(reverse("cases:case", args=[made.id]))


def _once(request: HttpRequest, account: str) -> str:
    """The same form pressed twice opens one case; with other words in it, it is another."""
    once = request.POST.get("once", "")[:64]
    fields = [
        (name, text) for name in request.POST if name != "csrfmiddlewaretoken" for text in request.POST.getlist(name)
    ]
    return drafts.sent_key(account, request.path, once, fields) if once else ""


def _page(
    request: HttpRequest, frame: Frame, kind: CaseKind, error: TocsinError | None, faults: Sequence[AnswerFault]
) -> HttpResponse:
    draft = chosen_draft(request, frame.actor, request.path)
    typed: Mapping[str, str] = (
        request.POST if request.method == "POST" else dict(draft.fields) if draft else request.GET
    )
    kept = [] if draft or request.method == "POST" else drafts_on_page(frame.actor, request.path, kind)
    facilities = [
        (one.id, one.title.get(frame.language) or one.title.get("en") or one.id)
        for one in places.facilities(frame.scope)
    ]
    areas = [(one.path, _title(one.title, one.path, frame)) for one in places.jurisdictions(frame.scope)]
    context: dict[str, Any] = frame.context(request, "cases", *SHEETS) | {
        "kind": kind, "title": in_words(kind.title), "errors": [error] if error and not faults else [], "wrong": bool(faults),
        "drafts": kept,
        "questions": (questions := asked(kind, kind.form, {}, "open", typed, list(faults))),
        "surplus": [(one.field[:60], fault_words(one.what)) for one in faults
                    if f"a_{one.field}" not in {question.name for question in questions}],
        "facilities": sorted(facilities, key=lambda pair: pair[1]),
        "areas": areas, "chosen_facility": typed.get("facility", ""),
        "chosen_area": typed.get("area", frame.actor.jurisdiction),
        "place": typed.get("place", ""), "parent": typed.get("parent", "")[:40],
        "once": request.POST.get("once") or secrets.token_urlsafe(16),
        "is_operator": frame.actor.role == Role.FACILITY_OPERATOR,
    }  # fmt: skip
    status = 200 if error is None else status_of(error) if isinstance(error, Refused) else 503
    return render(request, "console/case_new.html", context, status=status)


def _title(titles: Mapping[str, str], otherwise: str, frame: Frame) -> str:
    return titles.get(frame.language) or titles.get("en") or otherwise
