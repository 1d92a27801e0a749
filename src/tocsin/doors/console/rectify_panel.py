"""The panel of rectify on the event page: the findings that were made, and the next step of whoever reads."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.panels import Next, Panel
from tocsin.doors.console.rectify_words import finding_on_page
from tocsin.loop.detect.queries import EventDetail
from tocsin.loop.rectify import queries
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.loop.rectify.queries import FindingLine
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.moment import from_us

__all__ = ["contribute"]


def contribute(request: HttpRequest, frame: Frame, actor: Actor, detail: EventDetail) -> Panel:
    """Panel ``rectify``."""
    if not actor.may(Act.READ_FINDINGS):
        return Panel("rectify", "none", "", SafeString(""))
    event, now = detail.event.id, from_us(frame.now_us)
    lines = queries.findings(frame.scope, event=event)
    kept = [line for line in lines if line.state != FindingState.WITHDRAWN]
    waiting = [line for line in queries.waiting_for(frame.scope) if line.event == event]
    new = f"{reverse('rectify:new')}?{urlencode({'event': event})}" if actor.may(Act.RECORD_FINDING) else ""
    context = {
        "findings": [finding_on_page(line, frame.language, now) for line in lines], "new": new, "now_us": frame.now_us,
        "zone": frame.zone, "language": frame.language, "scheme": frame.words.scheme,
    }  # fmt: skip
    html = SafeString(render_to_string("console/panels/rectify.html", context, request))
    state, said = _state(kept)
    due = min((line.due_at for line in kept if line.is_open and line.due_at), default=None)
    since = min((line.recorded_at for line in kept), default=None)
    return Panel("rectify", state, said, html, since, due, _next(waiting))


def _state(lines: list[FindingLine]) -> tuple[str, str]:
    if not lines:
        return "none", _("No finding")
    left = [line for line in lines if line.is_open]
    if not left:
        return "done", ngettext("{n} finding closed", "{n} findings closed", len(lines)).format(n=len(lines))
    late = sum(line.overdue_at is not None for line in left)
    if late:
        return "overdue", ngettext("{n} finding overdue", "{n} findings overdue", late).format(n=late)
    said = ngettext("{n} finding open", "{n} findings open", len(left)).format(n=len(left))
    return "todo" if any(line.state == FindingState.RECORDED for line in left) else "running", said


def _next(waiting: list[FindingLine]) -> Next | None:
    if not waiting:
        return None
    line = waiting[0]
    labels = {
        FindingState.RECORDED: _("Serve the order"), FindingState.FIXED: _("Look again"),
        FindingState.RECHECKED: _("Release or refuse"), FindingState.REOPENED: _("See the finding"),
    }  # fmt: skip
    url = reverse("rectify:finding", args=[line.id])
    if line.look_back_task and line.state == FindingState.CLOSED:
        return Next(_("Look back"), url, urgency=45)
    return Next(labels.get(line.state, _("See the finding")), url, urgency=45)
