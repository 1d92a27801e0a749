"""Actions become tasks: to the post on duty nearest by its duty post, one mail a post. Nobody there is told, never hidden.
Part of services: called inside its transactions only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tocsin.loop.respond import calling, doers, notices, playbooks
from tocsin.loop.respond.models import ActionRow, IncidentRow
from tocsin.packkit.playbook import Action
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks

__all__ = ["KIND", "REPORT", "add_missing", "give", "lines_of"]

KIND = "action"  # of its tasks
REPORT = "report"


def add_missing(row: IncidentRow, now: datetime) -> list[ActionRow]:
    """Rows for the actions and reports of the incident's level that it does not have yet; those to be given at once, with what
    the event had proposed early and the playbook gives at this level without asking. What was refused stays refused."""
    have = {(line.action, line.facility): line for line in row.actions.all()}
    declared = (*_reports(row), *lines_of(row, playbooks.actions(row.hazard, row.level)))
    fresh = [line for line in declared if (line.action, line.facility) not in have]
    for line in fresh:
        line.save()
    agreed = {(line.action, line.facility) for line in declared if not line.waits}
    early = [line for key, line in have.items() if line.early and line.waits and not line.refused_at and key in agreed]
    return [*(line for line in fresh if not line.waits), *early]


def give(
    row: IncidentRow, lines: Sequence[ActionRow], *, actor: Actor, now: datetime, say_nobody: bool = True
) -> list[ActionRow]:
    """Give these actions to whoever is on duty; those that were given. The others stay, marked; the commander is told."""
    given: dict[str, tuple[PostLine, list[ActionRow]]] = {}
    nobody = []
    for line in lines:
        if line.kind == REPORT and _is_due_already(row, line, now):
            continue
        decided = bool(line.early) and line.waits
        post = _post(row, line, now)
        if post is None:
            if line.nobody_at is None:
                line.nobody_at, line.waits, line.remind_at, line.refused_at = now, False, None, None
                line.save(update_fields=["nobody_at", "waits", "remind_at", "refused_at"])
            nobody.append(line)
        else:
            _task(row, line, post, actor, now)
            calling.begin(row, line, actor=actor, now=now)
            given.setdefault(post.id, (post, []))[1].append(line)
        if decided:
            body = {"incident": row.id, "early": line.pk, "action": line.action, "facility": line.facility,
                    "task": line.task}  # fmt: skip
            ledger.append(row.event, "early_action_given", body, actor=actor.name, now=now)
    for post, theirs in given.values():
        notices.tasks_given(row, post, theirs, actor=actor, now=now)
    if nobody and say_nobody:
        body = {"incident": row.id, "actions": [[line.action, line.facility, line.role] for line in nobody]}
        ledger.append(row.event, "nobody_on_duty", body, actor=actor.name, now=now)
        notices.nobody(row, nobody, now=now)
    return [line for _post_of, theirs in given.values() for line in theirs]


def lines_of(row: IncidentRow, actions: Sequence[Action]) -> list[ActionRow]:
    """Unsaved rows for these actions, one for each facility where they are done at facilities."""
    out = []
    for action in actions:
        if not action.at:
            out.append(_line(row, action, "", dict(action.title)))
            continue
        for facility in doers.facilities_for(action, row.jurisdiction, row.lon, row.lat):
            title = {
                language: _at(action, language, facility.title.get(language, facility.id)) for language in LANGUAGES
            }
            out.append(_line(row, action, facility.id, title))
    return out


def _at(action: Action, language: str, place: str) -> str:
    said = action.title.get(language) or action.title["en"]
    return f"{place}：{said}" if language == "zh-hans" else f"{place}: {said}"


def _line(row: IncidentRow, action: Action, facility: str, title: dict[str, str]) -> ActionRow:
    return ActionRow(incident=row, action=action.id, kind="action", title=title, role=action.role, facility=facility,
                     receipt_us=action.receipt_us, done_us=action.done_us, waits=not action.pre_approved)  # fmt: skip


def _reports(row: IncidentRow) -> list[ActionRow]:
    return [
        ActionRow(incident=row, action=report.id, kind=REPORT, title=dict(report.title), role=report.role,
                  receipt_us=report.receipt_us, done_us=report.done_us, done_by=report.done_by, clock_from=row.known_at)
        for report in playbooks.reports(row.hazard)
    ]  # fmt: skip


def _is_due_already(row: IncidentRow, line: ActionRow, now: datetime) -> bool:
    """The deployment's plan has given this report already, with its own minutes (``upward``): its task is the line's."""
    for task in task_list.of_event(EVERYWHERE, row.event, kind=REPORT):
        by = task.detail.get("by")
        if by and ("statement" if by == "writing" else "") == line.done_by:
            line.task, line.post, line.given_at = task.id, task.post, task.given_at
            line.receipt_due_at = now + timedelta(microseconds=line.receipt_us)
            line.save(update_fields=["task", "post", "given_at", "receipt_due_at"])
            return True
    return False


def _post(row: IncidentRow, line: ActionRow, now: datetime) -> PostLine | None:
    if line.role == Role.FACILITY_OPERATOR:
        return doers.operator_post(line.facility, now=now)
    lon, lat, area = row.lon, row.lat, row.jurisdiction
    facility = next((f for f in places.facilities(Scope("", Role.SYSTEM)) if f.id == line.facility), None)
    if facility is not None:
        lon, lat, area = facility.lon, facility.lat, facility.jurisdiction
    return doers.nearest_on_duty(line.role, area, lon, lat, now=now)


def _task(row: IncidentRow, line: ActionRow, post: PostLine, actor: Actor, now: datetime) -> None:
    begin = line.clock_from or now
    seen = Scope(post.jurisdiction, post.role).covers(row.jurisdiction)
    order = tasks.Order(
        REPORT if line.kind == REPORT else KIND, line.title, row.id, row.event,
        row.jurisdiction if seen else post.jurisdiction, post.id, begin + timedelta(microseconds=line.done_us),
        row.place, row.lon, row.lat, row.warning_level, {"incident": row.id, "action": line.action},
    )  # fmt: skip
    line.task = tasks.give(order, actor=actor, now=now)
    line.post, line.given_at, line.waits, line.remind_at, line.refused_at = post.id, now, False, None, None
    line.receipt_due_at = now + timedelta(microseconds=line.receipt_us)
    line.save(update_fields=["task", "post", "given_at", "waits", "receipt_due_at", "remind_at", "refused_at"])
