"""Reading the audience: lists of targets and counts of subscribers. A contact is never among it."""

from __future__ import annotations

from django.db.models import Count

from tocsin.records.audience.models import SubscriberRow, TargetRow
from tocsin.records.audience.services import Target
from tocsin.records.org.scope import Scope

__all__ = ["subscriber_counts", "targets"]

LEAST_SHOWN = 5  # smaller counts are shown as "fewer than five" (scope.md)


def targets(scope: Scope) -> list[Target]:
    """Targets, by id, of a scope that covers the whole deployment or one of a target's areas."""
    rows = TargetRow.objects.order_by("id")
    return [
        Target(r.id, r.title, r.channel, r.address, r.language, r.areas, r.hazards, r.least_level, r.exercises)
        for r in rows
        if not scope.jurisdiction or any(scope.covers(path) for path in r.areas)
    ]


def subscriber_counts(scope: Scope) -> dict[str, int | None]:
    """Confirmed subscribers by channel, for the whole deployment; None = fewer than five."""
    if scope.jurisdiction:
        return {}
    counted = (
        SubscriberRow.objects.filter(state="confirmed")
        .values_list("channel")
        .annotate(n=Count("number"))
        .order_by("channel")
    )
    return {channel: n if n >= LEAST_SHOWN else None for channel, n in counted}
