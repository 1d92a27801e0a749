"""What the end of an event means for its vault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.loop.detect.facts import EventEnded
from tocsin.loop.verify.facts import EventClosed
from tocsin.records.seal import vault

__all__ = ["on_event_closed", "on_event_ended"]


def on_event_ended(facts: Sequence[EventEnded], now: datetime) -> None:
    """Its signals are over: people may still be in shelters, so that the vault has its days until somebody closes the event."""
    for fact in facts:
        vault.note_ended(fact.event, now=now)


def on_event_closed(facts: Sequence[EventClosed], now: datetime) -> None:
    """Somebody closed it: the vault is destroyed, unless an assessment keeps it."""
    for fact in facts:
        vault.destroy(fact.event, "the event was closed", now=now)
