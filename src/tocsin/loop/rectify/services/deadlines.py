"""The clock. Deadlines of findings are clocks of their cases; what the kernel tells of them the room tells whoever must act."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tocsin.loop.rectify import facts, notices
from tocsin.loop.rectify.lifecycle import FindingState
from tocsin.loop.rectify.queries import FindingLine
from tocsin.loop.rectify.services.asking import give_rechecks
from tocsin.loop.rectify.services.look_backs import give_look_backs
from tocsin.loop.rectify.services.rows import RULE, line_of, work_of
from tocsin.records.ledger import services as ledger
from tocsin.records.outbox import services as outbox
from tocsin.terms.moment import from_us, to_us

__all__ = ["note_look_back_overdue", "note_overdue", "note_recheck_overdue", "sweep"]

_WITH_FACILITY = (FindingState.ORDERED, FindingState.PLANNED, FindingState.REOPENED)


def sweep(*, now: datetime, at_most: int = 100) -> int:
    """A re-check that had nobody is given as soon as somebody is on duty, and so is a look-back whose day has come. How many of
    both."""
    return give_rechecks(now, at_most) + give_look_backs(now, at_most)


def note_overdue(finding_id: str, due_us: int, *, now: datetime) -> None:
    """The limit of the order, or the deadline of the plan, has passed: told once an order. Nothing where another order has
    taken its place since."""
    with transaction.atomic():
        finding, work = line_of(finding_id), work_of(finding_id)
        if work.overdue_at is not None or due_us not in _deadlines(finding):
            return
        work.overdue_at = now  # the version stays: nothing that a form shows has changed
        work.save()
        body = {"finding": finding.id, "due_us": due_us, "order": work.orders}
        ledger.append(finding.id, "finding_overdue", body, actor=RULE.name, now=now)
        of = (finding.id, finding.event, finding.facility, finding.grade.value, finding.jurisdiction, due_us)
        outbox.put([facts.FindingOverdue(*of)], now=now)
        if finding.state in _WITH_FACILITY:  # else it was fixed too late, and told of so
            notices.overdue(finding, from_us(due_us), now=now)


def note_recheck_overdue(finding_id: str, *, now: datetime) -> None:
    """Nobody looked again in time: the case handlers are told."""
    with transaction.atomic():
        finding = line_of(finding_id)
        if finding.state == FindingState.FIXED:
            ledger.append(finding.id, "recheck_overdue", {"post": finding.recheck_post}, actor=RULE.name, now=now)
            notices.recheck_overdue(finding, now=now)


def note_look_back_overdue(finding_id: str, *, now: datetime) -> None:
    """Nobody looked back in time: the case handlers are told."""
    with transaction.atomic():
        finding = line_of(finding_id)
        if finding.looked_back_at is None:
            ledger.append(finding.id, "look_back_overdue", {"post": finding.look_back_post}, actor=RULE.name, now=now)
            notices.look_back_overdue(finding, now=now)


def _deadlines(finding: FindingLine) -> set[int]:
    return {to_us(moment) for moment in (finding.limit_at, finding.deadline_at) if moment is not None}
