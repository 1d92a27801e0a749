"""What the clock brings about: each crossing is told once, also when the server was down as it happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tocsin.records.cases.models import ClockRow
from tocsin.records.cases.services.crossing import tell_nearing, tell_run_out
from tocsin.records.ledger.bulk import Note, append_many
from tocsin.records.org.actor import service

__all__ = ["RULE", "sweep"]

RULE = service("rule:clocks")
_AT_ONCE = 200


def sweep(*, now: datetime) -> int:
    """Tell of warning points and deadlines that have passed, each once; how many."""
    running = ClockRow.objects.filter(ended_at=None, standing=False)
    near = running.filter(warned_at=None, warn_at__lte=now).order_by("warn_at", "id")
    late = running.filter(overdue_at=None, due_at__lte=now).order_by("due_at", "id")
    return _all(near, tell_nearing, now) + _all(late, tell_run_out, now)


def _all(waiting: QuerySet[ClockRow], tell: Callable[..., Sequence[Note]], now: datetime) -> int:
    told = 0
    while waiting.exists():  # asked every second: no transaction where nothing waits
        with transaction.atomic():
            rows = list(waiting.select_for_update(of=("self",)).select_related("leg")[:_AT_ONCE])
            append_many(tell(rows, now=now), actor=RULE.name, now=now)
        told += len(rows)
        if not rows:
            break
    return told
