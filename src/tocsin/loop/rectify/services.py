"""The only writer of rectify. A finding goes from what was seen to what was put right, and nobody closes it alone: the one who
recorded it, the one who says it is fixed and the one who looks again are three different accounts at most steps."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tocsin.engine.hazard import Facility
from tocsin.loop.rectify import facts, limits, notices
from tocsin.loop.rectify.five import Five, faults
from tocsin.loop.rectify.lifecycle import FindingState, Grade, Recheck, after_recheck, may_move
from tocsin.loop.rectify.models import FindingRow, PhotoRow
from tocsin.loop.respond import doers
from tocsin.loop.respond.commitment import commitment, new_salt
from tocsin.records.blobs import Photo
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.places import queries as places
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = [
    "KIND", "RECHECK_KIND", "RULE", "WORDS_AT_MOST", "enter_plan", "note_recheck_overdue", "recheck", "record",
    "release", "report_fixed", "serve_order", "sweep", "why_not_look", "withdraw",
]  # fmt: skip

RULE = service("rule:rectify")
KIND, RECHECK_KIND = "rectification", "recheck"  # of its tasks
WORDS_AT_MOST = 4000
_WITH_FACILITY = (FindingState.ORDERED, FindingState.PLANNED, FindingState.REOPENED)


def record(
    event_id: str | None, facility: str, grade: str, words: str, photos: Sequence[Photo] = (), *, verification: str = "",
    once: str = "", actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """An inspector saw a dangerous condition at a facility; the finding's id. With ``event`` and ``verification`` it says where
    it was made. Raises NotAllowed, UnknownName for a facility nobody registered, BadValue."""
    with transaction.atomic():
        actor.require(Act.RECORD_FINDING)
        same = FindingRow.objects.filter(once=once).first() if once else None
        if same is not None:
            return same.id
        place = _facility(facility)
        actor.require(Act.RECORD_FINDING, place.jurisdiction)
        _photos_count(photos)
        row = FindingRow.objects.create(
            id=uuid7_id("fnd", to_us(now) // 1000, secrets.randbits(74)), event=event_id or "", verification=verification,
            facility=place.id, jurisdiction=place.jurisdiction, grade=_grade(grade), state=FindingState.RECORDED,
            words=_words(words, _("what is wrong")), salt=new_salt(), recorded_at=now, recorded_by=actor.name,
            recorded_account=actor.account, once=once or None,
        )  # fmt: skip
        kept = _keep(row, "found", photos, actor, now)
        _tell(row, "finding_recorded", facts.FindingRecorded, actor, now, words=commitment(row.words, row.salt), photos=kept,
              verification=verification)  # fmt: skip
        if row.event:
            body = {"finding": row.id, "facility": row.facility, "grade": row.grade, "verification": verification}
            ledger.append(row.event, "finding_recorded", body, actor=actor.name, now=now)
        notices.recorded(row, now=now)
    return row.id


def serve_order(
    finding_id: str, limit: datetime, demand: str = "", *, grade: str = "", version: int, actor: Actor, now: datetime
) -> None:
    """Serve the order on the facility: until when, and what is demanded (the finding's own words where nothing is added). Its
    operator's post gets the task and a mail. Also again, with another limit. Raises BadValue where the facility has no
    operator's post: an order that nobody receives is none."""
    with transaction.atomic():
        row = _row(finding_id)
        actor.require(Act.SERVE_ORDER, row.jurisdiction)
        _move(row, FindingState.ORDERED, version)
        _future(limit, now, _("limit of the order"))
        post = doers.operator_post(row.facility, now=now, must_be_held=False)
        if post is None:
            raise BadValue(_("order"), _("the facility has no operator's post"),
                           _("have the administrator register a post for it, then serve the order"))  # fmt: skip
        row.grade = _grade(grade) if grade else row.grade
        row.demand = demand.strip()[:WORDS_AT_MOST]
        row.limit_at, row.ordered_at, row.ordered_by, row.operator = limit, now, actor.name, post.id
        row.orders += 1
        row.overdue_at = None  # another limit may pass once more
        _take_back(row.task, "order_served_again", actor, now)
        title = {language: notices.order_title(row, language) for language in LANGUAGES}
        row.task = tasks.give(_order(row, KIND, title, post.id, limit), actor=actor, now=now)
        _save(row)
        _tell(row, "order_served", facts.OrderServed, actor, now, limit_us=to_us(limit), operator=post.id, task=row.task,
              demand=commitment(row.demand, row.salt), order=row.orders, grade=row.grade)  # fmt: skip
        notices.order_served(row, post, actor=actor, now=now)


def enter_plan(finding_id: str, five: Five, *, version: int, actor: Actor, now: datetime) -> None:
    """The facility's operator enters the five implementations. Refused while one is missing; money of 0 must be said."""
    with transaction.atomic():
        row = _row(finding_id)
        _operates(row, actor, Act.ENTER_PLAN)
        _move(row, FindingState.PLANNED, version)
        found = faults(five, limit=row.limit_at or now, now=now)
        if found:
            named = ", ".join(f"{notices.field_word(fault.field)}: {notices.fault_word(fault.what)}" for fault in found)
            raise BadValue(_("five implementations"), named, _("complete all five, then send the plan"))
        row.person, row.measures, row.plan = five.person.strip(), five.measures.strip(), five.plan.strip()
        row.money, row.deadline_at, row.planned_at, row.planned_by = five.money, five.deadline, now, actor.name
        _save(row)
        _receive(row, actor, now)
        body: dict[str, Any] = {
            name: commitment(getattr(row, name), row.salt) for name in ("person", "measures", "plan")
        }
        _tell(
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
        row = _row(finding_id)
        _operates(row, actor, Act.ENTER_PLAN)
        _move(row, FindingState.FIXED, version)
        if not photos:
            raise BadValue(
                _("proof"), _("there is no photograph"), _("add at least one photograph of the place as it is now")
            )
        _photos_count(photos)
        row.fixed_at, row.fixed_by, row.fixed_account = now, actor.name, actor.account
        row.fixed_note = note.strip()[:WORDS_AT_MOST]
        kept = _keep(row, "fixed", photos, actor, now)
        _done(row.task, {"finding": row.id, "photos": len(kept)}, actor, now)
        _ask_recheck(row, actor, now)
        _save(row)
        _tell(row, "finding_fixed", facts.FindingFixed, actor, now, photos=kept, note=commitment(row.fixed_note, row.salt),
              recheck_post=row.recheck_post)  # fmt: skip


def recheck(
    finding_id: str, said: str, note: str, photos: Sequence[Photo] = (), *, version: int, actor: Actor, now: datetime
) -> None:
    """Somebody else looks again. Never the account that recorded it, never the one that says it is fixed, never anybody who
    operates the facility."""
    with transaction.atomic():
        row = _row(finding_id)
        actor.require(Act.RECHECK_FINDING, row.jurisdiction)
        why_not = why_not_look(row.recorded_account, row.fixed_account, row.facility, actor, now=now)
        if why_not:
            raise NotAllowed(_("re-check"), why_not, _("have another inspector look again"))
        answer = _said(said)
        after = after_recheck(Grade(row.grade), answer)
        _move(row, after, version)
        _photos_count(photos)
        row.rechecked_at, row.rechecked_by, row.rechecked_account = now, actor.name, actor.account
        row.recheck_said, row.recheck_note = answer, note.strip()[:WORDS_AT_MOST]
        kept = _keep(row, "recheck", photos, actor, now)
        _done(row.recheck_task, {"finding": row.id, "said": answer}, actor, now)
        row.recheck_task = row.recheck_post = ""
        if after == FindingState.CLOSED:
            _close(row, actor, now)
        _save(row)
        _tell(row, "finding_rechecked", facts.FindingRechecked, actor, now, said=answer, photos=kept,
              note=commitment(row.recheck_note, row.salt))  # fmt: skip
        _after_recheck(row, after, actor, now)


def release(finding_id: str, why: str = "", *, agreed: bool = True, version: int, actor: Actor, now: datetime) -> None:
    """The authority releases a major finding after its re-check, or does not and says why. Not by the account that looked."""
    with transaction.atomic():
        row = _row(finding_id)
        actor.require(Act.SERVE_ORDER, row.jurisdiction)
        after = FindingState.CLOSED if agreed else FindingState.REOPENED
        if row.state != FindingState.RECHECKED:
            raise Stale(_("finding"), _("it waits for no release"), _("load the page again"))
        if actor.account == row.rechecked_account:
            raise NotAllowed(_("release"), _("whoever looked again may not release it"), _("ask another case handler"))
        _move(row, after, version)
        row.ended_why = why.strip()[:WORDS_AT_MOST] if agreed else _words(why, _("reason"))
        if agreed:
            _close(row, actor, now)
        _save(row)
        if agreed:
            _tell(row, "finding_closed", facts.FindingClosed, actor, now, **_closing(row))
        else:
            ledger.append(
                row.id, "release_refused", {"why": commitment(row.ended_why, row.salt)}, actor=actor.name, now=now
            )
            _back_to_facility(row, row.ended_why, actor, now)


def withdraw(finding_id: str, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """It was recorded by mistake: only before an order is served, by the case handler, with a reason."""
    with transaction.atomic():
        row = _row(finding_id)
        actor.require(Act.SERVE_ORDER, row.jurisdiction)
        _move(row, FindingState.WITHDRAWN, version)
        row.ended_why, row.closed_at, row.closed_by = _words(why, _("reason")), now, actor.name
        _save(row)
        _tell(row, "finding_withdrawn", facts.FindingWithdrawn, actor, now, why=commitment(row.ended_why, row.salt))


def note_recheck_overdue(finding_id: str, *, now: datetime) -> None:
    """Nobody looked again in time (told once, by tasks): the case handlers are told."""
    with transaction.atomic():
        row = FindingRow.objects.filter(id=finding_id, state=FindingState.FIXED).first()
        if row is not None:
            ledger.append(row.id, "recheck_overdue", {"post": row.recheck_post}, actor=RULE.name, now=now)
            notices.recheck_overdue(row, now=now)


def sweep(*, now: datetime, at_most: int = 100) -> int:
    """Deadlines that passed are told once an order, also after a stop; a re-check that had nobody is given as soon as somebody
    is on duty. How many of both."""
    return _overdue(now, at_most) + _rechecks(now, at_most)


def why_not_look(recorded: str, fixed: str, facility: str, actor: Actor, *, now: datetime) -> str:
    """Why this actor may not look again; "" where it may."""
    if actor.account == recorded:
        return _("you recorded this finding")
    if actor.account == fixed:
        return _("you reported it fixed")
    if actor.facility == facility or any(post.facility == facility for post in org.posts_of(actor.account, now=now)):
        return _("you operate this facility")
    return ""


# ---------------------------------------------------------------- inside
def _overdue(now: datetime, at_most: int) -> int:
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


def _rechecks(now: datetime, at_most: int) -> int:
    given = 0
    waiting = FindingRow.objects.filter(state=FindingState.FIXED, recheck_task="")
    if not waiting.exists():
        return 0
    with transaction.atomic():
        for row in waiting.select_for_update().order_by("fixed_at", "id")[:at_most]:
            _ask_recheck(row, RULE, now)
            if row.recheck_task:
                row.save(update_fields=["recheck_task", "recheck_post"])
                given += 1
    return given


def _deadline(row: FindingRow) -> datetime:
    limit = row.limit_at or row.recorded_at  # whatever is with a facility has a limit
    planned = row.deadline_at if row.state == FindingState.PLANNED else None
    return min(limit, planned) if planned is not None else limit


def _ask_recheck(row: FindingRow, actor: Actor, now: datetime) -> None:
    """A task for the nearest inspector who may look again; none yet where nobody is on duty (the sweep tries again)."""
    place = next((f for f in places.facilities(EVERYWHERE) if f.id == row.facility), None)
    lon, lat = (place.lon, place.lat) if place else (None, None)
    operators = {
        h.account for h in org.holders(now=now, role=Role.FACILITY_OPERATOR) if h.post.facility == row.facility
    }
    excluded = {row.recorded_account, row.fixed_account, *operators}
    post = doers.nearest_on_duty(Role.INSPECTOR, row.jurisdiction, lon, lat, now=now, not_accounts=excluded)
    if post is None:
        return
    title = {language: notices.recheck_title(row, language) for language in LANGUAGES}
    row.recheck_post = post.id
    row.recheck_task = tasks.give(_order(row, RECHECK_KIND, title, post.id, now + limits.RECHECK), actor=actor, now=now)
    notices.recheck_asked(row, post, actor=actor, now=now)


def _after_recheck(row: FindingRow, after: FindingState, actor: Actor, now: datetime) -> None:
    if after == FindingState.CLOSED:
        _tell(row, "finding_closed", facts.FindingClosed, actor, now, **_closing(row))
    elif after == FindingState.RECHECKED:
        notices.release_wanted(row, now=now)
    else:
        _back_to_facility(row, row.recheck_note, actor, now)


def _back_to_facility(row: FindingRow, why: str, actor: Actor, now: datetime) -> None:
    """Not fixed: the facility has it again; where the limit has passed it needs another order first."""
    post = doers.operator_post(row.facility, now=now, must_be_held=False)
    if post is not None and row.limit_at and row.limit_at > now:
        title = {language: notices.order_title(row, language) for language in LANGUAGES}
        row.task = tasks.give(_order(row, KIND, title, post.id, row.limit_at), actor=actor, now=now)
        row.save(update_fields=["task"])
    notices.reopened(row, post, why, actor=actor, now=now)


def _close(row: FindingRow, actor: Actor, now: datetime) -> None:
    row.closed_at, row.closed_by = now, actor.name
    row.look_back_on = (now + limits.LOOK_BACK).date()


def _closing(row: FindingRow) -> dict[str, Any]:
    return {"look_back_on": row.look_back_on.isoformat() if row.look_back_on else "", "state": row.state}


def _order(row: FindingRow, kind: str, title: dict[str, str], post: str, due: datetime) -> tasks.Order:
    """Told in the finding's own chain, so ``event`` stays empty."""
    return tasks.Order(kind, title, row.id, "", row.jurisdiction, post, due, row.facility, detail={"finding": row.id})


def _receive(row: FindingRow, actor: Actor, now: datetime) -> None:
    """Whoever enters the plan has the order."""
    if row.task and task_list.task(EVERYWHERE, row.task).is_open:
        tasks.acknowledge(row.task, actor=_for_task(row.task, actor), now=now)


def _done(task_id: str, outcome: dict[str, Any], actor: Actor, now: datetime) -> None:
    if task_id and task_list.task(EVERYWHERE, task_id).is_open:
        tasks.finish(task_id, outcome, actor=_for_task(task_id, actor), now=now)


def _take_back(task_id: str, why: str, actor: Actor, now: datetime) -> None:
    if task_id:
        tasks.withdraw(task_id, why, actor=actor, now=now)


def _for_task(task_id: str, actor: Actor) -> Actor:
    """The same account in the post that the task was given to: another post of the facility, or another inspector, may be the
    one who does it. The ledger names who it was."""
    return replace(actor, post=task_list.task(EVERYWHERE, task_id).post)


def _keep(row: FindingRow, moment: str, photos: Sequence[Photo], actor: Actor, now: datetime) -> list[str]:
    unique = {photo.digest: photo for photo in photos}
    PhotoRow.objects.bulk_create(
        [PhotoRow(finding=row, moment=moment, digest=p.digest, thumbnail=p.thumbnail, at=now, by=actor.name)
         for p in unique.values()], ignore_conflicts=True,
    )  # fmt: skip
    return list(unique)


def _operates(row: FindingRow, actor: Actor, act: Act) -> None:
    actor.require(act)
    if actor.facility != row.facility:
        raise NotAllowed(_("finding"), _("it is about another facility"), _("open an order of your own facility"))


def _move(row: FindingRow, after: FindingState, version: int) -> None:
    if row.version != version or not may_move(FindingState(row.state), after):
        raise Stale(_("finding"), _("it has changed since you saw it"), _("load the page again and decide anew"))
    row.state = after


def _save(row: FindingRow) -> None:
    row.version += 1
    row.save()


def _facility(facility: str) -> Facility:
    found = next((f for f in places.facilities(EVERYWHERE) if f.id == facility), None)
    if found is None:
        raise UnknownName(_("facility"), _("nobody registered it"), _("choose one of the list"))
    return found


def _grade(grade: str) -> Grade:
    try:
        return Grade(grade)
    except ValueError:
        raise BadValue(_("grade"), _("a finding is general or major"), _("choose one of the two")) from None


def _said(said: str) -> Recheck:
    try:
        return Recheck(said)
    except ValueError:
        raise BadValue(_("re-check"), _("it is fixed or it is not"), _("choose one of the two")) from None


def _words(text: str, what: str) -> str:
    text = text.strip()
    if not text:
        raise BadValue(what, _("is empty"), _("say it in a few words"))
    if len(text) > WORDS_AT_MOST:
        raise BadValue(what, _("is longer than {n} characters").format(n=WORDS_AT_MOST), _("shorten it"))
    return text


def _photos_count(photos: Sequence[Photo]) -> None:
    if len(photos) > limits.RECORD_AT_MOST:
        raise BadValue(
            _("photographs"), _("there are more than {n}").format(n=limits.RECORD_AT_MOST), _("choose the best")
        )


def _future(moment: datetime, now: datetime, what: str) -> None:
    if moment <= now:
        raise BadValue(what, _("it has passed already"), _("choose a day that is still to come"))
    if moment > now + timedelta(days=366):
        raise BadValue(what, _("it is more than a year away"), _("choose a nearer day"))


def _row(finding_id: str) -> FindingRow:
    row = FindingRow.objects.select_for_update().filter(id=finding_id).first()
    if row is None:
        raise UnknownName(_("finding"), _("there is none with this address"), _("open the list of findings"))
    return row


def _tell(row: FindingRow, verb: str, kind: type, actor: Actor, now: datetime, **more: Any) -> None:
    body = {"facility": row.facility, "grade": row.grade, "event": row.event, **more}
    ledger.append(row.id, verb, body, actor=actor.name, now=now)
    extra = {name: more[name] for name in ("limit_us", "deadline_us", "said") if name in kind.__slots__}  # type: ignore[attr-defined]
    fact = kind(row.id, row.event, row.facility, row.grade, row.jurisdiction, to_us(now), **extra)
    outbox.put([fact], now=now)
