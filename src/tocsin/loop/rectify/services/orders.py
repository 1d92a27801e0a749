"""The order, the five implementations that answer it, and the report that it is put right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.rectify import facts, notices
from tocsin.loop.rectify.five import Five, faults
from tocsin.loop.rectify.models import WorkRow
from tocsin.loop.rectify.queries import FindingLine
from tocsin.loop.rectify.services.asking import ask_recheck
from tocsin.loop.rectify.services.rows import (
    KIND,
    WORDS_AT_MOST,
    Step,
    count_photos,
    done,
    fact_of,
    for_task,
    grade_of,
    line_of,
    make,
    take_back,
    task_of,
    work_of,
)
from tocsin.loop.respond import doers
from tocsin.records.blobs import Photo
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, NotAllowed
from tocsin.terms.moment import to_us

__all__ = ["enter_plan", "give_back", "report_fixed", "serve_order"]


def serve_order(
    finding_id: str, limit: datetime, demand: str = "", *, grade: str = "", version: int, actor: Actor, now: datetime
) -> None:
    """Serve the order on the facility: until when, and what is demanded (the finding's own words where nothing is added). Its
    operator's post gets the task and a mail. Also again, with another limit: that is how an order is extended. Raises BadValue
    where the facility has no operator's post: an order that nobody receives is none."""
    with transaction.atomic():
        before = line_of(finding_id)
        actor.require(Act.SERVE_ORDER, before.jurisdiction)
        _future(limit, now, _("limit of the order"))
        post = doers.operator_post(before.facility, now=now, must_be_held=False)
        if post is None:
            raise BadValue(_("order"), _("the facility has no operator's post"),
                           _("have the administrator register a post for it, then serve the order"))  # fmt: skip
        graded = grade_of(grade) if grade else before.grade
        answers = {"grade": graded.value, "demand": demand.strip()[:WORDS_AT_MOST], "limit_at": limit.isoformat()}
        body = {"limit_us": to_us(limit), "operator": post.id, "order": before.orders + 1, "grade": graded.value}
        make(before, Step("order", "order_served", answers, body), version=version, actor=actor, now=now)
        finding, work = line_of(finding_id), work_of(finding_id)
        take_back(work.task, "order_served_again", actor, now)
        work.ordered_at, work.ordered_by, work.operator, work.orders = now, actor.name, post.id, before.orders + 1
        work.overdue_at = None  # another limit may pass once more
        work.task = _give_task(finding, post.id, limit, actor, now)
        work.save()
        fact_of(finding, facts.OrderServed, now, limit_us=to_us(limit))
        notices.order_served(finding, post, actor=actor, now=now)


def enter_plan(finding_id: str, five: Five, *, version: int, actor: Actor, now: datetime) -> None:
    """The facility's operator enters the five implementations. Refused while one is missing; money of 0 must be said."""
    with transaction.atomic():
        finding = line_of(finding_id)
        _operates(finding, actor)
        found = faults(five, limit=finding.limit_at or now, now=now)
        if found:
            named = ", ".join(f"{notices.field_word(fault.field)}: {notices.fault_word(fault.what)}" for fault in found)
            raise BadValue(_("five implementations"), named, _("complete all five, then send the plan"))
        deadline = five.deadline or now
        answers = {
            "responsible": five.person.strip(), "measures": five.measures.strip(), "plan": five.plan.strip(),
            "money": float(five.money or 0), "deadline_at": deadline.isoformat(),
        }  # fmt: skip
        body = {"deadline_us": to_us(deadline), "money": str(five.money)}
        make(finding, Step("plan", "plan_entered", answers, body), version=version, actor=actor, now=now)
        work = work_of(finding_id)
        work.planned_at, work.planned_by = now, actor.name
        work.save()
        if work.task and task_list.task(EVERYWHERE, work.task).is_open:  # whoever enters the plan has the order
            tasks.acknowledge(work.task, actor=for_task(work.task, actor), now=now)
        fact_of(finding, facts.PlanEntered, now, deadline_us=to_us(deadline))


def report_fixed(
    finding_id: str, note: str, photos: Sequence[Photo], *, version: int, actor: Actor, now: datetime
) -> None:
    """The operator says that it is put right, with at least one photograph as proof. Somebody else is asked to look again."""
    with transaction.atomic():
        finding = line_of(finding_id)
        _operates(finding, actor)
        count_photos(photos)
        step = Step("fixed", "finding_fixed", {"fixed_note": note.strip()[:WORDS_AT_MOST]}, photos=photos)
        make(finding, step, version=version, actor=actor, now=now)
        work = work_of(finding_id)
        work.fixed_at, work.fixed_by = now, actor.name
        done(work.task, {"finding": finding_id, "photos": len({photo.digest for photo in photos})}, actor, now)
        ask_recheck(line_of(finding_id), work, actor, now)
        fact_of(finding, facts.FindingFixed, now)


def _give_task(finding: FindingLine, post: str, limit: datetime, actor: Actor, now: datetime) -> str:
    title = {language: notices.order_title(finding, language) for language in LANGUAGES}
    return tasks.give(task_of(finding, KIND, title, post, limit), actor=actor, now=now)


def give_back(finding: FindingLine, work: WorkRow, why: str, actor: Actor, now: datetime) -> None:
    """Not fixed: the facility has it again; where the limit has passed it needs another order first."""
    post = doers.operator_post(finding.facility, now=now, must_be_held=False)
    if post is not None and finding.limit_at and finding.limit_at > now:
        work.task = _give_task(finding, post.id, finding.limit_at, actor, now)
        work.save()
    notices.reopened(finding, post, why, actor=actor, now=now)


def _operates(finding: FindingLine, actor: Actor) -> None:
    actor.require(Act.ENTER_PLAN)
    if actor.facility != finding.facility:
        raise NotAllowed(_("finding"), _("it is about another facility"), _("open an order of your own facility"))


def _future(moment: datetime, now: datetime, what: str) -> None:
    if moment <= now:
        raise BadValue(what, _("it has passed already"), _("choose a day that is still to come"))
    if moment > now + timedelta(days=366):
        raise BadValue(what, _("it is more than a year away"), _("choose a nearer day"))
