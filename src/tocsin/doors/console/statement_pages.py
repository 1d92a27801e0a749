"""A statement: written by one click from what is known, read in both languages, released by somebody else."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import open_frame
from tocsin.doors.console.lines import events_on_page
from tocsin.doors.console.respond_pages import SHEETS
from tocsin.doors.console.respond_words import statement_on_page
from tocsin.doors.console.standing import post_title
from tocsin.doors.refusals import status_of
from tocsin.loop.detect import queries as detect
from tocsin.loop.respond import queries, statements
from tocsin.loop.respond.doers import posts_above
from tocsin.loop.respond.lifecycle import StatementState
from tocsin.records import clock
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue, Refused

__all__ = ["discard", "draft", "release", "rewrite", "statement"]


@require_POST
@acting(Act.DRAFT_STATEMENT)
def draft(request: HttpRequest, event_id: str) -> HttpResponse:
    """Write the next statement (or write the draft that lies there anew) and show it."""
    made = statements.draft(event_id, request.POST.get("kind", ""), once=request.POST.get("once", "")[:64],
                            actor=actor_of_request(request), now=clock.now())  # fmt: skip
    return _to(made)


@require_safe
@acting(Act.READ_RESPONSE)
def statement(request: HttpRequest, statement_id: str) -> HttpResponse:
    """A statement in both languages."""
    return _page(request, statement_id)


@require_POST
@acting(Act.DRAFT_STATEMENT)
def rewrite(request: HttpRequest, statement_id: str) -> HttpResponse:
    """Write the draft anew, with a remark."""
    try:
        statements.rewrite(statement_id, request.POST.get("remark", "").replace("\r\n", "\n"), revision=_revision(request),
                           actor=actor_of_request(request), now=clock.now())  # fmt: skip
    except Refused as error:
        return _page(request, statement_id, error)
    return _to(statement_id)


@require_POST
@acting(Act.RELEASE_STATEMENT)
def release(request: HttpRequest, statement_id: str) -> HttpResponse:
    """Release it."""
    try:
        statements.release(statement_id, revision=_revision(request), actor=actor_of_request(request), now=clock.now())
    except Refused as error:
        return _page(request, statement_id, error)
    return _to(statement_id)


@require_POST
@acting(Act.DRAFT_STATEMENT)
def discard(request: HttpRequest, statement_id: str) -> HttpResponse:
    """Throw the draft away and go back to the response."""
    actor = actor_of_request(request)
    line = queries.statement(actor.scope, statement_id)
    try:
        statements.discard(statement_id, revision=_revision(request), actor=actor, now=clock.now())
    except Refused as error:
        return _page(request, statement_id, error)
    return HttpResponseRedirect(reverse("respond:response", args=[line.event]))


def _page(request: HttpRequest, statement_id: str, error: Refused | None = None) -> HttpResponse:
    frame, now = open_frame(request), clock.now()
    line = queries.statement(frame.scope, statement_id)
    event = detect.events(frame.scope, [line.event]).get(line.event)
    shown = events_on_page([event] if event else [], frame.words, frame.register, frame.language)
    is_draft = line.state == StatementState.DRAFT
    may_release = is_draft and frame.actor.may(Act.RELEASE_STATEMENT)
    languages = (frame.language, "en" if frame.language == "zh-hans" else "zh-hans")
    context = frame.context(request, "responses", *SHEETS) | {
        "statement": statement_on_page(line, frame.language), "is_draft": is_draft, "error": error,
        "event": shown[0] if shown else None,
        "papers": [queries.paper(frame.scope, statement_id, language) for language in languages],
        "may_draft": is_draft and frame.actor.may(Act.DRAFT_STATEMENT), "may_release": may_release,
        "is_author": frame.actor.account in line.authors,
        "above": [post_title(post.id, frame.language) for post in posts_above(frame.actor.jurisdiction)] if may_release else [],
        "sent_to": [post_title(post, frame.language) for post in line.sent_to],
        "changed": queries.facts_since(frame.scope, statement_id, now=now) if is_draft else 0,
        "remark": request.POST.get("remark", line.remark), "remark_at_most": statements.REMARK_AT_MOST,
        "once": secrets.token_urlsafe(16), "event_id": line.event,
    }  # fmt: skip
    return render(request, "console/statement.html", context, status=status_of(error) if error else 200)


def _revision(request: HttpRequest) -> int:
    text = request.POST.get("revision", "")
    if not text.isdecimal() or len(text) > 9:
        raise BadValue(_("form"), _("it says not which draft it is about"), _("load the page again"))
    return int(text)


def _to(statement_id: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("respond:statement", args=[statement_id]))
