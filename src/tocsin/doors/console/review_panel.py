"""The panel of the event page about its review: what keeps it open, who may close it, and how far the review is."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.panels import Next, Panel
from tocsin.loop.detect.queries import EventDetail
from tocsin.loop.review import queries
from tocsin.loop.review.lifecycle import ReviewState
from tocsin.loop.verify import queries as verify
from tocsin.records import clock
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.event import EventState

__all__ = ["contribute"]


def contribute(request: HttpRequest, frame: Frame, actor: Actor, detail: EventDetail) -> Panel:
    """Panel ``review``. Closing needs a reason, so the offer is a link to the form on the review page."""
    event_id = detail.event.id
    dossier = verify.dossiers(EVERYWHERE, [event_id]).get(event_id)
    closed_at = dossier.closed_at if dossier else None
    review = queries.review(frame.scope, event_id)
    open_ends = [] if closed_at or dossier is None else queries.open_ends(event_id, now=clock.now())
    closable = (
        dossier is not None and closed_at is None and not open_ends and detail.event.state is not EventState.MERGED
    )
    context = {
        "event": event_id, "is_closed": closed_at is not None, "open_ends": open_ends, "closable": closable, "review": review,
        "may_read": queries.may_read(frame.scope), "may_close": actor.may(Act.CLOSE_EVENT),
        "may_publish": actor.may(Act.PUBLISH_REVIEW), "findings": queries.findings_going_on(event_id),
    }  # fmt: skip
    html = render_to_string("console/panels/review.html", context, request)
    page = reverse("console:review", args=[event_id])
    offer = None
    if closable and actor.may(Act.CLOSE_EVENT):
        offer = Next(_("Close event"), f"{page}#closing", urgency=40)
    elif closed_at and review.state is not ReviewState.PUBLISHED and actor.may(Act.PUBLISH_REVIEW):
        offer = Next(_("Write the review"), f"{page}#review", urgency=30)
    if review.state is ReviewState.PUBLISHED:
        return Panel("review", "done", _("Review published"), html, review.published_at)
    if closed_at:
        return Panel("review", "todo", _("Closed, review not published"), html, closed_at, next=offer)
    if closable:
        return Panel("review", "todo", _("May be closed"), html, next=offer)
    return Panel("review", "none", _("Not closed yet"), html)
