"""Putting facts into the outbox."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from tocsin.records.outbox.fact import body_of, kind_of
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.outbox.wakeup import notify
from tocsin.records.rows import put_rows
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = ["put"]


def put(facts: Iterable[object], *, now: datetime) -> int:
    """Write facts in the order given; how many. Call it inside the transaction of the change they tell of.

    Raises RuntimeError outside a transaction: such a fact could outlive, or be outlived by, its change.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a fact is put in the transaction of its change")
    at_ms = to_us(now) // 1000
    rows = [(uuid7_id("fact", at_ms, secrets.randbits(74)), kind_of(fact), body_of(fact), now, 0, "") for fact in facts]
    if rows:
        put_rows(OutboxFact, ("fact_id", "kind", "body", "at", "attempts", "last_error"), rows)
        notify()
    return len(rows)
