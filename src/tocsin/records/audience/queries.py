"""Reading the audience: lists of targets and counts of subscribers. A contact is never among it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, F

from tocsin.geo import is_inside
from tocsin.records.audience.models import SubscriberRow, TargetRow
from tocsin.records.audience.selection import borders_of
from tocsin.records.audience.services import PUBLIC_CHANNELS, Target
from tocsin.records.audience.wishes import About, Wish, wanted
from tocsin.records.org.scope import Scope

__all__ = ["subscriber_counts", "subscribers_reached", "targets", "targets_reached"]

_ASKED_AT_MOST = 20_000
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
    """Confirmed subscribers by channel: those who are told of something in the scope's area; None = fewer than five."""
    confirmed = SubscriberRow.objects.filter(state="confirmed")
    if scope.jurisdiction:
        counted: Iterable[tuple[str, int]] = sorted(Counter(
            channel for channel, places in confirmed.values_list("channel", "places").iterator()
            if any(scope.covers(place) or is_inside(scope.jurisdiction, place) for place in places)
        ).items())  # fmt: skip
    else:
        counted = confirmed.values_list("channel").annotate(n=Count("number")).order_by("channel")
    return {channel: n if n >= LEAST_SHOWN else None for channel, n in counted}


def subscribers_reached(about: About) -> int | None:
    """How many confirmed subscribers would be told of a warning; None = some, but fewer than five. Of more than 20,000 every
    n-th is asked and the count is an estimate."""
    confirmed = SubscriberRow.objects.filter(state="confirmed", channel__in=PUBLIC_CHANNELS)
    step = confirmed.count() // _ASKED_AT_MOST + 1
    rows = confirmed.annotate(part=F("number") % step).filter(part=0) if step > 1 else confirmed
    found = list(rows.values_list("places", "hazards", "least_level", "lon", "lat"))
    n = sum(wanted([Wish(*row) for row in found], about, borders_of(about))) * step
    return None if 0 < n < LEAST_SHOWN else n


def targets_reached(about: About, *, exercise: bool) -> int:
    """How many targets of institutions would be told; of an exercise those that take exercises."""
    rows = [row for row in TargetRow.objects.all() if row.exercises or not exercise]
    return sum(wanted([Wish(row.areas, row.hazards, row.least_level) for row in rows], about, {}))
