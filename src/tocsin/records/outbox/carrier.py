"""Carrying facts to the stages that the wiring names, each fact to each stage once.

A stage takes a list of facts of one kind and calls one service. Its effect and the note that it had these facts are
committed together, so that a crash at any moment repeats either all of it or nothing. A list that fails is tried
again fact by fact, so that a bad fact delays no other; it is put off for longer and longer, and shown as failing.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q

from tocsin.records.outbox.fact import read_fact
from tocsin.records.outbox.models import Carriage, OutboxFact
from tocsin.records.outbox.wakeup import Wakeup

__all__ = ["Carried", "Carrier", "Stage", "Wiring"]

log = logging.getLogger(__name__)
_PUT_OFF_AT_MOST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing that happens when a fact arrives: ``take(facts, now)``. ``name`` never changes once in use."""

    name: str
    take: Callable[[Sequence[Any], datetime], None]


Wiring = Mapping[str, Sequence[Stage]]


@dataclass(slots=True)
class Carried:
    """What one round did."""

    facts: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)


class Carrier:
    """Carries what waits, oldest first. Several may run side by side; a fact still reaches a stage only once."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring

    def carry(self, *, now: datetime, at_most: int = 500) -> Carried:
        """One round: up to ``at_most`` facts through all their stages."""
        due = Q(carried_at=None) & (Q(not_before=None) | Q(not_before__lte=now))
        rows = list(OutboxFact.objects.filter(due).order_by("id")[:at_most])
        result = Carried()
        # Neighbours of one kind go together: the order of kinds is kept, and a stage writes once for many facts.
        for kind, group in groupby(rows, key=lambda row: row.kind):
            self._carry_kind(kind, list(group), now, result)
        return result

    def run(self, stop: threading.Event, clock: Callable[[], datetime], *, idle_s: float = 1.0) -> None:
        """Carry until ``stop``; wakes as soon as a fact is put. A database that goes away is waited for."""
        while not stop.is_set():
            try:
                self._run_connected(stop, clock, idle_s)
            except (DatabaseError, InterfaceError, psycopg.Error, sqlite3.Error) as error:
                log.error("the outbox cannot be carried, trying again in %g s: %s", idle_s, error)
                stop.wait(idle_s)
            finally:
                connection.close()

    def _run_connected(self, stop: threading.Event, clock: Callable[[], datetime], idle_s: float) -> None:
        with Wakeup() as wakeup:
            while not stop.is_set():
                if not self.carry(now=clock()).facts:
                    wakeup.wait(idle_s)

    def _carry_kind(self, kind: str, rows: list[OutboxFact], now: datetime, result: Carried) -> None:
        failed: dict[int, str] = {}
        for stage in self.wiring.get(kind, ()):
            for row, error in self._through(stage, rows, now):
                failed[row.pk] = f"{stage.name}: {error}"
        done = [row.pk for row in rows if row.pk not in failed]
        with transaction.atomic():
            OutboxFact.objects.filter(pk__in=done).update(carried_at=now, last_error="")
            for row in rows:
                if row.pk in failed:
                    _put_off(row, failed[row.pk], now)
        result.facts += len(done)
        result.failed += len(failed)
        result.errors += failed.values()

    def _through(self, stage: Stage, rows: list[OutboxFact], now: datetime) -> list[tuple[OutboxFact, str]]:
        try:
            _take(stage, rows, now)
            return []
        except Exception as error:
            if len(rows) == 1:
                log.warning("stage %s failed on fact %s: %s", stage.name, rows[0].fact_id, error)
                return [(rows[0], str(error) or type(error).__name__)]
        return [failure for row in rows for failure in self._through(stage, [row], now)]


def _take(stage: Stage, rows: list[OutboxFact], now: datetime) -> None:
    with transaction.atomic():
        # Two carriers may hold the same rows: the row locks let one of them in, the notes stop the other.
        locked = OutboxFact.objects.select_for_update().filter(pk__in=[row.pk for row in rows]).order_by("id")
        waiting = {row.pk for row in locked if row.carried_at is None}
        had = set(Carriage.objects.filter(stage=stage.name, fact__in=rows).values_list("fact_id", flat=True))
        fresh = [row for row in rows if row.pk in waiting and row.pk not in had]
        if fresh:
            Carriage.objects.bulk_create([Carriage(fact=row, stage=stage.name) for row in fresh])
            stage.take([read_fact(row.kind, row.body) for row in fresh], now)


def _put_off(row: OutboxFact, error: str, now: datetime) -> None:
    pause = min(_PUT_OFF_AT_MOST, timedelta(seconds=2 ** min(row.attempts, 20)))
    OutboxFact.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1, last_error=error, not_before=now + pause)
