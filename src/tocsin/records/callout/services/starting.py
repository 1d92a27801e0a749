"""A call-out begins, follows its cause, and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from tocsin.geo import common_path
from tocsin.records.callout import facts, wording
from tocsin.records.callout.cause import Cause, Spoken
from tocsin.records.callout.ladder import Ladder
from tocsin.records.callout.lifecycle import AreaState, CallOutState, Why
from tocsin.records.callout.models import AttemptRow, CalledRow, CallOutRow
from tocsin.records.callout.plan import CallOutPlan
from tocsin.records.callout.services.plans import plan_in_force
from tocsin.records.callout.services.rows import log, move_area, see_deadlines, told_of
from tocsin.records.dispatch import services as dispatch
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import Actor
from tocsin.records.outbox import services as outbox

__all__ = ["end", "start_callout", "stop_callout"]


def start_callout(cause: Cause, areas: Sequence[str], *, actor: Actor, now: datetime) -> str:
    """Call out the post of each of these villages or communities (paths); the call-out's id, "" where the plan or the
    deployment calls nobody. The same cause again is the same call-out; an update goes on with the running one, a raised
    level begins a new one, a level below the plan's ends it."""
    plan, ladder = plan_in_force().callout, Ladder.read()
    with transaction.atomic():
        running = _running(cause.kind, cause.lineage)
        if running is not None and cause.id in running.causes:
            return running.id
        if not _calls(cause, plan, ladder):
            if running is not None:
                end(running, Why.LOWERED, cause.texts, actor=actor, now=now)
            return ""
        if (before := CallOutRow.objects.filter(kind=cause.kind, cause=cause.id).first()) is not None:
            return before.id
        wanted = ladder.areas(areas)
        if running is not None and cause.level > running.level:
            end(running, Why.RAISED, {}, actor=actor, now=now)
            running = None
        if running is not None:
            return _follow(running, cause, wanted, plan, actor, now)
        return _begin(cause, wanted, plan, actor, now)


def stop_callout(kind: str, lineage: str, texts: Mapping[str, Spoken], *, actor: Actor, now: datetime) -> str:
    """Its cause was cancelled: nobody is called any more, and whoever was called is told. The id, "" where none runs."""
    with transaction.atomic():
        running = _running(kind, lineage)
        if running is None:
            return ""
        end(running, Why.CANCELLED, texts, actor=actor, now=now)
        return running.id


def end(
    row: CallOutRow, why: Why, texts: Mapping[str, Spoken], *, actor: Actor, now: datetime, at: datetime | None = None
) -> int:
    """End a running call-out (in the caller's transaction); how many facts. Moments that passed unanswered are noted first."""
    ended_at = at or now
    told: list[object] = []
    waiting = list(row.areas.select_for_update().filter(state=AreaState.WAITING).order_by("id"))
    for area in waiting:
        area.callout = row
        told += see_deadlines(area, ended_at, now)
        move_area(area, AreaState.UNREACHED if why is Why.EXPIRED else AreaState.WITHDRAWN)
        area.save()
    row.state, row.ended_at, row.ended_why = CallOutState.OVER.value, ended_at, why.value
    row.save(update_fields=["state", "ended_at", "ended_why"])
    _withdraw(row)
    log(row, "callout_ended", {"why": why.value, "waiting": [area.jurisdiction for area in waiting]}, actor, now)
    outbox.put([*told, facts.CallOutEnded(**told_of(row, ended_at), why=why.value)], now=now)
    if why in (Why.CANCELLED, Why.LOWERED) and texts:
        wording.tell_over(row, _called(row), texts, actor=actor, now=now)
    return len(told) + 1


def _calls(cause: Cause, plan: CallOutPlan, ladder: Ladder) -> bool:
    return (
        cause.kind in plan.causes and ladder.is_declared
        and (cause.kind == "response" or cause.level >= plan.least_level)  # a response has an axis of its own
        and (plan.exercises or not cause.exercise)
    )  # fmt: skip


def _running(kind: str, lineage: str) -> CallOutRow | None:
    rows = CallOutRow.objects.select_for_update().filter(kind=kind, lineage=lineage, state=CallOutState.RUNNING)
    return rows.first()


def _begin(cause: Cause, areas: Sequence[str], plan: CallOutPlan, actor: Actor, now: datetime) -> str:
    row = CallOutRow.objects.create(
        id=new_id("cal", now=now), kind=cause.kind, cause=cause.id, causes=[cause.id], lineage=cause.lineage,
        chain=cause.chain, hazard=cause.hazard, level=cause.level, exercise=cause.exercise,
        jurisdiction=common_path(areas), texts=_texts(cause), link=cause.link, since=cause.since, until=cause.until,
    )  # fmt: skip
    _add(row, areas, plan, cause.since, now)
    log(row, "callout_started", {"level": row.level, "areas": list(areas), "exercise": row.exercise}, actor, now)
    outbox.put([facts.CallOutStarted(**told_of(row, cause.since), areas=len(areas))], now=now)
    return row.id


def _follow(row: CallOutRow, cause: Cause, areas: Sequence[str], plan: CallOutPlan, actor: Actor, now: datetime) -> str:
    """An update: new words, new end, new areas; what it does not concern any more is not called any more."""
    have = dict(row.areas.values_list("jurisdiction", "state"))
    fresh = [area for area in areas if area not in have]
    gone = [area for area, state in have.items() if area not in areas and state == AreaState.WAITING]
    for area in row.areas.select_for_update().filter(jurisdiction__in=gone, state=AreaState.WAITING):
        move_area(area, AreaState.WITHDRAWN)
        area.save()
    row.cause, row.causes, row.level, row.texts = cause.id, [*row.causes, cause.id], cause.level, _texts(cause)
    row.until, row.link = cause.until, cause.link
    row.jurisdiction = common_path([*have, *fresh])
    row.save()
    _add(row, fresh, plan, cause.since, now)
    _withdraw(row, gone)
    log(row, "callout_updated", {"level": row.level, "added": fresh, "withdrawn": gone}, actor, now)
    return row.id


def _add(row: CallOutRow, areas: Sequence[str], plan: CallOutPlan, since: datetime, now: datetime) -> None:
    CalledRow.objects.bulk_create([
        CalledRow(callout=row, jurisdiction=area, asked_at=since, late_due_at=since + plan.late_after,
                  not_reached_due_at=since + plan.not_reached_after, next_at=now)
        for area in areas
    ])  # fmt: skip


def _withdraw(row: CallOutRow, areas: Sequence[str] | None = None) -> None:
    """What waits on its way to those who are not called any more is not sent."""
    attempts = AttemptRow.objects.filter(area__callout=row)
    if areas is not None:
        attempts = attempts.filter(area__jurisdiction__in=areas)
    dispatch.withdraw(attempts.values_list("dispatch", "post").distinct())


def _called(row: CallOutRow) -> list[str]:
    """Everybody who was called or reached: whoever heard the first hears the last."""
    tried = AttemptRow.objects.filter(area__callout=row).values_list("post", flat=True).distinct()
    reached = row.areas.exclude(reached_post="").values_list("reached_post", flat=True)
    return sorted({*tried, *reached})


def _texts(cause: Cause) -> dict[str, dict[str, str]]:
    return {language: asdict(spoken) for language, spoken in cause.texts.items()}
