"""The outbox as a health figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from tocsin.records.outbox.models import OutboxFact

__all__ = ["Waiting", "waiting"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """``facts`` not yet carried, the ``age`` of the oldest (None = nothing waits), how many have ``failing`` stages."""

    facts: int
    age: timedelta | None
    failing: int


def waiting(*, now: datetime) -> Waiting:
    """What waits to be carried."""
    found = OutboxFact.objects.filter(carried_at=None).aggregate(
        facts=Count("id"), oldest=Min("at"), failing=Count("id", filter=Q(attempts__gt=0))
    )
    return Waiting(found["facts"], now - found["oldest"] if found["oldest"] else None, found["failing"])
