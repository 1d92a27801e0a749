"""The only writer of dispatch. Putting happens in the transaction of the change that it tells of (N1 of warnings.md): one
row a channel and shard, never one a recipient. The sender expands a shard, attempts, and settles; every step is idempotent,
so a crash repeats an attempt and never loses one (N2)."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import connection, transaction

from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.facts import DispatchSettled
from tocsin.records.dispatch.message import Letter, Message, Recipient
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.outbox import services as outbox
from tocsin.records.outbox.wakeup import notify
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = ["SHARD", "letters", "put", "put_off", "settle", "take_due"]

SHARD = 500
TRIES = 12  # after that a delivery has failed: about a day, or earlier at ``not_after``
_PUT_OFF_AT_MOST = timedelta(minutes=5)


def put(message: Message, recipients: Sequence[Recipient], *, channel: str, actor: Actor, now: datetime) -> list[str]:
    """Put a message on its way; the ids of its shards. Recipients without an address are left out, and named on the
    ledger, since nobody told them. Raises RuntimeError outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("a message is put in the transaction of its change")
    reached = [r for r in recipients if r.address]
    texts = {language: asdict(text) for language, text in message.texts.items()}
    rows = [
        DispatchRow(
            id=uuid7_id("dsp", to_us(now) // 1000, secrets.randbits(74)), kind=message.kind, channel=channel,
            shard=start // SHARD, about=message.about, event=message.event, level=message.level, exercise=message.exercise,
            texts=texts, audience=[asdict(r) for r in reached[start : start + SHARD]], link=message.link, put_at=now,
            not_after=message.not_after,
        )
        for start in range(0, len(reached), SHARD)
    ]  # fmt: skip
    DispatchRow.objects.bulk_create(rows)
    body = {"kind": message.kind, "about": message.about, "channel": channel, "recipients": len(reached),
            "dispatches": [row.id for row in rows],
            "without_address": [r.name for r in recipients if not r.address][:50]}  # fmt: skip
    ledger.append(message.event or message.about, "message_put", body, actor=actor.name, now=now)
    notify()
    return [row.id for row in rows]


def take_due(channel: str, *, now: datetime, at_most: int = 20) -> list[str]:
    """Ids of dispatches of a channel that want an attempt now: the highest level first, then the oldest."""
    rows = DispatchRow.objects.filter(channel=channel, settled_at=None).exclude(not_before__gt=now)
    return list(rows.order_by("-level", "put_at", "id").values_list("id", flat=True)[:at_most])


def letters(dispatch_id: str, *, now: datetime) -> list[Letter]:
    """The letters of a dispatch that still wait, expanding its shard on first sight. What is past ``not_after`` is marked
    too late here and is not among them."""
    with transaction.atomic():
        row = DispatchRow.objects.select_for_update().get(id=dispatch_id)
        if row.settled_at is not None:
            return []
        if row.expanded_at is None:
            _expand(row, now)
        waiting = DeliveryRow.objects.filter(dispatch=row, state="waiting")
        if row.not_after is not None and now >= row.not_after:
            waiting.update(state="too_late")
            return []
        return [_letter(row, delivery) for delivery in waiting.order_by("number")]


def settle(dispatch_id: str, outcomes: Sequence[Outcome], *, now: datetime) -> bool:
    """Write what became of an attempt; True when every delivery has its end. What was not accepted is tried again later,
    with back-off and jitter, until it expires or has been tried often enough."""
    with transaction.atomic():
        row = DispatchRow.objects.select_for_update().get(id=dispatch_id)
        if row.settled_at is not None:
            return True
        by_number = {int(outcome.key.rpartition("-")[2]): outcome for outcome in outcomes}
        changed = list(DeliveryRow.objects.filter(dispatch=row, state="waiting", number__in=by_number))
        for delivery in changed:
            _note(delivery, by_number[delivery.number], now)
        DeliveryRow.objects.bulk_update(changed, ["state", "attempts", "accepted_at", "said"], batch_size=200)
        if DeliveryRow.objects.filter(dispatch=row, state="waiting").exists():
            _wait(row, "", now)
            return False
        _close(row, now)
        return True


def put_off(dispatch_id: str, error: str, *, now: datetime) -> None:
    """The channel as a whole did not answer: the dispatch waits, nobody's delivery is counted as tried."""
    with transaction.atomic():
        row = DispatchRow.objects.select_for_update().get(id=dispatch_id)
        if row.settled_at is None:
            _wait(row, error, now)


def _expand(row: DispatchRow, now: datetime) -> None:
    people = [
        DeliveryRow(dispatch=row, number=n, recipient=r["name"], address=r["address"], language=r["language"])
        for n, r in enumerate(row.audience)
    ]
    DeliveryRow.objects.bulk_create(people, ignore_conflicts=True)
    row.expanded_at = now
    row.save(update_fields=["expanded_at"])


def _letter(row: DispatchRow, delivery: DeliveryRow) -> Letter:
    text = row.texts.get(delivery.language) or row.texts.get("en") or next(iter(row.texts.values()))
    return Letter(f"{row.id}-{delivery.number}", delivery.recipient, delivery.address, text["subject"], text["body"],
                  delivery.language, row.level, row.exercise)  # fmt: skip


def _note(delivery: DeliveryRow, outcome: Outcome, now: datetime) -> None:
    delivery.attempts += 1
    delivery.said = outcome.said[:500]
    if outcome.accepted:
        delivery.state, delivery.accepted_at = "accepted", now
    elif outcome.final or delivery.attempts >= TRIES:
        delivery.state = "failed"


def _wait(row: DispatchRow, error: str, now: datetime) -> None:
    pause = min(_PUT_OFF_AT_MOST, timedelta(seconds=2 ** min(row.attempts, 12)))
    row.attempts += 1
    row.last_error = error[:500]
    row.not_before = now + pause * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, so that retries do not come together
    row.save(update_fields=["attempts", "last_error", "not_before"])


def _close(row: DispatchRow, now: datetime) -> None:
    states = list(DeliveryRow.objects.filter(dispatch=row).values_list("state", flat=True))
    accepted, failed, late = (states.count(state) for state in ("accepted", "failed", "too_late"))
    row.settled_at = now
    row.save(update_fields=["settled_at"])
    body = {"dispatch": row.id, "kind": row.kind, "channel": row.channel, "accepted": accepted, "failed": failed,
            "too_late": late}  # fmt: skip
    ledger.append(row.event or row.about, "message_settled", body, actor=SYSTEM.name, now=now)
    outbox.put([DispatchSettled(row.id, row.kind, row.about, row.event, accepted, failed, late)], now=now)
