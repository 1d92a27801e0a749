"""What rectify does when facts arrive. Each calls one service for each fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.loop.rectify import services
from tocsin.records.tasks.facts import TaskOverdue

__all__ = ["on_task_overdue"]


def on_task_overdue(facts: Sequence[TaskOverdue], now: datetime) -> None:
    """Nobody looked again, or back, in time: the case handlers are told. (The order's own deadline is told by the sweep.)"""
    for fact in facts:
        if fact.kind == services.RECHECK_KIND:
            services.note_recheck_overdue(fact.about, now=now)
        elif fact.kind == services.LOOK_BACK_KIND:
            services.note_look_back_overdue(fact.about, now=now)
