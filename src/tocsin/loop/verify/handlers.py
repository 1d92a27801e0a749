"""What verify does when facts arrive. Each calls one service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.loop.detect.facts import EventChanged, EventEnded, EventMerged, EventOpened, EventProposed
from tocsin.loop.verify import services
from tocsin.records.dispatch.facts import DispatchSettled
from tocsin.records.tasks.facts import TaskOverdue

__all__ = [
    "on_dispatch_settled", "on_event_changed", "on_event_ended", "on_event_merged", "on_event_opened", "on_event_proposed",
    "on_task_overdue",
]  # fmt: skip


_OF_WARN = "wrn_"


def on_event_proposed(facts: Sequence[EventProposed], now: datetime) -> None:
    """A cascade expects events."""
    for event, level in _highest(facts):
        services.open_dossier(event, level=level, now=now)


def on_event_opened(facts: Sequence[EventOpened], now: datetime) -> None:
    """Something is happening."""
    for event, level in _highest(facts):
        services.open_dossier(event, level=level, now=now)


def on_event_changed(facts: Sequence[EventChanged], now: datetime) -> None:
    """Levels or extents changed; several changes of one event are followed at once, to where it stands now."""
    for event, level in _highest(facts):
        services.note_change(event, level=level, now=now)


def on_event_merged(facts: Sequence[EventMerged], now: datetime) -> None:
    """Events were found to be one."""
    for fact in facts:
        services.note_merged(fact.event, fact.into, now=now)


def on_event_ended(facts: Sequence[EventEnded], now: datetime) -> None:
    """Events are over."""
    for event, _level in _highest(facts):
        services.note_ended(event, now=now)


def on_task_overdue(facts: Sequence[TaskOverdue], now: datetime) -> None:
    """Deadlines of tasks passed; only those of verifications are ours."""
    for fact in facts:
        if fact.kind == services.UNREACHED:
            services.note_unreached_overdue(fact.task, now=now)
    late = [fact.task for fact in facts if fact.kind == services.KIND]
    if late:
        services.note_overdue(late, now=now)


def on_dispatch_settled(facts: Sequence[DispatchSettled], now: datetime) -> None:
    """Letters about an event have their end; where some did not arrive, a duty officer is asked to reach those posts. Those
    about a warning are warn's."""
    for fact in facts:
        failed = fact.failed + fact.too_late
        if failed and fact.event and not fact.about.startswith(_OF_WARN):
            services.note_event_unreached(fact.event, fact.about, failed, now=now)


def _highest(facts: Iterable[EventProposed | EventOpened | EventChanged | EventEnded]) -> Iterable[tuple[str, int]]:
    found: dict[str, int] = {}
    for fact in facts:
        found[fact.event] = max(found.get(fact.event, 0), fact.level)
    return found.items()
