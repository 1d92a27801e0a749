"""The requester's page: by the receipt code alone, no log-in, no script. The code is posted, never part of an address."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tocsin.doors.client_address import client_address
from tocsin.doors.console.cases_form import shown_value
from tocsin.doors.console.cases_words import levels_on_page
from tocsin.doors.console.period_words import period_words
from tocsin.doors.console.standing import post_title
from tocsin.doors.portal.frame import language_of, page_context
from tocsin.doors.portal.tries import Tries
from tocsin.doors.refusals import status_of
from tocsin.loop.warn.names import Names
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records import clock
from tocsin.records.cases import queries, services
from tocsin.records.cases.queries import ReceiptFile
from tocsin.records.cases.refusals import in_words
from tocsin.records.cases.told import Told, told_by_code
from tocsin.records.places import queries as places
from tocsin.terms.errors import Refused, TocsinError, Unavailable, UnknownName

__all__ = ["TRIES", "receipt"]

TRIES = Tries(60)  # of one address: a code has 100 bits, this only spares the machine
_CODE = 60


@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest) -> HttpResponse:
    """Ask for the code, then the case: its number, its state, who has it, until when, messages; write, rate, appeal."""
    language = language_of(request)
    with translation.override(language):
        if request.method != "POST":
            return _page(request, language, {})
        code = request.POST.get("code", "")[:_CODE]
        if TRIES.too_many(client_address(request) or ""):
            return _page(request, language, {"later": True}, status=429)
        error: TocsinError | None = None
        done = ""
        try:
            done = _do(request, code)
        except (Refused, Unavailable) as refused:
            error = refused
        try:
            file = queries.file_of_code(code)
            told = told_by_code(code, now=clock.now())
        except UnknownName as refused:
            return _page(request, language, {"error": refused, "code": code}, status=404)
        shown = _shown(file, language) | _told(file, told, language) | {"code": code, "error": error, "done": done}
        if error is not None:  # what was typed is not lost
            shown |= {"words": request.POST.get("words", "")[:2000], "what": request.POST.get("what", "")}
        status = 200 if error is None else status_of(error) if isinstance(error, Refused) else 503
        return _page(request, language, shown, status=status)


def _do(request: HttpRequest, code: str) -> str:
    """What the requester does, in a sentence; "" where they only look."""
    what, words, now = request.POST.get("what", ""), request.POST.get("words", ""), clock.now()
    if what == "write":
        services.write_as_requester(code, words, now=now)
        return _("Your message is with the office.")
    if what == "appeal":
        services.appeal(code, words, now=now)
        return _("Your appeal is made. Below stands who looks at it, and until when.")
    if what == "rate":
        score, right = request.POST.get("score", ""), request.POST.get("put_right", "")
        services.rate(
            code,
            int(score) if score in "12345" and len(score) == 1 else 0,
            {"yes": True, "no": False}.get(right),
            now=now,
        )
        return _("Thank you. The office does not choose who is asked.")
    return ""


def _shown(file: ReceiptFile, language: str) -> dict[str, Any]:
    line = file.line
    kind = line.kind

    def moment(at: Any) -> str:
        return places.local_time(at, line.jurisdiction).strftime("%Y-%m-%d %H:%M")

    state = kind.states[line.state]
    running = [one for one in file.clocks if one.ended_at is None and one.purpose in ("case", "appeal", "ruling")]
    return {
        "file": file, "kind_title": in_words(kind.title), "state_title": in_words(state.title),
        "owner": post_title(line.owner, language), "opened": moment(line.opened_at),
        "clocks": [(in_words(kind.clocks[one.code].title), moment(one.due_at), one) for one in running],
        "hands": [(post_title(one.after, language), moment(one.at), one.what) for one in file.hands if one.what != "contested"],
        "messages": [(one, moment(one.at)) for one in file.messages],
        "appeals": [(one, post_title(one.owner, language), moment(one.at), level) for one, level in zip(
            file.appeals, levels_on_page(kind, [made.upheld for made in file.appeals]), strict=True)],
        "sealed": kind.sealed, "purged": moment(line.purged_at) if line.purged_at else "",
        "reads": [(post_title(one.post, language), moment(one.at), _purpose(kind, one.purpose))
                     for one in file.reads if one.at is not None],
        "may_rate": line.is_over and not file.rated,
    }  # fmt: skip


def _told(file: ReceiptFile, told: Told, language: str) -> dict[str, Any]:
    """What the office tells, and which appeal is next: who would decide, until when it can be asked, how long it takes."""
    line, zone = file.line, places.local_time(clock.now(), file.line.jurisdiction).tzinfo
    answers = [shown_value(line.kind, name, value, zone or UTC) for name, value in told.answers]
    following = told.appeal
    if following is None:
        return {"told": answers, "may_appeal": False}
    spec = line.kind.clocks[following.desk.clock]
    until = places.local_time(following.until, line.jurisdiction).strftime("%Y-%m-%d %H:%M") if following.until else ""
    return {
        "told": answers, "may_appeal": True, "appeal_title": in_words(following.desk.title) or _("Appeal"),
        "appeal_owner": post_title(following.owner, language) if following.owner else "", "appeal_until": until,
        "appeal_within": period_words(spec.period), "appeal_clause": spec.clause,
    }  # fmt: skip


def _purpose(kind: CaseKind, code: str) -> str:
    found = kind.seal.purposes.get(code) if kind.seal else None
    return in_words(found.title) if found else code


def _page(request: HttpRequest, language: str, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    blank = {"later": False, "done": "", "error": None, "file": None, "code": "", "words": "", "what": ""}
    context = page_context(request, language, Names.read(), clock.now()) | blank | more
    response = render(request, "portal/receipt.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
