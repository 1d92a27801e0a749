"""The only writer of statements: drafted from the fact base, released by a second person, sent to the posts above."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.respond import doers, known
from tocsin.loop.respond.facts import StatementDrafted, StatementReleased
from tocsin.loop.respond.known import Item
from tocsin.loop.respond.lifecycle import IncidentState, StatementKind, StatementState, statement_may
from tocsin.loop.respond.models import ActionRow, IncidentRow, StatementRow
from tocsin.loop.respond.written import written
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.tasks import queries as task_list
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = ["REMARK_AT_MOST", "discard", "draft", "draft_by_rule", "release", "rewrite"]

RULE = service("rule:report_up")
REPORT = "report"  # the kind of its tasks
REMARK_AT_MOST = 2000


def draft(event_id: str, kind: str = "", *, remark: str = "", once: str = "", actor: Actor, now: datetime) -> str:
    """Write a statement about an event from the fact base; its id. Without ``kind``: the first one, or a follow-up of the last.
    A draft that lies there already is written anew instead. Raises NotAllowed, UnknownName, BadValue."""
    with transaction.atomic():
        event = detect.event(EVERYWHERE, event_id).event
        actor.require(Act.DRAFT_STATEMENT, event.jurisdiction)
        return _draft(event, kind, remark, once, actor, now)


def draft_by_rule(event_id: str, *, now: datetime) -> str:
    """The first statement, written by the plan's rule where none was begun; its id, "" where there is one. A person looks at
    it, and another one releases it."""
    with transaction.atomic():
        if StatementRow.objects.filter(event=event_id).exists():
            return ""
        return _draft(detect.event(EVERYWHERE, event_id).event, "", "", "", RULE, now)


def rewrite(statement_id: str, remark: str, *, revision: int, actor: Actor, now: datetime) -> None:
    """Write a draft anew from what is known by now, with an optional remark. Raises Stale for an older revision."""
    with transaction.atomic():
        row = _row(statement_id)
        actor.require(Act.DRAFT_STATEMENT, row.jurisdiction)
        _need(row, StatementState.DRAFT, revision)
        _write(row, remark, actor, now)


def release(statement_id: str, *, revision: int, actor: Actor, now: datetime) -> None:
    """A second person releases it; in the same transaction it is on its way to the posts above and the task of reporting in
    writing is done. Raises NotAllowed for an account that wrote any of it."""
    with transaction.atomic():
        row = _row(statement_id)
        actor.require(Act.RELEASE_STATEMENT, row.jurisdiction)
        _need(row, StatementState.RELEASED, revision)
        if actor.account in row.authors:
            raise NotAllowed(
                _("statement"), _("its author may not release it"), _("ask another commander to release it")
            )
        above = doers.posts_above(actor.jurisdiction, bypass=_goes_over_heads(row.event))
        row.state, row.released_at, row.released_by = StatementState.RELEASED, now, actor.name
        row.sent_to = [post.id for post in above]
        row.save()
        _tell(row, "statement_released", StatementReleased, actor, now, sent_to=row.sent_to)
        _send(row, above, actor, now)
        _report_done(row, actor, now)


def discard(statement_id: str, *, revision: int, actor: Actor, now: datetime) -> None:
    """Throw a draft away; that there was one stays on the ledger."""
    with transaction.atomic():
        row = _row(statement_id)
        actor.require(Act.DRAFT_STATEMENT, row.jurisdiction)
        _need(row, StatementState.DISCARDED, revision)
        row.state = StatementState.DISCARDED
        row.save(update_fields=["state"])
        ledger.append(row.event, "statement_discarded", {"statement": row.id, "number": row.number}, actor=actor.name,
                      now=now)  # fmt: skip


def _draft(event: detect.EventLine, kind: str, remark: str, once: str, actor: Actor, now: datetime) -> str:
    same = StatementRow.objects.filter(once=once).first() if once else None
    if same is not None:
        return same.id
    last = _last_released(event.id)
    chosen = _kind(kind, last)
    lying = StatementRow.objects.select_for_update().filter(event=event.id, state=StatementState.DRAFT).first()
    if lying is not None:
        lying.kind = chosen
        _write(lying, remark or lying.remark, actor, now)
        return lying.id
    number = (StatementRow.objects.filter(event=event.id).aggregate(n=Max("number"))["n"] or 0) + 1
    incident = IncidentRow.objects.filter(event=event.id).order_by("-proposed_at", "-id").first()
    row = StatementRow(
        id=uuid7_id("stm", to_us(now) // 1000, secrets.randbits(74)), event=event.id,
        incident=incident.id if incident else "", jurisdiction=event.jurisdiction, kind=chosen, number=number,
        state=StatementState.DRAFT, revision=0, exercise=bool(incident and incident.exercise), once=once or None,
        drafted_at=now,
    )  # fmt: skip
    _write(row, remark, actor, now)
    return row.id


def _write(row: StatementRow, remark: str, actor: Actor, now: datetime) -> None:
    remark = remark.strip()
    if len(remark) > REMARK_AT_MOST:
        raise BadValue(_("remark"), _("is longer than {n} characters").format(n=REMARK_AT_MOST), _("shorten it"))
    last = _last_released(row.event)
    everything = known.tell(row.event, now=now)
    told = everything
    if row.kind == StatementKind.FOLLOW_UP and last is not None:
        told = known.changed(everything, [Item(**item) for item in last.known])
    row.known, row.items = [asdict(item) for item in everything], [asdict(item) for item in told]
    row.against = last.id if last is not None and row.kind == StatementKind.FOLLOW_UP else ""
    row.remark, row.drafted_at, row.drafted_by = remark, now, actor.name
    row.authors = sorted({*row.authors, actor.account} - {""})
    row.revision += 1
    row.digest = digest({"event": row.event, "kind": row.kind, "number": row.number, "items": row.items,
                         "against": row.against, "remark": row.remark})  # fmt: skip
    row.save()
    _tell(row, "statement_drafted", StatementDrafted, actor, now, against=row.against)


def _kind(asked: str, last: StatementRow | None) -> StatementKind:
    if not asked:
        return StatementKind.FOLLOW_UP if last is not None else StatementKind.FIRST
    try:
        kind = StatementKind(asked)
    except ValueError:
        raise BadValue(_("statement"), _("there are first, follow-up and final ones"), _("choose one")) from None
    if (kind == StatementKind.FIRST) != (last is None):
        rule = _("the first one was released already") if last is not None else _("no first one was released yet")
        raise BadValue(_("statement"), rule, _("draft the one that comes next"))
    return kind


def _last_released(event_id: str) -> StatementRow | None:
    return StatementRow.objects.filter(event=event_id, state=StatementState.RELEASED).order_by("-number").first()


def _send(row: StatementRow, above: list[Any], actor: Actor, now: datetime) -> None:
    def write(language: str) -> Text:
        text = written(row, language)
        return Text(text.title, text.plain())

    tell_posts("statement", above, write, about=row.id, event=row.event, link=f"/statements/{row.id}/",
               exercise=row.exercise, actor=actor, now=now)  # fmt: skip


def _report_done(row: StatementRow, actor: Actor, now: datetime) -> None:
    """The report in writing is this very statement: nobody ticks it a second time."""
    lines = ActionRow.objects.filter(incident__event=row.event, incident__state=IncidentState.OPEN, done_by="statement")
    for line in lines.exclude(task=""):
        task = task_list.task(EVERYWHERE, line.task)
        if task.is_open:
            tasks.finish(line.task, {"statement": row.id}, actor=replace(actor, post=task.post), now=now)
    for task in task_list.of_event(EVERYWHERE, row.event, kind=REPORT):
        if task.is_open and task.detail.get("by") == "writing":
            tasks.finish(task.id, {"statement": row.id}, actor=replace(actor, post=task.post), now=now)


def _goes_over_heads(event_id: str) -> bool:
    """Whether the plan said of a report on this event that it goes over the head of the next level."""
    return any(task.detail.get("bypass") for task in task_list.of_event(EVERYWHERE, event_id, kind=REPORT))


def _need(row: StatementRow, after: StatementState, revision: int) -> None:
    if row.revision != revision or not statement_may(StatementState(row.state), after):
        raise Stale(_("statement"), _("it has changed since you saw it"), _("load the page again and read it anew"))


def _row(statement_id: str) -> StatementRow:
    row = StatementRow.objects.select_for_update().filter(id=statement_id).first()
    if row is None:
        raise UnknownName(_("statement"), _("there is none with this address"), _("open it from its event"))
    return row


def _tell(row: StatementRow, verb: str, kind: type, actor: Actor, now: datetime, **more: Any) -> None:
    body = {"statement": row.id, "kind": row.kind, "number": row.number, "revision": row.revision, "digest": row.digest,
            "incident": row.incident, **more}  # fmt: skip
    ledger.append(row.event, verb, body, actor=actor.name, now=now)
    outbox.put([kind(row.id, row.event, row.kind, row.number, row.digest, to_us(now))], now=now)
