"""Reading dispatch: what was sent about a thing and what became of it. Addresses are never among it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from tocsin.records.dispatch.models import DeliveryRow, DispatchRow

__all__ = ["DeliveryLine", "Undelivered", "deliveries", "undelivered"]


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """What became of one message on one channel: counts by state, and how long the first and the slowest took."""

    kind: str
    channel: str
    put_at: datetime
    waiting: int
    accepted: int
    failed: int
    too_late: int
    first_accepted_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A health figure: dispatches that are not settled, and the age of the oldest."""

    dispatches: int
    age: timedelta | None
    failing: int


def deliveries(about: str = "", *, event: str = "") -> list[DeliveryLine]:
    """The report about one thing, or about one event: one line a dispatch, in order of putting."""
    rows = DispatchRow.objects.filter(about=about) if about else DispatchRow.objects.filter(event=event)
    out = []
    for row in rows.order_by("put_at", "id"):
        counted = dict(DeliveryRow.objects.filter(dispatch=row).values_list("state").annotate(Count("id")).order_by())
        first = DeliveryRow.objects.filter(dispatch=row).aggregate(first=Min("accepted_at"))["first"]
        waiting = counted.get("waiting", 0) if row.expanded_at else len(row.audience)
        out.append(DeliveryLine(row.kind, row.channel, row.put_at, waiting, counted.get("accepted", 0),
                                counted.get("failed", 0), counted.get("too_late", 0), first, row.last_error))  # fmt: skip
    return out


def undelivered(*, now: datetime) -> Undelivered:
    """What still waits to be sent."""
    found = DispatchRow.objects.filter(settled_at=None).aggregate(
        n=Count("id"), oldest=Min("put_at"), failing=Count("id", filter=Q(attempts__gt=0))
    )
    return Undelivered(found["n"], now - found["oldest"] if found["oldest"] else None, found["failing"])
