"""The clock: waiting too long for a signature, soon over, over; asked and not answered; standing for long without a word;
released and not countersigned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from tocsin.loop.warn import facts
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.services.guards import require_everywhere
from tocsin.loop.warn.services.presigning import suspend
from tocsin.loop.warn.services.rows import in_force, log, move, open_successor, tell
from tocsin.loop.warn.services.withdrawing import withdraw_uncountersigned
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import TocsinError

__all__ = ["UNANSWERED_AFTER", "UNSIGNED_AFTER", "URGENT_UNSIGNED_AFTER", "answer", "sweep"]

UNSIGNED_AFTER, URGENT_UNSIGNED_AFTER = timedelta(minutes=5), timedelta(minutes=2)
UNANSWERED_AFTER = timedelta(minutes=10)


def sweep(*, now: datetime, at_most: int = 100) -> int:
    """What the clock brings about, each told once, also after a stop. How many facts it put. A part that fails (a
    certificate that does not hold, and nothing can be issued) does not stop the others; it is raised after them."""
    done, failed = 0, None
    for due, deed in _PARTS:
        if not due(now).exists():
            continue  # every second: nobody's turn to write is taken where nothing waits
        try:
            with transaction.atomic():
                done += sum(deed(row, now) for row in list(due(now).select_for_update()[:at_most]))
        except TocsinError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return done


def answer(warning_id: str, *, actor: Actor, now: datetime) -> None:
    """Somebody who looks after it says: nothing is to be changed, it holds and ends when it says. Again is nothing. Raises
    UnknownName, NotAllowed, Stale where it is not in force."""
    actor.require(Act.DRAFT_WARNING)
    with transaction.atomic():
        row = in_force(warning_id, now)
        require_everywhere(actor, Act.DRAFT_WARNING, Content.of(row.content))
        if row.asked_at is None or row.answered_at is not None:
            return
        row.answered_at, row.answered_by = now, actor.name
        row.save(update_fields=["answered_at", "answered_by"])
        log(row, "warning_looked_after", {"warning": row.id, "version": row.version}, actor, now)


# ---------------------------------------------------------------- what is due, and what is done about each
def _unsigned(now: datetime) -> QuerySet[WarningRow]:
    late = Q(submitted_at__lte=now - UNSIGNED_AFTER) | Q(flow="urgent", submitted_at__lte=now - URGENT_UNSIGNED_AFTER)
    rows = WarningRow.objects.filter(late, state=WarningState.SUBMITTED, unsigned_told_at=None)
    return rows.order_by("submitted_at", "id")


def _tell_unsigned(row: WarningRow, now: datetime) -> int:
    row.unsigned_told_at = now
    row.save(update_fields=["unsigned_told_at"])
    tell(row, "warning_unsigned", facts.WarningUnsigned, SYSTEM, now, version=row.version)
    return 1


def _issued(**more: Any) -> QuerySet[WarningRow]:
    rows = WarningRow.objects.filter(state=WarningState.ISSUED, **more).exclude(kind=Kind.CANCEL)
    return rows.order_by("expires_at", "id")


def _expired(now: datetime) -> QuerySet[WarningRow]:
    return _issued(expires_at__lte=now)


def _end(row: WarningRow, now: datetime) -> int:
    move(row, WarningState.EXPIRED)
    row.ended_at = row.expires_at
    row.save(update_fields=["state", "ended_at"])
    tell(row, "warning_expired", facts.WarningExpired, SYSTEM, now, at=row.expires_at)
    return 1


def _expiring(now: datetime) -> QuerySet[WarningRow]:
    return _issued(expiring_told_at=None, remind_at__lte=now, expires_at__gt=now)


def _remind(row: WarningRow, now: datetime) -> int:
    row.expiring_told_at = now
    _ask(row, now, "expiring_told_at")
    tell(row, "warning_expiring", facts.WarningExpiring, SYSTEM, now, at=row.expires_at)
    return 1


def _stale(now: datetime) -> QuerySet[WarningRow]:
    """What stands for a day (a short-lived hazard: six hours) without a word, and again after that (P7 of warnings.md)."""
    return _issued(look_again_at__lte=now, expires_at__gt=now, expiring_told_at=None)


def _look_again(row: WarningRow, now: datetime) -> int:
    row.look_again_at = now + Names.read().stands_at_most(row.hazard)
    _ask(row, now, "look_again_at")
    tell(row, "warning_stale", facts.WarningStale, SYSTEM, now)
    return 1


def _ask(row: WarningRow, now: datetime, field: str) -> None:
    """Its keepers are asked, once more."""
    row.asked_at, row.answered_at, row.answered_by, row.unanswered_told_at = now, None, "", None
    row.save(update_fields=[field, "asked_at", "answered_at", "answered_by", "unanswered_told_at"])


def _unanswered(now: datetime) -> QuerySet[WarningRow]:
    return _issued(asked_at__lte=now - UNANSWERED_AFTER, answered_at=None, unanswered_told_at=None, expires_at__gt=now)


def _tell_unanswered(row: WarningRow, now: datetime) -> int:
    """Asked, and neither a draft that follows nor a word that nothing is to be done."""
    if open_successor(row, Kind.UPDATE, Kind.CANCEL):
        return 0  # somebody is at it; a draft that waits is told of by itself
    row.unanswered_told_at = now
    row.save(update_fields=["unanswered_told_at"])
    tell(row, "warning_unanswered", facts.WarningUnanswered, SYSTEM, now, at=row.expires_at)
    return 1


def _uncountersigned(now: datetime) -> QuerySet[WarningRow]:
    rows = WarningRow.objects.filter(countersign_by__lte=now, countersigned_at=None, state=WarningState.ISSUED)
    return rows.exclude(presigned="").order_by("countersign_by", "id")


def _withdraw(row: WarningRow, now: datetime) -> int:
    """What a duty officer released alone and no signer countersigned in time is withdrawn, aloud (ADR 16). What has ended
    meanwhile, while nobody was there to look, is told of too."""
    due, row.countersign_by = row.countersign_by, None
    row.save(update_fields=["countersign_by"])
    suspend(row.presigned, actor=SYSTEM, now=now)
    if row.expires_at > now:
        withdraw_uncountersigned(row, now=now)
    tell(row, "warning_uncountersigned", facts.WarningUncountersigned, SYSTEM, now, at=due, presigned=row.presigned)
    return 1


# Withdrawing comes before the ends, so that what ended meanwhile is told of as what it was.
_PARTS: tuple[tuple[Callable[[datetime], QuerySet[WarningRow]], Callable[[WarningRow, datetime], int]], ...] = (
    (_unsigned, _tell_unsigned), (_uncountersigned, _withdraw), (_expired, _end), (_expiring, _remind),
    (_stale, _look_again), (_unanswered, _tell_unanswered),
)  # fmt: skip
