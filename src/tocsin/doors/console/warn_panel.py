"""The panel of the event page about warnings: what is in force, what waits, and the next thing to do."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.panels import Next, Panel
from tocsin.doors.console.warn_pages import on_page
from tocsin.loop.detect.queries import EventDetail
from tocsin.loop.warn import queries
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.event import EventState

__all__ = ["contribute"]


def contribute(request: HttpRequest, frame: Frame, actor: Actor, detail: EventDetail) -> Panel:
    """Panel ``warn``. Drafting is offered to who may, signing to who may and did not write it."""
    if not actor.may(Act.READ_WARNINGS):
        return Panel("warn", "none", "", render_to_string("console/panels/warn.html", {"warnings": []}, request))
    now = clock.now()
    lines = [w for w in queries.warnings_of(frame.scope, detail.event.id) if w.state is not WarningState.DISCARDED]
    names = Names.read()
    shown = [on_page(line, names, frame.language, now) for line in lines]
    context = {"warnings": shown, "scheme": frame.words.scheme, "language": frame.language, "now_us": frame.now_us,
               "zone": frame.zone}  # fmt: skip
    html = render_to_string("console/panels/warn.html", context, request)
    in_force = [line for line in lines if line.in_force(now)]
    waiting = [line for line in lines if line.state is WarningState.SUBMITTED]
    drafts = [line for line in lines if line.state in (WarningState.DRAFT, WarningState.RETURNED)]
    state, said = _state(in_force, waiting, drafts, lines)
    since = next((line.issued_at for line in in_force), None) or next((line.submitted_at for line in waiting), None)
    due = min((line.expires_at for line in in_force), default=None)
    return Panel("warn", state, said, html, since, due, _next(actor, detail, in_force, waiting, drafts))


def _state(
    in_force: list[queries.WarningLine], waiting: list[queries.WarningLine], drafts: list[queries.WarningLine],
    lines: list[queries.WarningLine],
) -> tuple[str, str]:  # fmt: skip
    if waiting:
        return "todo", _("Waits for approval")
    if in_force:
        return "running", ngettext("{n} warning in force", "{n} warnings in force", len(in_force)).format(
            n=len(in_force)
        )
    if drafts:
        return "running", _("Being written")
    if lines:
        return "done", _("Over")
    return "none", _("No warning")


def _next(
    actor: Actor, detail: EventDetail, in_force: list[queries.WarningLine], waiting: list[queries.WarningLine],
    drafts: list[queries.WarningLine],
) -> Next | None:  # fmt: skip
    """Signing is the most urgent; then drafting, the more so the higher the event; then raising what is too low."""
    for line in waiting:
        if queries.may_sign(actor, line):
            return Next(_("Check and sign"), reverse("console:warning_sign", args=[line.id]), urgency=90, key="w")
    if not actor.may(Act.DRAFT_WARNING):
        return None
    if drafts:
        return Next(_("Go on with the draft"), reverse("console:warning", args=[drafts[-1].id]), urgency=55, key="w")
    is_live = detail.event.state in (EventState.OPEN, EventState.PROPOSED)
    if in_force:
        line = in_force[0]
        page = reverse("console:warning", args=[line.id])
        if not is_live:
            return Next(_("Cancel warning"), page, urgency=60, key="w")
        if detail.event.level > line.level:
            return Next(_("Raise the warning"), page, urgency=58, key="w")
        return Next(_("Look after the warning"), page, urgency=10, key="w")
    if waiting or not is_live:
        return None
    url = f"{reverse('console:warning_compose')}?event={detail.event.id}"
    return Next(_("Compose warning"), url, method="post", urgency=20 + 8 * detail.event.level, key="w")
