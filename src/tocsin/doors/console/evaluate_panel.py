"""The panel of the event page about evaluation: whether the indicators count this event already."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.panels import Panel
from tocsin.loop.detect.queries import EventDetail
from tocsin.loop.review import queries
from tocsin.records import clock
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act

__all__ = ["contribute"]


def contribute(request: HttpRequest, frame: Frame, actor: Actor, detail: EventDetail) -> Panel:
    """Panel ``evaluate``."""
    stage = queries.loop_state(frame.scope, detail.event.id, now=clock.now())[-1]
    said = {"done": _("Counted"), "todo": _("Counted from the next root on")}.get(
        stage.state, _("Counted once it is closed")
    )
    context = {"said": said, "may_read": actor.may(Act.READ_EVALUATION)}
    html = render_to_string("console/panels/evaluate.html", context, request)
    return Panel("evaluate", stage.state, said, html, stage.since)
