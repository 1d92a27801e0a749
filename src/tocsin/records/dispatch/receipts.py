"""Receipts: what is known of a letter after the next hop took it - it was delivered, somebody acknowledged it, or it came back.

Each letter carries an address of its own under which its receiver says so (``address_of``): a gateway's status report, another
system, a browser. It holds a proof made with the deployment's key, so no table holds a secret. A gateway that can call only one
fixed address has one (``gateway_proof``) and names the letter in its report. What a person of staff says with a button of
their own is an answer (``answers``), not a receipt.

A letter that comes back after it was accepted has failed after all: the fact ``delivery_returned`` goes to whoever looks after
those who were not reached.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from tocsin.records.dispatch.facts import DeliveryReturned
from tocsin.records.dispatch.lifecycle import OPEN, DeliveryState, Receipt
from tocsin.records.dispatch.models import DeliveryRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.outbox import services as outbox

__all__ = ["address_of", "channel_of", "gateway_proof", "note", "proves", "proves_gateway"]


def address_of(key: str) -> str:
    """Where the receiver of this letter says what became of it."""
    return f"{settings.CONFIGURATION.public_address}/receipts/{key}/{_proof(_keys()[0], 'letter', key)}"


def proves(key: str, proof: str) -> bool:
    """Whether we made this address."""
    return _is_one_of(proof, "letter", key)


def gateway_proof(channel: str) -> str:
    """What stands in the one address at which the gateway of a channel reports."""
    return _proof(_keys()[0], "gateway", channel)


def proves_gateway(channel: str, proof: str) -> bool:
    """Whether it does."""
    return _is_one_of(proof, "gateway", channel)


def channel_of(key: str) -> str:
    """The channel on which a letter went; "" where there is none of this key."""
    row = _rows(key).select_related("dispatch").first()
    return row.dispatch.channel if row else ""


def note(key: str, receipt: Receipt, *, said: str = "", now: datetime) -> bool:
    """Write a receipt; whether it is known now. False: there is no such letter, or one that came back before its hand-over was
    written, and whoever reports should report again. The first of each kind counts."""
    with transaction.atomic():
        row = _rows(key).select_for_update(of=("self",)).select_related("dispatch").first()
        if row is None:
            return False
        if receipt is Receipt.RETURNED:
            return _returned(row, said, now)
        row.delivered_at = row.delivered_at or now
        if receipt is Receipt.ACKNOWLEDGED:
            row.acknowledged_at = row.acknowledged_at or now
        row.save(update_fields=["delivered_at", "acknowledged_at"])
        return True


def _returned(row: DeliveryRow, said: str, now: datetime) -> bool:
    if row.state != DeliveryState.ACCEPTED or row.delivered_at is not None:
        return row.state not in OPEN  # it has failed already, or had arrived, whatever comes afterwards
    row.state, row.said = DeliveryState.FAILED, f"came back: {said}"[:500]
    row.save(update_fields=["state", "said"])
    sent = row.dispatch
    body = {"dispatch": sent.id, "kind": sent.kind, "channel": sent.channel}
    if not row.recipient.startswith("subscriber:"):
        body["recipient"] = row.recipient
    ledger.append(sent.event or sent.about, "message_returned", body, actor=SYSTEM.name, now=now)
    outbox.put([DeliveryReturned(sent.id, sent.kind, sent.about, sent.event)], now=now)
    return True


def _rows(key: str) -> QuerySet[DeliveryRow]:
    dispatch, _dash, number = key.rpartition("-")
    if not (dispatch and number.isascii() and number.isdigit() and len(number) < 9):
        return DeliveryRow.objects.none()
    return DeliveryRow.objects.filter(dispatch_id=dispatch, number=int(number))


def _keys() -> list[bytes]:
    keys: list[bytes] = settings.CONFIGURATION.home.webhook_keys()
    return keys


def _is_one_of(proof: str, purpose: str, thing: str) -> bool:
    return any(hmac.compare_digest(_proof(key, purpose, thing).encode(), proof.encode()) for key in _keys())


def _proof(key: bytes, purpose: str, thing: str) -> str:
    return hmac.new(key, f"tocsin receipt\0{purpose}\0{thing}".encode(), hashlib.sha256).hexdigest()[:40]
