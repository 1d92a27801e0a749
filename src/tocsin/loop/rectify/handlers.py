"""What rectify does when facts arrive. Each calls one service for each fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.loop.rectify import services
from tocsin.loop.rectify.lifecycle import CASE_KIND
from tocsin.records.cases.facts import CaseChanged, ClockRunOut

__all__ = ["on_case_changed", "on_clock_run_out"]


def on_case_changed(facts: Sequence[CaseChanged], now: datetime) -> None:
    """What a case held was destroyed: the archived row that it was made of goes too."""
    services.forget_archived([fact.case for fact in facts if fact.what == "case_purged"])


def on_clock_run_out(facts: Sequence[ClockRunOut], now: datetime) -> None:
    """A deadline of a finding has passed: whoever must act is told."""
    for fact in facts:
        if fact.kind != CASE_KIND:
            continue
        if fact.clock in ("order_limit", "plan_deadline"):
            services.note_overdue(fact.case, fact.due_us, now=now)
        elif fact.clock == "recheck":
            services.note_recheck_overdue(fact.case, now=now)
        elif fact.clock == "look_back":
            services.note_look_back_overdue(fact.case, now=now)
