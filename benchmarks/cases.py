"""Moves of cases: the bulk path beside the same moves one by one, and single moves at a fixed rate; SQLite and PostgreSQL.

    python benchmarks/cases.py [--cases 10000] [--rate 50] [--seconds 30] [--on sqlite postgresql]

Every move does its five beats: guard, change, ledger entry in the chain of its case, outbox fact, return; here it also ends one
clock and starts another. Bulk: lists of 500, one transaction each, from one connection and from two. One by one: the same
service with a list of one, on other cases of the same run, alternating with the bulk lists so that both see the same machine.
Single moves are due at fixed moments, whether or not the one before is done, from eight threads with a connection each; a move
counts from its moment.

Both databases write through to the disk: SQLite with synchronous=FULL, PostgreSQL with fsync and full_page_writes on.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

LIST, THREADS, NAIVE_SHARE = 500, 8, 10  # one case in ten goes one by one
BAR_RATE, BAR_MS = 5000.0, 50.0
DATABASES = ("postgresql", "sqlite")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--rate", type=float, default=50.0)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--on", nargs="*", choices=DATABASES, default=DATABASES)
    options.add_argument("--role", choices=("work",), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.role == "work":
        print(json.dumps(work(chosen.cases, chosen.rate, chosen.seconds)))
        return 0
    for table in measure(chosen.cases, chosen.rate, chosen.seconds, chosen.on):
        print(table.as_text(), "\n")
    return 0


def measure(cases: int, rate: float, seconds: float, on: Any) -> list[Any]:
    """One table a database."""
    return [_table(name, cases, rate, seconds) for name in on]


# ---------------------------------------------------------------- the parent
def _table(name: str, cases: int, rate: float, seconds: float) -> Any:
    from own_process import answer_of, database, quantile
    from report import Bar, Table, load

    table = Table(
        f"moves of cases on {name}, {cases:,} cases", ("how", "moves", "moves/s", "ms p50", "ms p95", "ms longest")
    )
    table.notes.append(f"load before: {load()}")
    arguments = ["--role", "work", "--cases", str(cases), "--rate", str(rate), "--seconds", str(seconds)]
    with database(name) as url:
        if url is None:
            table.notes.append("PostgreSQL is not installed here: left out (apt-get install postgresql)")
            return table
        found = answer_of(__file__, arguments, url=url, packs="workplace_safety")
    bulk, naive, single = found["bulk"], found["naive"], sorted(found["single"])
    pair_moves, pair_s = found["pair"]
    rate_of = {"bulk": sum(n for n, _ in bulk) / sum(s for _, s in bulk), "naive": len(naive) / (sum(naive) / 1000),
               "pair": pair_moves / pair_s}  # fmt: skip
    per_list = sorted(seconds_ * 1000 for _, seconds_ in bulk)
    moves = sum(n for n, _ in bulk)
    table.rows.append((f"bulk, lists of {LIST}, one connection (ms a list)", f"{moves:,}", f"{rate_of['bulk']:,.0f}",
                       *(f"{quantile(per_list, q):.0f}" for q in (0.5, 0.95, 1.0))))  # fmt: skip
    table.rows.append(
        (f"bulk, lists of {LIST}, two connections", f"{pair_moves:,}", f"{rate_of['pair']:,.0f}", "-", "-", "-")
    )
    table.rows.append(("one by one, one connection", f"{len(naive):,}", f"{rate_of['naive']:,.0f}",
                       *(f"{quantile(sorted(naive), q):.1f}" for q in (0.5, 0.95, 1.0))))  # fmt: skip
    table.rows.append((f"single, {rate:g}/s for {seconds:g} s, {THREADS} connections", f"{len(single):,}", f"{rate:g}",
                       *(f"{quantile(single, q):.1f}" for q in (0.5, 0.95, 1.0))))  # fmt: skip
    cpu = found["cpu_ms"]
    table.notes.append(f"CPU of a list of {LIST}: {cpu['client']:.0f} ms here, {cpu['server']:.0f} ms in the server"
                       " (what a quiet machine takes; wall clock beside it says how quiet this one was)")  # fmt: skip
    table.notes.append(
        f"bulk is {rate_of['bulk'] / rate_of['naive']:.1f} times one by one; ledger verified: {found['verified']}"
    )
    table.bars.append(Bar(f"bulk moves on {name}", BAR_RATE, max(rate_of["bulk"], rate_of["pair"]), "/s"))
    table.bars.append(Bar(f"p95 of a single move on {name}", BAR_MS, quantile(single, 0.95), " ms", at_most=True))
    return table


# ---------------------------------------------------------------- the work, in a process of its own
def work(cases: int, rate: float, seconds: float) -> dict[str, Any]:
    """Open the cases, then move them: in lists and one by one alternating, then singly at their moments."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tocsin.records.ledger import queries as ledger
    from tocsin.testing.town import Town

    singles = int(rate * seconds)
    with Town() as town:
        naive_part = max(cases // NAIVE_SHARE, 1)
        ids = _opened(town, cases + naive_part + singles)
        listed, one_by_one, single = ids[:cases], ids[cases : cases + naive_part], ids[cases + naive_part :]
        began = {"client": time.process_time(), "server": _server_cpu_s()}
        bulk, naive = _beside(town, listed, [])
        cpu = {"client": time.process_time() - began["client"], "server": _server_cpu_s() - began["server"]}
        cpu_ms = {name: value * 1000 / len(bulk) for name, value in cpu.items()}
        pair = _two_connections(town, listed)
        more, naive = _beside(town, listed, one_by_one)
        delays = _at_moments(town, single, rate)
        return {"bulk": bulk + more, "pair": pair, "naive": naive, "single": delays, "cpu_ms": cpu_ms,
                "verified": not ledger.verify()}  # fmt: skip


def _server_cpu_s() -> float:
    """CPU seconds that the database server spent for this connection so far; 0 where it is none, or on another machine."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not stat.is_file():
        return 0.0
    fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def _opened(town: Any, n: int) -> list[str]:
    from tocsin.records.cases import services

    actor = town.as_("inspector-east")
    answers = {"grade": "general", "what": "an extinguisher is past its date"}
    made = [
        services.open_case("workplace_safety/finding", answers, facility="mill", actor=actor, now=town.now).id
        for _ in range(n)
    ]
    ordered = {"demand": "exchange it", "limit_on": "2026-12-09"}
    for start in range(0, n, LIST):
        _listed(town, made[start : start + LIST], "order", ordered)
    return made


def _listed(town: Any, ids: list[str], code: str, answers: dict[str, Any]) -> None:
    from tocsin.records.cases import services

    moved = services.move_many(
        [services.Step(case) for case in ids], code, answers, actor=town.as_("case-handler"), now=town.now
    )
    assert not moved.refused, next(iter(moved.refused.values()))


def _two_connections(town: Any, listed: list[str]) -> tuple[int, float]:
    """Two threads with a connection each, every other list; moves and seconds."""
    from django.db import connection

    again = {"demand": "exchange three", "limit_on": "2026-12-21"}
    lists = [listed[start : start + LIST] for start in range(0, len(listed), LIST)]

    def half(which: int) -> None:
        for ids in lists[which::2]:
            _listed(town, ids, "order", again)
        connection.close()

    threads = [threading.Thread(target=half, args=(which,)) for which in (0, 1)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(listed), time.perf_counter() - began


def _beside(town: Any, listed: list[str], one_by_one: list[str]) -> tuple[list[tuple[int, float]], list[float]]:
    """A list of 500, then some one by one, and so on."""
    again = {"demand": "exchange both", "limit_on": "2026-12-20"}  # an order anew: one clock ends, one starts
    lists = [listed[start : start + LIST] for start in range(0, len(listed), LIST)]
    each = math.ceil(len(one_by_one) / len(lists))
    bulk, naive = [], []
    for number, ids in enumerate(lists):
        began = time.perf_counter()
        _listed(town, ids, "order", again)
        bulk.append((len(ids), time.perf_counter() - began))
        for case in one_by_one[number * each : (number + 1) * each]:
            began = time.perf_counter()
            _listed(town, [case], "order", again)
            naive.append((time.perf_counter() - began) * 1000)
    return bulk, naive


def _at_moments(town: Any, ids: list[str], rate: float) -> list[float]:
    from django.db import connection

    from tocsin.records.cases import services

    actor, answers = town.as_("case-handler"), {"demand": "exchange both", "limit_on": "2026-12-20"}
    waiting: queue.SimpleQueue[tuple[float, Callable[[], None]] | None] = queue.SimpleQueue()
    delays: list[float] = []
    errors: list[BaseException] = []
    ready = threading.Barrier(THREADS + 1)

    def serve() -> None:
        connection.ensure_connection()
        ready.wait()
        while (item := waiting.get()) is not None:
            due, deed = item
            try:
                deed()
            except Exception as error:
                errors.append(error)
            delays.append((time.perf_counter() - due) * 1000)
        connection.close()

    threads = [threading.Thread(target=serve) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    ready.wait()
    began, now = time.perf_counter(), town.now
    for number, case in enumerate(ids):
        due = began + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        waiting.put((due, partial(services.move, case, "order", answers, version=2, actor=actor, now=now)))
    for _thread in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return delays


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    raise SystemExit(main())
