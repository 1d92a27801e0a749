"""What respond does when facts arrive. Each calls one service for each fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.loop.detect.facts import EventChanged, EventMerged, EventOpened
from tocsin.loop.respond import playbooks, services
from tocsin.loop.verify.facts import EventConfirmed, EventRefuted
from tocsin.loop.warn.facts import WarningCancelled, WarningExpired, WarningIssued, WarningUpdated
from tocsin.records.tasks.facts import TaskOverdue

__all__ = [
    "on_event_confirmed", "on_event_merged", "on_event_moved", "on_event_refuted", "on_task_overdue", "on_warning_cancelled",
    "on_warning_expired", "on_warning_issued", "on_warning_updated",
]  # fmt: skip


def on_warning_issued(facts: Sequence[WarningIssued], now: datetime) -> None:
    """A mapping may ask for a response. A warning without an event has nothing to command."""
    for fact in facts:
        if fact.event:
            services.consider(fact.event, "warning", fact.level, warning=fact.warning, exercise=fact.exercise, now=now)


def on_warning_updated(facts: Sequence[WarningUpdated], now: datetime) -> None:
    """Another level may ask for another response."""
    for fact in facts:
        if fact.event:
            services.consider(fact.event, "warning", fact.level, warning=fact.warning, exercise=fact.exercise, now=now)


def on_warning_cancelled(facts: Sequence[WarningCancelled], now: datetime) -> None:
    """What rests on the warning lapses, what runs is told."""
    for fact in facts:
        if fact.event:
            services.note_cancelled(fact.event, fact.warning, now=now)


def on_warning_expired(facts: Sequence[WarningExpired], now: datetime) -> None:
    """Nothing is in force any more: a response that runs is told, what nobody decided on waits on."""
    for fact in facts:
        if fact.event:
            services.note_cancelled(fact.event, fact.warning, ran_out=True, now=now)


def on_event_moved(facts: Sequence[EventOpened | EventChanged], now: datetime) -> None:
    """An event stands at a level: a mapping may ask for a response, and for what is to be done early. Each level once."""
    stood: dict[str, int] = {}
    for fact in facts:
        if stood.get(fact.event) != fact.level and playbooks.declared(fact.hazard, "event", fact.level) is not None:
            services.consider(fact.event, "event", fact.level, now=now)
        stood[fact.event] = fact.level


def on_event_confirmed(facts: Sequence[EventConfirmed], now: datetime) -> None:
    """Somebody saw it: a mapping may ask for a response without any warning."""
    for fact in facts:
        services.consider(fact.event, "event_confirmed", fact.level, now=now)


def on_event_refuted(facts: Sequence[EventRefuted], now: datetime) -> None:
    """Nobody needs a response to what is not there; one that runs is told."""
    for fact in facts:
        services.note_refuted(fact.event, now=now)


def on_event_merged(facts: Sequence[EventMerged], now: datetime) -> None:
    """The incident goes on with the event that lives on."""
    for fact in facts:
        if fact.into:
            services.merge(fact.event, fact.into, now=now)


def on_task_overdue(facts: Sequence[TaskOverdue], now: datetime) -> None:
    """A first action or a report is not done in time: its commander is told."""
    for fact in facts:
        if fact.kind in services.KINDS:
            services.note_overdue(fact.task, now=now)
