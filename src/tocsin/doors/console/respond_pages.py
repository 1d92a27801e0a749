"""The response of an event for its commander: why it is asked for, one click to open it, its tasks with receipts, its
statements, its end. And the list of responses."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.lines import events_on_page
from tocsin.doors.console.respond_words import action_on_page, incident_on_page, level_choices, statement_on_page
from tocsin.doors.console.vault_pages import vault_on_page
from tocsin.doors.refusals import status_of
from tocsin.loop.detect import queries as detect
from tocsin.loop.respond import queries
from tocsin.loop.respond.notices import because_words
from tocsin.loop.respond.services import EXPECTED
from tocsin.loop.verify import queries as verify
from tocsin.loop.warn import queries as warn
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.terms.errors import Refused, UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.moment import from_us
from tocsin.terms.response_level import response_level

__all__ = ["SHEETS", "declared_now", "page_of", "response", "response_page", "responses"]

SHEETS = ("staff.css", "loop.css", "response.css")


@require_safe
@acting(Act.READ_RESPONSE)
@one_moment()
def responses(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, what runs, what is over."""
    frame = open_frame(request)
    lines = queries.incidents(frame.scope, at_most=100)
    events = detect.events(frame.scope, [line.event for line in lines])
    pinned, now = queries.pinned(frame.scope), from_us(frame.now_us)
    shown = [
        {"incident": incident_on_page(line, frame.language, now), "event": _event(frame, events[line.event]),
         "pinned": pinned.get(line.id, 0)}
        for line in lines if line.event in events
    ]  # fmt: skip
    context = frame.context(request, "responses", *SHEETS) | {
        "open": [one for one in shown if one["incident"].line.is_open or one["pinned"]],
        "over": [one for one in shown if not (one["incident"].line.is_open or one["pinned"])],
        "running": sum(line.runs for line in lines),
    }
    return render(request, "console/responses.html", context)


@require_safe
@acting(Act.READ_RESPONSE)
def response(request: HttpRequest, event_id: str) -> HttpResponse:
    """The response of one event, also where there is none: then it says what is declared."""
    return response_page(request, event_id)


def response_page(request: HttpRequest, event_id: str, error: Refused | None = None) -> HttpResponse:
    """The page, with what was refused on top and what was typed still in its fields."""
    with one_moment():
        frame = open_frame(request)
        context = page_of(request, frame, event_id) | {
            "error": error, "typed_why": request.POST.get("why", ""), "verb": "put", "typed": {"words": "", "kind": "evacuate"},
            "vault": vault_on_page(frame.actor, detect.events(frame.scope, [event_id])[event_id]),
        }  # fmt: skip
    return render(request, "console/response.html", context, status=status_of(error) if error else 200)


def page_of(request: HttpRequest, frame: Frame, event_id: str) -> dict[str, Any]:
    """Everything the response page shows."""
    now = from_us(frame.now_us)
    event = detect.events(frame.scope, [event_id]).get(event_id)
    if event is None:
        raise UnknownName(_("event"), _("there is none with this address in your area"), _("open the list of events"))
    line = queries.incident_of(frame.scope, event_id)
    lines = queries.actions(frame.scope, line.id) if line else []
    may_direct = frame.actor.may(Act.DIRECT_RESPONSE) and frame.scope.covers(event.jurisdiction)
    remarks = queries.remarks(frame.scope, [one.task.id for one in lines if one.task])
    actions = [
        action_on_page(one, frame.language, now, remarks.get(one.task.id if one.task else "", [])) for one in lines
    ]
    return frame.context(request, "responses", *SHEETS) | {
        "event": _event(frame, event), "live": event.state in (EventState.OPEN, EventState.PROPOSED),
        "incident": incident_on_page(line, frame.language, now) if line else None,
        "pinned": [one for one in actions if one.line.is_pinned],
        "early": any(one.line.early and not one.line.is_pinned for one in actions),
        "because": queries.because(line, frame.language) if line else "",
        "actions": [one for one in actions if one.line.kind == "action" and not one.line.is_pinned],
        "reports": [one for one in actions if one.line.kind == "report"],
        "open_tasks": sum(one.line.task is not None and one.line.task.is_open for one in actions),
        "late": sum(one.tone == "late" and not one.line.is_pinned for one in actions),
        "nobody": sum(one.tone == "nobody" for one in actions),
        "statements": [statement_on_page(one, frame.language) for one in queries.statements(frame.scope, event_id)],
        "in_force": _in_force(frame, event_id, now), "levels": level_choices(frame.language),
        "declared": declared_now(frame, event, now) if line is None or not line.is_open else [],
        "may_direct": may_direct, "may_draft": frame.actor.may(Act.DRAFT_STATEMENT),
        "hours": int(EXPECTED.total_seconds() // 3600), "once": secrets.token_urlsafe(16),
    }  # fmt: skip


def declared_now(frame: Frame, event: detect.EventLine, now: datetime) -> list[dict[str, str]]:
    """What the packs declare for this event as it stands: for a warning that is in force, and for its confirmation. Empty
    where none is declared, which the page says."""
    out = []
    may_read = frame.actor.may(Act.READ_WARNINGS)
    levels = [w.level for w in warn.warnings_of(frame.scope, event.id) if may_read and w.in_force(now)]
    dossier = verify.dossiers(frame.scope, [event.id]).get(event.id)
    asked = [("warning", max(levels))] if levels else []
    if dossier is not None and dossier.verdict == "confirmed":
        asked.append(("event_confirmed", dossier.peak_level))
    for on, level in asked:
        found = queries.declared_for(event.hazard, on, level)
        if found is not None:
            because = {"on": on, "level": level, "from_level": found.mapping.level, "response": found.mapping.response,
                       "pack": found.pack, "version": found.version, "verified": found.mapping.verified}  # fmt: skip
            out.append({"level": response_level(found.mapping.response).word(frame.language),
                        "said": because_words(because, frame.language)})  # fmt: skip
    return out


def _in_force(frame: Frame, event_id: str, now: datetime) -> int:
    if not frame.actor.may(Act.READ_WARNINGS):
        return 0
    return sum(line.in_force(now) for line in warn.warnings_of(frame.scope, event_id))


def _event(frame: Frame, line: detect.EventLine) -> Any:
    return events_on_page([line], frame.words, frame.register, frame.language)[0]
