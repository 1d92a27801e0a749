"""The delivery report (N11 of warnings.md): of each channel how many were queued, sent, accepted, delivered, acknowledged and
failed, and how long it took from the moment in which the message was put - for a warning, its signature. Addresses and names
are never among it. A dispatch has no area of its own: the room that asks has checked that the reader may see the thing."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Concat

from tocsin.records.dispatch.lifecycle import DeliveryState
from tocsin.records.dispatch.models import AnswerRow, DeliveryRow, DispatchRow

__all__ = ["KINDS", "ChannelState", "ReportLine", "channel_states", "report"]

KINDS = ("warning_issued", "warning_updated", "warning_cancelled")
_WHOM = {"post:": "posts", "target:": "targets", "subscriber:": "public", "hub:": "systems"}
_S = DeliveryState


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One channel and whom it told (posts, targets, public, systems, others). ``queued``: all that were put; ``sent``: tried at
    least once; the others as they stand, where ``accepted`` holds those that were delivered or acknowledged since, and
    those that went as a line of another letter. Seconds from putting to acceptance:
    ``p50_s``, ``p95_s``, ``p99_s`` (nearest rank), None where nothing was accepted."""

    channel: str
    whom: str
    queued: int
    sent: int
    accepted: int
    delivered: int
    acknowledged: int
    failed: int
    too_late: int
    superseded: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What a channel did last: when something was accepted on it, how many dispatches wait, how many of these were tried in
    vain, and the last words of a next hop that refused."""

    channel: str
    last_accepted_at: datetime | None
    waiting: int
    failing: int
    last_error: str


def report(abouts: Collection[str], kinds: Collection[str] = KINDS) -> list[ReportLine]:
    """Of these warnings together, or of messages of other ``kinds`` about these things, by channel and whom."""
    rows = DeliveryRow.objects.filter(dispatch__kind__in=kinds, dispatch__about__in=abouts)
    named: QuerySet[Any] = rows.annotate(whom=Case(
        *(When(recipient__startswith=prefix, then=Value(whom)) for prefix, whom in _WHOM.items()),
        default=Value("others"), output_field=CharField(),
    ))  # fmt: skip
    answered = AnswerRow.objects.filter(key=Concat(OuterRef("dispatch_id"), Value("-"), OuterRef("number"),
                                                   output_field=CharField()))  # fmt: skip
    counted = named.values("dispatch__channel", "whom").annotate(
        queued=Count("id"), sent=Count("id", filter=Q(attempts__gt=0)),
        accepted=Count("id", filter=Q(state__in=(_S.ACCEPTED, _S.BUNDLED))),
        delivered=Count("id", filter=Q(delivered_at__isnull=False)),
        acknowledged=Count("id", filter=Q(acknowledged_at__isnull=False) | Q(Exists(answered))),
        failed=Count("id", filter=Q(state=_S.FAILED)), too_late=Count("id", filter=Q(state=_S.TOO_LATE)),
        superseded=Count("id", filter=Q(state=_S.SUPERSEDED)),
    )  # fmt: skip
    lines: dict[tuple[str, str], dict[str, Any]] = {
        (row["dispatch__channel"], row["whom"]): dict(row) for row in counted.order_by()
    }
    for channel, waiting in _not_expanded(abouts, kinds).items():
        row = lines.setdefault((channel, "posts"), dict.fromkeys(
            ("queued", "sent", "accepted", "delivered", "acknowledged", "failed", "too_late", "superseded"), 0))  # fmt: skip
        row["queued"] += waiting
    return [_line(channel, whom, row, named) for (channel, whom), row in sorted(lines.items())]


def channel_states() -> list[ChannelState]:
    """Of every channel on which anything was ever put."""
    accepted = dict(DeliveryRow.objects.values_list("dispatch__channel").annotate(at=Max("accepted_at")).order_by())
    waiting = {
        row["channel"]: row
        for row in DispatchRow.objects.filter(settled_at=None).values("channel").order_by("channel").annotate(
            n=Count("id"), failing=Count("id", filter=Q(attempts__gt=0))
        )
    }  # fmt: skip
    found = []
    for channel in sorted(accepted.keys() | waiting.keys()):
        open_rows = DispatchRow.objects.filter(channel=channel, settled_at=None, attempts__gt=0).order_by(
            "-put_at", "-id"
        )
        said = open_rows.values_list("last_error", flat=True).first() or ""
        row = waiting.get(channel, {"n": 0, "failing": 0})
        found.append(ChannelState(channel, accepted.get(channel), row["n"], row["failing"], said))
    return found


def _not_expanded(abouts: Collection[str], kinds: Collection[str]) -> dict[str, int]:
    """Recipients of shards that nobody has looked at yet; of ranges of the public nobody knows how many these are."""
    rows = DispatchRow.objects.filter(kind__in=kinds, about__in=abouts, expanded_at=None)
    found = rows.values_list("channel").annotate(n=Sum("recipients")).order_by("channel")
    return {channel: n for channel, n in found if n}


def _line(channel: str, whom: str, row: dict[str, Any], named: QuerySet[Any]) -> ReportLine:
    took = named.filter(dispatch__channel=channel, whom=whom, accepted_at__isnull=False).annotate(
        took=ExpressionWrapper(F("accepted_at") - F("dispatch__put_at"), output_field=DurationField())
    )
    count = took.count()
    ordered = took.order_by("took").values_list("took", flat=True)
    shares = [
        ordered[max(0, math.ceil(share * count) - 1)].total_seconds() if count else None for share in (0.5, 0.95, 0.99)
    ]
    names = ("queued", "sent", "accepted", "delivered", "acknowledged", "failed", "too_late", "superseded")
    return ReportLine(channel, whom, *(row[name] for name in names), *shares)
