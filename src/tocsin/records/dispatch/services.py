"""The only writer of dispatch. Putting happens in the transaction of the change that it tells of (N1 of warnings.md): one
row a channel and shard, never one a recipient. The sender then takes portions: ``letters`` expands a shard on first sight,
the channel sends, ``settle`` writes what became of it. Every step is idempotent, so a crash repeats the attempt of one
portion and loses nobody (N2)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.records.dispatch import answers, holding, receipts
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.facts import DispatchSettled
from tocsin.records.dispatch.lifecycle import OPEN, DeliveryState
from tocsin.records.dispatch.message import Letter, Message, Recipient
from tocsin.records.dispatch.models import DeliveryRow, DispatchRow
from tocsin.records.dispatch.selection import expand
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.outbox import services as outbox
from tocsin.records.outbox.wakeup import notify
from tocsin.records.rows import put_rows
from tocsin.terms.moment import to_us

__all__ = ["PORTION", "SHARD", "letters", "put", "put_off", "put_selection", "settle", "spread", "take_due", "withdraw"]

SHARD = 500  # recipients of one dispatch
PORTION = 50  # letters of one attempt: what a crash may repeat, and how long an urgent message may have to wait
TRIES = 12  # a message without ``not_after`` has failed at a recipient after so many attempts
KEPT_FOR = timedelta(days=1)  # and not before so long
CLAIM = timedelta(minutes=1)  # how long a dispatch is a node's own: a portion takes seconds
_WITH_RECEIPT = ("webhook", "web_push", "sms", "voice")  # channels whose other side can say what became of a letter
_PUT_OFF_AT_MOST = timedelta(minutes=5)
_DOWN_AT_MOST = timedelta(seconds=30)  # a channel that is down as a whole is asked by its thread, not by each dispatch
_DELIVERY = ("dispatch_id", "number", "recipient", "address", "language", "state", "attempts", "not_before",
             "accepted_at", "said")  # fmt: skip
_NOTED = ("state", "attempts", "not_before", "accepted_at", "said")


def spread() -> float:
    """What a pause is multiplied by, so that retries do not come together. Tests give a constant instead."""
    return random.uniform(0.8, 1.2)  # noqa: S311 - no secret


# ---------------------------------------------------------------- putting
def put(message: Message, recipients: Sequence[Recipient], *, channel: str, actor: Actor, now: datetime) -> list[str]:
    """Put a message on its way; the ids of its shards. Recipients without an address are left out, and named on the
    ledger, since nobody told them. Raises RuntimeError outside a transaction, ValueError for a message without words or
    without anything it is about."""
    if not connection.in_atomic_block:
        raise RuntimeError("a message is put in the transaction of its change")
    if not (message.texts and (message.about or message.event)):
        raise ValueError("a message has words in some language, and is about something")
    reached = [r for r in recipients if r.address]
    rows = [_shard(message, reached[start : start + SHARD], start // SHARD, channel, now)
            for start in range(0, len(reached), SHARD)]  # fmt: skip
    DispatchRow.objects.bulk_create(rows)
    unreached = [r.name for r in recipients if not r.address]
    body = {"kind": message.kind, "about": message.about, "channel": channel, "recipients": len(reached),
            "dispatches": [row.id for row in rows], "without_address": unreached[:50], "unreached": len(unreached)}  # fmt: skip
    ledger.append(message.event or message.about, "message_put", body, actor=actor.name, now=now)
    notify()
    return [row.id for row in rows]


def put_selection(
    message: Message, selection: str, ranges: Sequence[Mapping[str, Any]], *, channel: str, actor: Actor, now: datetime
) -> list[str]:
    """Put a message on its way to recipients of the public, one shard a range; who they are is looked up when the shard is
    expanded. Raises ValueError for an exercise, which never reaches the public (CAP rule R57), else as ``put``."""
    if message.exercise:
        raise ValueError("an exercise never reaches the public")
    if not connection.in_atomic_block:
        raise RuntimeError("a message is put in the transaction of its change")
    rows = [_shard(message, [], number, channel, now) for number in range(len(ranges))]
    for row, criteria in zip(rows, ranges, strict=True):
        row.audience = {"selection": selection, **criteria}
    DispatchRow.objects.bulk_create(rows)
    body = {
        "kind": message.kind,
        "about": message.about,
        "channel": channel,
        "selection": selection,
        "shards": len(rows),
    }
    ledger.append(message.event or message.about, "message_put", body, actor=actor.name, now=now)
    notify()
    return [row.id for row in rows]


def _shard(message: Message, people: Sequence[Recipient], number: int, channel: str, now: datetime) -> DispatchRow:
    return DispatchRow(
        id=new_id("dsp", now=now), kind=message.kind, channel=channel, shard=number,
        about=message.about, event=message.event, thread=message.thread, level=message.level, exercise=message.exercise,
        texts={language: asdict(text) for language, text in message.texts.items()},
        audience=[[r.name, r.address, r.language] for r in people], recipients=len(people), link=message.link,
        put_at=now, not_after=message.not_after, asks=message.asks,
    )  # fmt: skip


# ---------------------------------------------------------------- sending
def take_due(channel: str, *, now: datetime, at_most: int = 20, node: str = "") -> list[str]:
    """Ids of dispatches of a channel that want an attempt now: the highest level first, then the oldest. What another
    ``node`` has claimed is not among them."""
    others = Q(claimed_until__gt=now) & ~Q(claimed_by=node)
    rows = DispatchRow.objects.filter(channel=channel, settled_at=None).exclude(not_before__gt=now).exclude(others)
    return list(rows.order_by("-level", "put_at", "id").values_list("id", flat=True)[:at_most])


def letters(dispatch_id: str, *, now: datetime, at_most: int = PORTION, node: str = "") -> list[Letter]:
    """The next letters of a dispatch that are due, expanding its shard on first sight; none where all have their end or
    wait for another attempt, or where another ``node`` sends it. What nobody wants any more gets its end here. Follow with
    ``settle``, also after none."""
    with transaction.atomic():
        row = _locked(dispatch_id)
        if row.settled_at is not None or not _claim(row, node, now):
            return []
        if row.expanded_at is None:
            _expand(row, now)
        holding.release(row, now=now)
        if end := _end_of_all(row, now):
            _waiting(row).update(state=end)
            return []
        due = holding.hold_back(row, _waiting(row).exclude(not_before__gt=now).order_by("number")[:at_most], now=now)
        return [_letter(row, delivery) for delivery in due]


def settle(
    dispatch_id: str, outcomes: Sequence[Outcome], *, now: datetime, jitter: Callable[[], float] = spread
) -> bool:
    """Write what became of an attempt; True when every delivery has its end. Who was not reached is tried again, with
    growing pauses, until ``not_after``, or where there is none until it was tried long and often enough."""
    with transaction.atomic():
        row = _locked(dispatch_id)
        if row.settled_at is not None:
            return True
        if row.expanded_at is None:  # nobody has seen its letters yet, so nothing came of them
            return False
        _note(row, outcomes, now, jitter)
        ahead = DeliveryRow.objects.filter(dispatch=row, state__in=OPEN).aggregate(
            n=Count("id"), untried=Count("id", filter=Q(not_before=None)), at=Min("not_before"), tried=Max("attempts")
        )
        if not ahead["n"]:
            _close(row, now)
            return True
        row.attempts = ahead["tried"]
        row.not_before = None if ahead["untried"] else ahead["at"]
        refused = next((outcome.said for outcome in outcomes if not outcome.accepted), "")
        row.last_error = _kept(refused or row.last_error) if row.attempts else ""
        row.save(update_fields=["attempts", "last_error", "not_before"])
        return False


def put_off(dispatch_id: str, error: str, *, now: datetime, jitter: Callable[[], float] = spread) -> None:
    """The channel as a whole did not answer: the dispatch waits, nobody's delivery is counted as tried."""
    with transaction.atomic():
        row = _locked(dispatch_id)
        if row.settled_at is None:
            row.not_before = min(_next(row, row.attempts, now, jitter), now + _DOWN_AT_MOST)
            row.attempts += 1
            row.last_error = _kept(error)
            row.claimed_until = None  # another node may reach it
            row.save(update_fields=["attempts", "last_error", "not_before", "claimed_until"])


def withdraw(letters: Iterable[tuple[str, str]]) -> int:
    """Letters that wait are not sent any more: (dispatch, recipient's post) each; how many. Whoever reads them has heard by
    another way. In the caller's transaction."""
    by_dispatch: dict[str, set[str]] = {}
    for dispatch_id, post in letters:
        by_dispatch.setdefault(dispatch_id, set()).add(f"post:{post}")
    taken = 0
    for row in DispatchRow.objects.select_for_update().filter(id__in=by_dispatch, settled_at=None).order_by("id"):
        if row.expanded_at is None:
            _expand(row, row.put_at)
        taken += _waiting(row).filter(recipient__in=by_dispatch[row.id]).update(state=DeliveryState.SUPERSEDED)
    return taken


def _locked(dispatch_id: str) -> DispatchRow:
    """The row, held until the transaction ends, without its audience (some 40 kB that only ``_expand`` needs)."""
    return DispatchRow.objects.select_for_update().defer("audience").get(id=dispatch_id)


def _claim(row: DispatchRow, node: str, now: datetime) -> bool:
    """Two nodes at once send once; a node that died is relieved when its claim is over, and then a letter may come twice
    rather than never. A node that starts again goes on at once: its claims are its own. Renewed in good time, so that it is
    no write a portion."""
    if row.claimed_by != node and row.claimed_until is not None and now < row.claimed_until:
        return False
    if row.claimed_by != node or row.claimed_until is None or row.claimed_until - now < CLAIM / 2:
        row.claimed_by, row.claimed_until = node, now + CLAIM
        row.save(update_fields=["claimed_by", "claimed_until"])
    return True


def _waiting(row: DispatchRow) -> QuerySet[DeliveryRow]:
    return DeliveryRow.objects.filter(dispatch=row, state=DeliveryState.WAITING)


def _expand(row: DispatchRow, now: datetime) -> None:
    named = row.audience
    if isinstance(named, dict):
        found = expand(named)
        named = [(recipient.name, recipient.address, recipient.language) for recipient in found]
        row.recipients = len(named)
    people = [
        (row.id, number, name, address, language, DeliveryState.WAITING.value, 0, None, None, "")
        for number, (name, address, language) in enumerate(named)
    ]
    put_rows(DeliveryRow, _DELIVERY, people)
    row.expanded_at = now
    row.save(update_fields=["expanded_at", "recipients"])


def _end_of_all(row: DispatchRow, now: datetime) -> DeliveryState | None:
    if row.not_after is not None and now >= row.not_after:
        return DeliveryState.TOO_LATE
    if row.thread:
        newer = DispatchRow.objects.filter(thread=row.thread, channel=row.channel, put_at__gt=row.put_at)
        if newer.exists():
            return DeliveryState.SUPERSEDED
    return None


def _letter(row: DispatchRow, delivery: DeliveryRow) -> Letter:
    language = next(name for name in (delivery.language, "en", *row.texts) if name in row.texts)
    subject, body = row.texts[language]["subject"], row.texts[language]["body"]
    if row.exercise:  # here, once, so that no room can forget it
        with translation.override(language):
            mark, sentence = _("Exercise"), _("Exercise. Not a real warning.")
        subject, body = f"[{mark}] {subject}", f"{sentence}\n\n{body}"
    key = f"{row.id}-{delivery.number}"
    if row.asks:
        body += answers.footer(row.channel, key, language)
    link = f"{settings.CONFIGURATION.public_address}{row.link}" if row.link else ""
    receipt = receipts.address_of(key) if row.channel in _WITH_RECEIPT else ""
    return Letter(key, delivery.recipient, delivery.address, subject, body, language, row.level, row.exercise, link=link,
                  receipt=receipt)  # fmt: skip


def _note(row: DispatchRow, outcomes: Sequence[Outcome], now: datetime, jitter: Callable[[], float]) -> None:
    """Write the outcomes of deliveries that wait."""
    said = {}
    for outcome in outcomes:
        dispatch, _dash, number = outcome.key.rpartition("-")
        if dispatch == row.id and number.isdigit():
            said[int(number)] = outcome
    changed, heard = [], []
    for delivery in _waiting(row).filter(number__in=said):
        outcome, tried = said[delivery.number], delivery.attempts + 1
        state = _state_after(row, outcome, tried, now)
        pause = _next(row, delivery.attempts, now, jitter) if state is DeliveryState.WAITING else None
        accepted_at = now if state is DeliveryState.ACCEPTED else None
        heard += [delivery.recipient] if accepted_at else []
        changed.append((delivery.pk, row.id, delivery.number, delivery.recipient, delivery.address, delivery.language,
                        state.value, tried, pause, accepted_at, _kept(outcome.said)))  # fmt: skip
    put_rows(DeliveryRow, ("id", *_DELIVERY), changed, key="id", replace=_NOTED)
    holding.note_heard(row, heard, now=now)


def _state_after(row: DispatchRow, outcome: Outcome, tried: int, now: datetime) -> DeliveryState:
    if outcome.accepted:
        return DeliveryState.ACCEPTED
    enough = row.not_after is None and tried >= TRIES and now - row.put_at >= KEPT_FOR
    return DeliveryState.FAILED if outcome.final or enough else DeliveryState.WAITING


def _next(row: DispatchRow, tried: int, now: datetime, jitter: Callable[[], float]) -> datetime:
    """When to try again; at ``not_after`` at the latest, so that its passing is noted at once."""
    pause = min(_PUT_OFF_AT_MOST, timedelta(seconds=2 ** min(tried, 12))) * jitter()
    return now + pause if row.not_after is None else max(now, min(now + pause, row.not_after))


def _kept(words: str) -> str:
    """What a server said, as any database takes it."""
    return words.replace("\x00", "").encode("utf-8", "replace").decode()[:500]


def _close(row: DispatchRow, now: datetime) -> None:
    states = DeliveryRow.objects.filter(dispatch=row).values_list("state").annotate(n=Count("id")).order_by()
    count = dict.fromkeys(map(str, DeliveryState), 0) | dict(states)
    row.settled_at = now
    row.save(update_fields=["settled_at"])
    ends = {state.value: count[state] for state in DeliveryState if state not in OPEN}
    first = DeliveryRow.objects.filter(dispatch=row).aggregate(at=Min("accepted_at"))["at"]
    body = {"dispatch": row.id, "kind": row.kind, "channel": row.channel, **ends,
            "first_accepted_us": to_us(first) if first else None}  # fmt: skip
    ledger.append(row.event or row.about, "message_settled", body, actor=SYSTEM.name, now=now)
    outbox.put([DispatchSettled(row.id, row.kind, row.about, row.event, **ends)], now=now)
