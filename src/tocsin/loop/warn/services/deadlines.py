"""The clock: waiting too long for a signature, soon over, over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tocsin.loop.warn import facts
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.services.rows import move, tell
from tocsin.records.org.actor import SYSTEM

__all__ = ["UNSIGNED_AFTER", "sweep"]

UNSIGNED_AFTER = timedelta(minutes=5)


def sweep(*, now: datetime, at_most: int = 100) -> int:
    """What the clock brings about, each told once, also after a stop: waiting too long for a signature, soon over, over.
    How many facts it put."""
    with transaction.atomic():
        return _sweep_unsigned(now, at_most) + _sweep_expired(now, at_most) + _sweep_expiring(now, at_most)


def _sweep_unsigned(now: datetime, at_most: int) -> int:
    rows = WarningRow.objects.select_for_update().filter(
        state=WarningState.SUBMITTED, unsigned_told_at=None, submitted_at__lte=now - UNSIGNED_AFTER
    )
    for row in (waiting := list(rows.order_by("submitted_at", "id")[:at_most])):
        row.unsigned_told_at = now
        row.save(update_fields=["unsigned_told_at"])
        tell(row, "warning_unsigned", facts.WarningUnsigned, SYSTEM, now, version=row.version)
    return len(waiting)


def _sweep_expired(now: datetime, at_most: int) -> int:
    rows = WarningRow.objects.select_for_update().filter(state=WarningState.ISSUED, expires_at__lte=now)
    rows = rows.exclude(kind=Kind.CANCEL)
    for row in (over := list(rows.order_by("expires_at", "id")[:at_most])):
        move(row, WarningState.EXPIRED)
        row.ended_at = row.expires_at
        row.save(update_fields=["state", "ended_at"])
        tell(row, "warning_expired", facts.WarningExpired, SYSTEM, now, at=row.expires_at)
    return len(over)


def _sweep_expiring(now: datetime, at_most: int) -> int:
    rows = WarningRow.objects.select_for_update().filter(
        state=WarningState.ISSUED, expiring_told_at=None, remind_at__lte=now, expires_at__gt=now
    )
    rows = rows.exclude(kind=Kind.CANCEL)
    for row in (soon := list(rows.order_by("expires_at", "id")[:at_most])):
        row.expiring_told_at = now
        row.save(update_fields=["expiring_told_at"])
        tell(row, "warning_expiring", facts.WarningExpiring, SYSTEM, now, at=row.expires_at)
    return len(soon)
