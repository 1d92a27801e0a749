"""The panel of respond on the event page: what is declared, what runs, what is late; the commander opens it with one click."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.panels import Next, Panel
from tocsin.doors.console.respond_pages import page_of
from tocsin.loop.detect.queries import EventDetail
from tocsin.loop.respond import queries
from tocsin.loop.respond.lifecycle import IncidentState
from tocsin.loop.respond.queries import ActionLine, IncidentLine
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.moment import from_us
from tocsin.terms.response_level import response_level

__all__ = ["contribute"]

_OPEN, _LOOK, _REPORT = 95, 30, 50  # urgency, out of 100


def contribute(request: HttpRequest, frame: Frame, actor: Actor, detail: EventDetail) -> Panel:
    """Panel ``respond``."""
    if not actor.may(Act.READ_RESPONSE):
        return Panel("respond", "none", "", SafeString(""))
    event, now = detail.event.id, from_us(frame.now_us)
    line = queries.incident_of(frame.scope, event)
    lines = queries.actions(frame.scope, line.id) if line else []
    state, said = _state(line, lines, now, frame.language)
    html = SafeString(render_to_string("console/panels/respond.html", page_of(request, frame, event), request))
    decisions = [line.decide_by] if line and line.decide_by else []
    decisions += [one.decide_by for one in lines if one.is_pinned and one.decide_by]
    due = min((*decisions, *(a.task.due_at for a in lines if a.task is not None and a.task.is_open)), default=None)
    since = (line.ended_at or line.opened_at or line.proposed_at) if line else None
    return Panel(
        "respond", state, said, html, since, due, _next(frame, actor, event, line, any(a.is_pinned for a in lines))
    )


def _state(line: IncidentLine | None, lines: list[ActionLine], now: datetime, language: str) -> tuple[str, str]:
    if line is None:
        return "none", _("No response")
    late = sum(one.task is not None and one.task.is_open and now > one.task.due_at for one in lines)
    pinned = [one for one in lines if one.is_pinned]
    wanting = line.decide_by is not None and now > line.decide_by
    if pinned or wanting:
        asked = line.advised if line.runs and line.advised else line.level
        said = _waits(len(pinned), response_level(asked).word(language))
        return "overdue" if wanting or late or any(one.is_wanting(now) for one in pinned) else "todo", said
    word = response_level(line.level).word(language)
    if line.state == IncidentState.PROPOSED:
        return "todo", _("{level} waits for the commander").format(level=word)
    if line.state != IncidentState.OPEN:
        return "done" if line.state == IncidentState.ENDED else "none", (
            _("{level} ended").format(level=word) if line.state == IncidentState.ENDED else _("Not taken up")
        )
    if late:
        tasks = ngettext("{n} task overdue", "{n} tasks overdue", late).format(n=late)
        return "overdue", f"{word}, {tasks}"
    left = sum(one.task is not None and one.task.is_open for one in lines)
    return "running", f"{word}, " + ngettext("{n} open task", "{n} open tasks", left).format(n=left)


def _waits(pinned: int, level: str) -> str:
    if not pinned:
        return _("{level} waits for the commander").format(level=level)
    said = ngettext("{n} early action waits for the commander", "{n} early actions wait for the commander", pinned)
    return said.format(n=pinned)


def _next(frame: Frame, actor: Actor, event: str, line: IncidentLine | None, pinned: bool) -> Next | None:
    """The single key leads to the page; opening itself is a button there and in the panel (no key does it)."""
    page = reverse("respond:response", args=[event])
    if line is not None and line.state == IncidentState.PROPOSED and actor.may(Act.DIRECT_RESPONSE):
        label = _("Decide on {level}").format(level=response_level(line.level).word(frame.language))
        return Next(label, page, urgency=_OPEN, key="d")
    if pinned and actor.may(Act.DIRECT_RESPONSE):
        return Next(_("Decide on the early actions"), page, urgency=_OPEN, key="d")
    if line is not None and line.runs:
        if actor.may(Act.DRAFT_STATEMENT) and not queries.statements(frame.scope, event):
            return Next(_("Draft the first report"), reverse("respond:draft", args=[event]), "post", _REPORT, "d")
        return Next(_("See the response"), page, urgency=_LOOK, key="d")
    if actor.may(Act.DIRECT_RESPONSE):
        return Next(_("See the response"), page, urgency=5, key="d")
    return None
