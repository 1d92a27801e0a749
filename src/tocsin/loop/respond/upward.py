"""Reports upwards and notices to neighbours, as the deployment's plan declares them (``records.callout.plan``): nothing of it
stands in code, since every county has its own minutes (facts/kernel_warning_response.yaml#county_to_upper, phone_first,
written_first, neighbours, bypass). A handler of confirmed events and signed warnings; each rule acts once for an event.

A machine drafts and never sends: the statement waits for a second person. An exercise leaves the house on neither way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.respond import doers, neighbours, playbooks, statements
from tocsin.loop.respond.giving import REPORT
from tocsin.loop.respond.models import ActionRow
from tocsin.loop.verify.facts import EventConfirmed
from tocsin.loop.verify.invented import is_exercise
from tocsin.loop.warn import queries as warn
from tocsin.loop.warn.facts import WarningSigned
from tocsin.loop.warn.lifecycle import Kind
from tocsin.records.callout import services as callout
from tocsin.records.callout.plan import NeighbourRule, ReportRule
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import offered, tell_posts
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import service
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks
from tocsin.records.tasks.facts import TaskOverdue
from tocsin.records.tasks.queries import TaskLine
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import from_us

__all__ = ["on_event_confirmed", "on_task_overdue", "on_warning_signed"]

RULE = service("rule:report_up")


def on_event_confirmed(told: Sequence[EventConfirmed], now: datetime) -> None:
    """Somebody saw it: it must be reported."""
    for fact in told:
        if not is_exercise(fact.event):
            _report(fact.event, "event_confirmed", fact.level, from_us(fact.at_us), now)
            areas, title = _event_words(fact.event)
            _tell_neighbours("event_confirmed", fact.level, fact.event, fact.event, areas, title, "", now)


def on_warning_signed(told: Sequence[WarningSigned], now: datetime) -> None:
    """A warning was issued or changed: what it is about must be reported, and the neighbours hear of it."""
    for fact in told:
        if fact.exercise:
            continue
        line = warn.warning(EVERYWHERE, fact.warning)
        if line.kind is Kind.CANCEL:
            continue
        if fact.event:
            _report(fact.event, "warning", fact.level, from_us(fact.at_us), now)
        title = {language: texts.headline for language, texts in line.content.texts.items()}
        _tell_neighbours("warning", fact.level, fact.event or line.lineage, fact.event, line.content.areas.paths, title,
                         f"/warnings/{fact.warning}", now)  # fmt: skip


def on_task_overdue(told: Sequence[TaskOverdue], now: datetime) -> None:
    """A report is late and no response runs whose commander hears of it: the commanders of the area do."""
    for fact in told:
        if fact.kind == REPORT and not ActionRow.objects.filter(task=fact.task).exists():
            _tell_late(task_list.task(EVERYWHERE, fact.task), now)


# ---------------------------------------------------------------- upwards
def _report(event_id: str, on: str, level: int, known_at: datetime, now: datetime) -> None:
    """The tasks of reporting with their clocks, and a draft of the first statement."""
    rules = [rule for rule in callout.plan_in_force().reports if rule.on == on and level >= rule.from_level]
    if not rules:
        return
    with transaction.atomic():
        fresh = [rule for rule in rules if callout.told_once(event_id, f"report/{rule.by}", [""], now=now)]
        if not fresh:
            return
        event = detect.event(EVERYWHERE, event_id).event
        given = [_give(rule, event, level, known_at, now) for rule in fresh]
        statement = statements.draft_by_rule(event_id, now=now) if any(rule.by == "writing" for rule in fresh) else ""
        above = [post.id for post in doers.posts_above(event.jurisdiction, bypass=any(rule.bypass for rule in fresh))]
        body = {"on": on, "level": level, "rules": [[rule.id, rule.by, rule.source, rule.verified] for rule in fresh],
                "tasks": given, "statement": statement, "above": above}  # fmt: skip
        ledger.append(event_id, "report_up_begun", body, actor=RULE.name, now=now)


def _give(rule: ReportRule, event: detect.EventLine, level: int, known_at: datetime, now: datetime) -> str:
    """The task of a report; "" where a running response gave it already, or nobody is on duty to do it."""
    if (
        ActionRow.objects.filter(incident__event=event.id, kind=REPORT, done_by=done_by(rule.by))
        .exclude(task="")
        .exists()
    ):
        return ""
    role = Role.COMMANDER if rule.by == "writing" else Role.DUTY_OFFICER
    post = doers.nearest_on_duty(role, event.jurisdiction, event.lon, event.lat, now=now)
    post = post or doers.nearest_on_duty(Role.DUTY_OFFICER, event.jurisdiction, event.lon, event.lat, now=now)
    if post is None:
        return ""
    order = tasks.Order(REPORT, dict(rule.title), event.id, event.id, event.jurisdiction, post.id, known_at + rule.within,
                        event.place, level=level, detail={"rule": rule.id, "by": rule.by, "bypass": rule.bypass})  # fmt: skip
    task = tasks.give(order, actor=RULE, now=now)

    def write(language: str) -> Text:
        until = int(rule.within.total_seconds() // 60)
        body = _("It must be reported within {n} minutes of being known. A draft lies at the event.").format(n=until)
        return Text(rule.title.get(language) or rule.title.get("en") or rule.id, body)

    for channel in offered(("mail", "sms")):
        if channel == "mail" or post.phone:
            tell_posts("report_due", [post], write, about=task, event=event.id, level=level, link=f"/events/{event.id}/",
                       actor=RULE, now=now, channel=channel)  # fmt: skip
    return task


def _tell_late(task: TaskLine, now: datetime) -> None:
    def write(language: str) -> Text:
        title = task.title.get(language) or task.title.get("en") or task.kind
        return Text(_("Late: {what}").format(what=title), _("It was due and is not done. See that it is reported."))

    with transaction.atomic():
        commanders = doers.commanders(task.jurisdiction, now=now)
        tell_posts("report_late", commanders, write, about=task.id, event=task.event, level=task.level,
                   link=f"/events/{task.event}/", actor=RULE, now=now)  # fmt: skip


def done_by(by: str) -> str:
    """How a playbook says of the same report by what it is done."""
    return "statement" if by == "writing" else ""


# ---------------------------------------------------------------- neighbours
def _tell_neighbours(
    on: str,
    level: int,
    about: str,
    event_id: str,
    areas: Iterable[str],
    title: dict[str, str],
    link: str,
    now: datetime,
) -> None:
    rules = [rule for rule in callout.plan_in_force().neighbours if rule.on == on and level >= rule.from_level]
    if not rules:
        return
    with transaction.atomic():
        posts = {post.id: post for rule in rules for post in _neighbours(rule, list(areas))}
        fresh = callout.told_once(about, "neighbours", list(posts), now=now)
        if not fresh:
            return

        def write(language: str) -> Text:
            said = title.get(language) or title.get("en") or ""
            body = _("It has happened or is expected next to your area. Look whether it concerns you.")
            return Text(_("Notice to neighbours: {what}").format(what=said), body)

        told = [posts[post] for post in fresh]
        for channel in offered(("mail", "sms")):
            whom = [post for post in told if channel == "mail" or post.phone]
            if whom:
                tell_posts("neighbours_told", whom, write, about=link.rpartition("/")[2] or about, event=event_id,
                           level=level, link=link, actor=RULE, now=now, channel=channel)  # fmt: skip
        body = {"on": on, "level": level, "posts": fresh, "sources": sorted({rule.source for rule in rules})}
        ledger.append(about, "neighbours_told", body, actor=RULE.name, now=now)


def _neighbours(rule: NeighbourRule, areas: Sequence[str]) -> list:  # type: ignore[type-arg] # of PostLine
    beside = neighbours.beside(areas) if rule.adjacent else []
    return neighbours.posts_of([*beside, *neighbours.named(areas, rule.named)], areas)


def _event_words(event_id: str) -> tuple[list[str], dict[str, str]]:
    try:
        event = detect.event(EVERYWHERE, event_id).event
    except UnknownName:
        return [], {}
    words = {language: f"{playbooks.hazard_title(event.hazard, language)}, {event.place or event.jurisdiction}"
             for language in ("en", "zh-hans")}  # fmt: skip
    return [event.jurisdiction], words
