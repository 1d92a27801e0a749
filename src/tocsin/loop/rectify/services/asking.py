"""Who is asked to look again: the nearest inspector on duty who may."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.rectify import limits, notices
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.loop.rectify.models import WorkRow
from tocsin.loop.rectify.queries import FindingLine
from tocsin.loop.rectify.services.rows import RECHECK_KIND, RULE, line_of, task_of
from tocsin.loop.respond import doers
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places
from tocsin.records.tasks import services as tasks

__all__ = ["ask_recheck", "give_rechecks", "nearest_to_look", "why_not_look"]


def why_not_look(recorded: str, fixed: str, facility: str, actor: Actor, *, now: datetime) -> str:
    """In words, why this actor will be refused to look again; "" where it will not. (The kernel refuses, by the pack.)"""
    if actor.account == recorded:
        return _("you recorded this finding")
    if actor.account == fixed:
        return _("you reported it fixed")
    if actor.facility == facility or any(post.facility == facility for post in org.posts_of(actor.account, now=now)):
        return _("you operate this facility")
    return ""


def nearest_to_look(finding: FindingLine, now: datetime) -> PostLine | None:
    """The nearest inspector on duty who may look: not who recorded it, who says it is fixed, or who operates the facility."""
    place = places.facility(EVERYWHERE, finding.facility)
    lon, lat = (place.lon, place.lat) if place else (None, None)
    operators = {
        h.account for h in org.holders(now=now, role=Role.FACILITY_OPERATOR) if h.post.facility == finding.facility
    }
    excluded = {finding.recorded_account, finding.fixed_account, *operators}
    return doers.nearest_on_duty(Role.INSPECTOR, finding.jurisdiction, lon, lat, now=now, not_accounts=excluded)


def ask_recheck(finding: FindingLine, work: WorkRow, actor: Actor, now: datetime) -> bool:
    """A task for the nearest inspector who may look again; none yet where nobody is on duty (the sweep tries again). Keeps the
    row; whether somebody was asked."""
    post = nearest_to_look(finding, now)
    work.asks = post is None
    if post is not None:
        title = {language: notices.recheck_title(finding, language) for language in LANGUAGES}
        order = task_of(finding, RECHECK_KIND, title, post.id, now + limits.RECHECK)
        work.recheck_post, work.recheck_task = post.id, tasks.give(order, actor=actor, now=now)
        notices.recheck_asked(finding, post, actor=actor, now=now)
    work.save()
    return post is not None


def give_rechecks(now: datetime, at_most: int) -> int:
    """Give re-checks that waited for somebody; how many."""
    waiting = WorkRow.objects.filter(asks=True)
    if not waiting.exists():  # asked every second: no transaction where nothing waits
        return 0
    given = 0
    with transaction.atomic():
        for work in waiting.select_for_update().order_by("fixed_at", "case")[:at_most]:
            finding = line_of(work.case)
            if finding.state == FindingState.FIXED:
                given += ask_recheck(finding, work, RULE, now)
    return given
