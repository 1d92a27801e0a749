"""Interactive writes with their five beats (guard, change, ledger entry, outbox fact, return), on SQLite and PostgreSQL.

    python benchmarks/writes.py [--rate 20] [--seconds 30] [--on sqlite postgresql] [--alone]

An office writes at fixed moments, ``rate`` a second, whether or not the write before is done: an event acknowledged, a draft
edited, a task given, a task receipted, one after the other, from eight threads with a connection each, as the web process
has. A write counts from its moment, so waiting for others counts too. Beside it another process records an engine batch of
50 transitions with their event changes each half second, as the engine does; ``--alone`` leaves it out.

Both databases write through to the disk: SQLite with synchronous=FULL, PostgreSQL with fsync on.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

THREADS = 8
ENGINE_ROWS, ENGINE_EACH_S = 50, 0.5
KINDS = ("acknowledge an event", "edit a draft", "give a task", "receipt a task")
ROOT = Path(__file__).parents[1]
BAR_MS = 150.0  # ours: the server's part of what a person takes for "at once"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rate", type=float, default=20.0)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--on", nargs="*", choices=("sqlite", "postgresql"), default=("sqlite", "postgresql"))
    options.add_argument("--alone", action="store_true", help="without the engine's batches beside it")
    options.add_argument("--role", choices=("office", "engine"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.role == "office":
        print(json.dumps(office(chosen.rate, chosen.seconds, not chosen.alone)))
        return 0
    if chosen.role == "engine":
        engine()
        return 0
    for table in measure(chosen.rate, chosen.seconds, chosen.on, chosen.alone):
        print(table.as_text(), "\n")
    return 0


def measure(rate: float, seconds: float, on: Any, alone: bool = False) -> list[Any]:
    """One table a database."""
    return [_table(name, rate, seconds, alone) for name in on]


# ---------------------------------------------------------------- the parent
def _table(name: str, rate: float, seconds: float, alone: bool) -> Any:
    from own_process import answer_of, database, quantile
    from report import Bar, Table, load

    beside = "alone" if alone else f"beside an engine batch of {ENGINE_ROWS} each {ENGINE_EACH_S:g} s"
    table = Table(f"five-beat writes on {name}, {rate:g}/s for {seconds:g} s, {beside}",
                  ("ms from its moment", "writes", "p50", "p95", "p99", "longest"))  # fmt: skip
    table.notes.append(f"load before: {load()}")
    arguments = ["--role", "office", "--rate", str(rate), "--seconds", str(seconds), *(["--alone"] if alone else [])]
    with database(name) as url:
        if url is None:
            table.notes.append("PostgreSQL is not installed here: left out (apt-get install postgresql)")
            return table
        delays = answer_of(__file__, arguments, url=url, packs="natural_hazards,gas_leak")
    every = sorted(value for values in delays.values() for value in values)
    for kind, values in [("all", every), *delays.items()]:
        table.rows.append((kind, f"{len(values):,}", *(quantile(sorted(values), q) for q in (0.5, 0.95, 0.99, 1.0))))
    table.bars.append(Bar(f"p95 of a write on {name}", BAR_MS, quantile(every, 0.95), " ms", at_most=True))
    return table


# ---------------------------------------------------------------- the office, in a process of its own
def office(rate: float, seconds: float, with_engine: bool) -> dict[str, list[float]]:
    """Prepare a town, then write at the moments; milliseconds by kind."""
    _django()
    from django.db import connection

    from tocsin.testing.town import Town

    writes = int(rate * seconds)
    with Town() as town:
        work = _prepare(town, writes)
        connection.close()
        beside = _start_engine() if with_engine else None
        try:
            return _write(work, rate)
        finally:
            if beside is not None:
                assert beside.stdin is not None
                beside.stdin.close()
                beside.wait(timeout=60)
            town._ring().clear()


def _prepare(town: Any, writes: int) -> list[tuple[str, Any]]:
    """What each write will do: a kind and a function without arguments."""
    from datetime import timedelta

    from tocsin.loop.verify import services as verify
    from tocsin.loop.warn import queries as warn_queries
    from tocsin.loop.warn import services as warn
    from tocsin.loop.warn.authority import AuthorityLine
    from tocsin.records.org.actor import SYSTEM
    from tocsin.records.org.scope import EVERYWHERE
    from tocsin.records.tasks import services as tasks
    from tocsin.testing.town import CITY

    now, duty, each = town.now, town.as_("duty"), writes // len(KINDS) + 1
    warn.put_authority((AuthorityLine("emergency", "*", CITY, 1, 4, "benchmark"),), actor=SYSTEM, now=now)
    events = [town.storm(level=2).event for _ in range(each)]
    town.carry()
    drafts = []
    for event in events[:THREADS]:
        draft = warn.draft(event, exercise=False, actor=duty, now=now)
        drafts.append([draft, warn_queries.warning(EVERYWHERE, draft).version, threading.Lock()])
    order = tasks.Order(
        "response", {"en": "Look at the pumps"}, events[0], events[0], CITY, "duty", now + timedelta(hours=1)
    )
    given = [tasks.give(order, actor=duty, now=now) for _ in range(each)]
    town.carry()

    def edit(number: int) -> None:
        draft = drafts[number % THREADS]
        with draft[2]:
            texts = {"en": {"headline": f"Heavy rain, edited {number}"}}
            draft[1] = warn.edit(draft[0], {"texts": texts}, version=draft[1], actor=duty, now=now)

    def one(number: int) -> tuple[str, Any]:
        k, kind = number // len(KINDS), KINDS[number % len(KINDS)]
        deeds = {
            KINDS[0]: lambda: verify.acknowledge(events[k], actor=duty, now=now),
            KINDS[1]: lambda: edit(k),
            KINDS[2]: lambda: tasks.give(replace(order, event=events[k], about=events[k]), actor=duty, now=now),
            KINDS[3]: lambda: tasks.acknowledge(given[k], actor=duty, now=now),
        }
        return kind, deeds[kind]

    return [one(number) for number in range(writes)]


def _write(work: list[tuple[str, Any]], rate: float) -> dict[str, list[float]]:
    from django.db import connection

    waiting: queue.SimpleQueue[tuple[float, str, Any] | None] = queue.SimpleQueue()
    delays: dict[str, list[float]] = defaultdict(list)
    errors: list[BaseException] = []
    ready = threading.Barrier(THREADS + 1)

    def serve() -> None:
        connection.ensure_connection()
        ready.wait()
        while (item := waiting.get()) is not None:
            due, kind, deed = item
            try:
                deed()
            except Exception as error:
                errors.append(error)
            delays[kind].append((time.perf_counter() - due) * 1000)
        connection.close()

    threads = [threading.Thread(target=serve) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    ready.wait()
    begun = time.perf_counter() + 0.1
    for number, (kind, deed) in enumerate(work):
        due = begun + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        waiting.put((due, kind, deed))
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return {kind: delays[kind] for kind in KINDS}


# ---------------------------------------------------------------- the engine, in another
def _start_engine() -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, __file__, "--role", "engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, cwd=ROOT)  # fmt: skip
    assert child.stdout is not None
    child.stdout.readline()  # its first batch is recorded
    return child


def engine() -> None:
    """Record a batch each half second until standard input ends."""
    _django()
    from tocsin.engine.event_change import EventChange
    from tocsin.loop.detect import queries, services
    from tocsin.terms.moment import to_us
    from tocsin.terms.signal import Subject

    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    number = 0
    while not stop.wait(ENGINE_EACH_S if number else 0):
        seq, onset = queries.consumed_seq() + 1, to_us(datetime.now(UTC))
        raised = [_raised(Subject("stream", "rain-east"), onset + n, seq) for n in range(ENGINE_ROWS)]
        changes = [EventChange("opened", _opened(one.signal, onset), onset, seq, "") for one in raised]
        services.record_batch(transitions=raised, event_changes=changes, consumed_seq=seq, log_digest=f"bench-{seq}",
                              actor="engine", now=datetime.now(UTC))  # fmt: skip
        number += 1
        if number == 1:
            print("ready", flush=True)


def _raised(subject: Any, onset: int, seq: int) -> Any:
    from tocsin.terms.signal import Change, Measure, Transition

    evidence = (Measure("sum(3h)", 60.0, "mm", ">=", 50.0),)
    return Transition("natural_hazards/rainstorm", 1, "rainstorm", subject, Change.RAISED, 1, 0, onset, onset, seq, False,
                      evidence)  # fmt: skip


def _opened(signal: str, onset: int) -> Any:
    from tocsin.terms.event import Event, EventState
    from tocsin.terms.ids import event_id

    return Event(event_id(signal), "rainstorm", EventState.OPEN, 1, onset, onset, lon=120.75, lat=30.25, place="gauge-east",
                 signals=(signal,), jurisdiction="simcity/east")  # fmt: skip


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.app.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


if __name__ == "__main__":
    sys.exit(main())
