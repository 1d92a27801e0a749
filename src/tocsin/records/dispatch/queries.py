"""Reading dispatch: what was sent about a thing and what became of it. Addresses are never among it. A dispatch has no
area of its own: the room that asks has checked, by its own scope, that the reader may see the thing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q

from tocsin.records.dispatch.lifecycle import DeliveryState
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow

__all__ = [
    "DeliveryLine",
    "ToldLine",
    "Undelivered",
    "deliveries",
    "outcomes",
    "told_about",
    "undelivered",
    "undelivered_by_channel",
]


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """What became of one message on one channel: counts by state, and when the first and the last were accepted."""

    kind: str
    channel: str
    put_at: datetime
    waiting: int
    accepted: int
    failed: int
    too_late: int
    first_accepted_at: datetime | None
    last_error: str
    superseded: int = 0
    last_accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A health figure: ``dispatches`` that are not settled, the ``age`` of the oldest, how many were tried in vain
    (``failing``) and what the last of these heard."""

    dispatches: int
    age: timedelta | None
    failing: int
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One message to one recipient, without its address; ``state`` of the delivery, waiting before anybody looked at it."""

    kind: str
    put_at: datetime
    recipient: str
    state: str
    accepted_at: datetime | None


def told_about(about: str, kinds: Collection[str], *, at_most: int = 100) -> list[ToldLine]:
    """Who was told of a thing by messages of these kinds, the newest first."""
    rows = DispatchRow.objects.filter(about=about, kind__in=kinds).order_by("-put_at", "-id")[:at_most]
    ended: dict[tuple[str, str], tuple[str, datetime | None]] = {
        (dispatch, name): (state, at) for dispatch, name, state, at in DeliveryRow.objects.filter(dispatch__in=[
            row.id for row in rows]).values_list("dispatch_id", "recipient", "state", "accepted_at")
    }  # fmt: skip
    waits = (DeliveryState.WAITING.value, None)
    return [ToldLine(row.kind, row.put_at, name, *ended.get((row.id, name), waits))
            for row in rows for name, _address, _language in row.audience]  # fmt: skip


def deliveries(about: str = "", *, event: str = "") -> list[DeliveryLine]:
    """The report about one thing, or about one event: one line a message and channel (its shards together), in order of
    putting."""
    of = {"about": about} if about else {"event": event}
    columns = ("id", "kind", "channel", "put_at", "about", "recipients", "expanded_at", "last_error")
    shards = list(DispatchRow.objects.filter(**of).order_by("put_at", "id").values(*columns))
    counted = DeliveryRow.objects.filter(**{f"dispatch__{name}": value for name, value in of.items()})
    rows = counted.values("dispatch_id", "state").annotate(
        n=Count("id"), first=Min("accepted_at"), last=Max("accepted_at")
    )
    states: dict[str, list[Any]] = {}
    for row in rows.order_by():
        states.setdefault(row["dispatch_id"], []).append(row)
    messages: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for shard in shards:
        messages.setdefault((shard["put_at"], shard["kind"], shard["channel"], shard["about"]), []).append(shard)
    return [_line(together, states) for together in messages.values()]


def _line(shards: list[dict[str, Any]], states: Mapping[str, list[Any]]) -> DeliveryLine:
    count = dict.fromkeys(map(str, DeliveryState), 0)
    moments: list[datetime] = []
    for shard in shards:
        if shard["expanded_at"] is None:
            count[DeliveryState.WAITING] += shard["recipients"]
        for row in states.get(shard["id"], ()):
            count[row["state"]] += row["n"]
            moments += [at for at in (row["first"], row["last"]) if at is not None]
    first = shards[0]
    error = next((shard["last_error"] for shard in shards if shard["last_error"]), "")
    return DeliveryLine(
        first["kind"], first["channel"], first["put_at"], count["waiting"], count["accepted"], count["failed"],
        count["too_late"], min(moments, default=None), error, count["superseded"], max(moments, default=None),
    )  # fmt: skip


def undelivered(*, now: datetime) -> Undelivered:
    """What still waits to be sent, on all channels together."""
    waiting = DispatchRow.objects.filter(settled_at=None)
    found = waiting.aggregate(n=Count("id"), oldest=Min("put_at"), failing=Count("id", filter=Q(attempts__gt=0)))
    failing = waiting.filter(attempts__gt=0).order_by("-put_at", "-id").values_list("last_error", flat=True).first()
    return Undelivered(found["n"], now - found["oldest"] if found["oldest"] else None, found["failing"], failing or "")


def undelivered_by_channel(*, now: datetime) -> dict[str, Undelivered]:
    """The same, one a channel on which something waits."""
    rows = DispatchRow.objects.filter(settled_at=None).values("channel").order_by("channel").annotate(
        n=Count("id"), oldest=Min("put_at"), failing=Count("id", filter=Q(attempts__gt=0))
    )  # fmt: skip
    return {row["channel"]: Undelivered(row["n"], now - row["oldest"], row["failing"]) for row in rows}


def outcomes(dispatches: Collection[str]) -> dict[str, tuple[str, str]]:
    """By key of the letter: the state of its delivery and what the next hop said last. The room that asks has checked that the
    reader may see the thing."""
    rows = DeliveryRow.objects.filter(dispatch__in=dispatches).values_list("dispatch_id", "number", "state", "said")
    return {f"{dispatch}-{number}": (state, said) for dispatch, number, state, said in rows}


def newest_about(kind: str) -> str:
    """What the newest message of a kind was about; "" where there was none."""
    rows = DispatchRow.objects.filter(kind=kind).order_by("-put_at", "-id")
    return rows.values_list("about", flat=True).first() or ""
