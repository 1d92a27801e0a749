"""The order, the five implementations that answer it, and the report that it is put right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tocsin.loop.rectify import facts, notices
from tocsin.loop.rectify.five import Five, faults
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.loop.rectify.models import FindingRow
from tocsin.loop.rectify.services.looking import ask_recheck
from tocsin.loop.rectify.services.rows import (
    KIND,
    RULE,
    WORDS_AT_MOST,
    _for_task,
    count_photos,
    done,
    grade_of,
    keep,
    move,
    row_of,
    save,
    take_back,
    task_of,
    tell,
)
from tocsin.loop.respond import doers
from tocsin.loop.respond.commitment import commitment
from tocsin.records.blobs import Photo
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, NotAllowed
from tocsin.terms.moment import to_us

__all__ = ["enter_plan", "overdue_orders", "report_fixed", "serve_order"]

_WITH_FACILITY = (FindingState.ORDERED, FindingState.PLANNED, FindingState.REOPENED)


def serve_order(
    finding_id: str, limit: datetime, demand: str = "", *, grade: str = "", version: int, actor: Actor, now: datetime
) -> None:
    """Serve the order on the facility: until when, and what is demanded (the finding's own words where nothing is added). Its
    operator's post gets the task and a mail. Also again, with another limit. Raises BadValue where the facility has no
    operator's post: an order that nobody receives is none."""
    with transaction.atomic():
        row = row_of(finding_id)
        actor.require(Act.SERVE_ORDER, row.jurisdiction)
        move(row, FindingState.ORDERED, version)
        _future(limit, now, _("limit of the order"))
        post = doers.operator_post(row.facility, now=now, must_be_held=False)
        if post is None:
            raise BadValue(_("order"), _("the facility has no operator's post"),
                           _("have the administrator register a post for it, then serve the order"))  # fmt: skip
        row.grade = grade_of(grade) if grade else row.grade
        row.demand = demand.strip()[:WORDS_AT_MOST]
        row.limit_at, row.ordered_at, row.ordered_by, row.operator = limit, now, actor.name, post.id
        row.orders += 1
        row.overdue_at = None  # another limit may pass once more
        take_back(row.task, "order_served_again", actor, now)
        title = {language: notices.order_title(row, language) for language in LANGUAGES}
        row.task = tasks.give(task_of(row, KIND, title, post.id, limit), actor=actor, now=now)
        save(row)
        tell(row, "order_served", facts.OrderServed, actor, now, limit_us=to_us(limit), operator=post.id, task=row.task,
              demand=commitment(row.demand, row.salt), order=row.orders, grade=row.grade)  # fmt: skip
        notices.order_served(row, post, actor=actor, now=now)


def enter_plan(finding_id: str, five: Five, *, version: int, actor: Actor, now: datetime) -> None:
    """The facility's operator enters the five implementations. Refused while one is missing; money of 0 must be said."""
    with transaction.atomic():
        row = row_of(finding_id)
        _operates(row, actor, Act.ENTER_PLAN)
        move(row, FindingState.PLANNED, version)
        found = faults(five, limit=row.limit_at or now, now=now)
        if found:
            named = ", ".join(f"{notices.field_word(fault.field)}: {notices.fault_word(fault.what)}" for fault in found)
            raise BadValue(_("five implementations"), named, _("complete all five, then send the plan"))
        row.person, row.measures, row.plan = five.person.strip(), five.measures.strip(), five.plan.strip()
        row.money, row.deadline_at, row.planned_at, row.planned_by = five.money, five.deadline, now, actor.name
        save(row)
        _receive(row, actor, now)
        body: dict[str, Any] = {
            name: commitment(getattr(row, name), row.salt) for name in ("person", "measures", "plan")
        }
        tell(
            row,
            "plan_entered",
            facts.PlanEntered,
            actor,
            now,
            deadline_us=to_us(five.deadline or now),
            money=str(row.money),
            **body,
        )


def report_fixed(
    finding_id: str, note: str, photos: Sequence[Photo], *, version: int, actor: Actor, now: datetime
) -> None:
    """The operator says that it is put right, with at least one photograph as proof. Somebody else is asked to look again."""
    with transaction.atomic():
        row = row_of(finding_id)
        _operates(row, actor, Act.ENTER_PLAN)
        move(row, FindingState.FIXED, version)
        if not photos:
            raise BadValue(
                _("proof"), _("there is no photograph"), _("add at least one photograph of the place as it is now")
            )
        count_photos(photos)
        row.fixed_at, row.fixed_by, row.fixed_account = now, actor.name, actor.account
        row.fixed_note = note.strip()[:WORDS_AT_MOST]
        kept = keep(row, "fixed", photos, actor, now)
        done(row.task, {"finding": row.id, "photos": len(kept)}, actor, now)
        ask_recheck(row, actor, now)
        save(row)
        tell(row, "finding_fixed", facts.FindingFixed, actor, now, photos=kept, note=commitment(row.fixed_note, row.salt),
              recheck_post=row.recheck_post)  # fmt: skip


def _operates(row: FindingRow, actor: Actor, act: Act) -> None:
    actor.require(act)
    if actor.facility != row.facility:
        raise NotAllowed(_("finding"), _("it is about another facility"), _("open an order of your own facility"))


def _receive(row: FindingRow, actor: Actor, now: datetime) -> None:
    """Whoever enters the plan has the order."""
    if row.task and task_list.task(EVERYWHERE, row.task).is_open:
        tasks.acknowledge(row.task, actor=_for_task(row.task, actor), now=now)


def _future(moment: datetime, now: datetime, what: str) -> None:
    if moment <= now:
        raise BadValue(what, _("it has passed already"), _("choose a day that is still to come"))
    if moment > now + timedelta(days=366):
        raise BadValue(what, _("it is more than a year away"), _("choose a nearer day"))


def overdue_orders(now: datetime, at_most: int) -> int:
    """Tell of deadlines that passed; how many."""
    planned = Q(state=FindingState.PLANNED, deadline_at__lte=now)
    due = FindingRow.objects.filter(Q(limit_at__lte=now) | planned, state__in=_WITH_FACILITY, overdue_at=None)
    if not due.exists():  # asked every second: no transaction where nothing is due
        return 0
    with transaction.atomic():
        rows = list(due.select_for_update().order_by("limit_at", "id")[:at_most])
        for row in rows:
            row.overdue_at = now
            row.save(update_fields=["overdue_at"])  # the version stays: nothing that a form shows has changed
            at = _deadline(row)
            body = {"finding": row.id, "due_us": to_us(at), "order": row.orders}
            ledger.append(row.id, "finding_overdue", body, actor=RULE.name, now=now)
            fact = facts.FindingOverdue(row.id, row.event, row.facility, row.grade, row.jurisdiction, to_us(at))
            outbox.put([fact], now=now)
            notices.overdue(row, at, now=now)
    return len(rows)


def _deadline(row: FindingRow) -> datetime:
    limit = row.limit_at or row.recorded_at  # whatever is with a facility has a limit
    planned = row.deadline_at if row.state == FindingState.PLANNED else None
    return min(limit, planned) if planned is not None else limit
