"""``/healthz``: this web process lives. ``/readyz``: the whole can take observations and evaluates them in time.
``/metrics``: the same figures for Prometheus. None of them names a place, a person or an address."""

from __future__ import annotations

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from tocsin.doors.intake.socket.client import EngineClient
from tocsin.loop.detect import queries
from tocsin.loop.observe.bulletins import queries as bulletins
from tocsin.records import clock
from tocsin.records.dispatch import queries as dispatch
from tocsin.records.escalation import queries as escalation
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import queries as outbox
from tocsin.records.roster import queries as roster
from tocsin.terms.errors import TocsinError, Unavailable

__all__ = ["healthz", "look", "metrics", "readyz"]

LAG_RECORDS = 5_000
OUTBOX_AGE_S = 60.0
UNDELIVERED_AGE_S = 300.0
SLOW_FSYNC_MS = 500.0

Health = dict[str, int | float | str | None]


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers."""
    return HttpResponse(b'{"status":"ok"}', content_type="application/json")


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database and engine answer and neither evaluation nor outbox lags; else 503 with the same figures. ``notes``
    are no fault of this process, and still worth a look: mail that cannot be sent."""
    figures, faults, notes = await sync_to_async(look)()
    state = {"status": "ok" if not faults else "unready", "faults": faults, "notes": notes, **figures}
    body = msgspec.json.encode(state)
    response = HttpResponse(body, status=200 if not faults else 503, content_type="application/json")
    response._has_been_logged = True  # type: ignore[attr-defined]  # "not ready yet" is an answer, not an error of ours
    return response


async def metrics(request: HttpRequest) -> HttpResponse:
    """All figures in Prometheus' text format."""
    figures, faults, _notes = await sync_to_async(look)()
    lines = [_gauge("tocsin_ready", 0 if faults else 1, "1 = /readyz answers 200")]
    for name, meaning in _GAUGES.items():
        if isinstance(value := figures.get(name), int | float):
            lines.append(_gauge(f"tocsin_{name}", value, meaning))
    engine = figures.get("engine")
    for name, meaning in _ENGINE_GAUGES.items():
        if isinstance(engine, dict) and isinstance(value := engine.get(name), int | float):
            lines.append(_gauge(f"tocsin_{name}", value, meaning))
    return HttpResponse("".join(lines), content_type="text/plain; version=0.0.4; charset=utf-8")


_GAUGES = {
    "consumed_seq": "newest record of the log whose evaluation is recorded",
    "outbox_facts": "facts that are not carried yet",
    "outbox_age_s": "age of the oldest of them",
    "undelivered_dispatches": "dispatches with recipients that still wait",
    "undelivered_age_s": "age of the oldest of them",
    "failing_dispatches": "dispatches that were tried in vain and are tried again",
    "empty_shifts": "shifts of the coming seven days that nobody holds",
    "unanswered_needs": "escalations that nobody has answered",
    "failing_feeds": "feeds of other authorities that give no readable answer, or are silent",
}
_ENGINE_GAUGES = {
    "lag_records": "records of the log that are not evaluated yet",
    "disk_free_bytes": "bytes that the engine may still write",
    "fsync_p50_ms": "median duration of an fsync of the log in the last minute",
    "fsync_max_ms": "longest of them",
    "waiting_bytes": "bytes that wait to be written to the log",
    "snapshot_stall_max_ms": "longest time that a snapshot held evaluation up",
    "damaged_records": "damaged records of the log that were given up",
    "clock_doubt_s": "by how much the wall clock is ahead of what is believed",
}


def _gauge(name: str, value: float, meaning: str) -> str:
    return f"# HELP {name} {meaning}\n# TYPE {name} gauge\n{name} {value:g}\n"


def look() -> tuple[dict[str, object], list[str], list[str]]:
    """Figures, faults (why ``/readyz`` says no), and notes."""
    figures: dict[str, object] = {}
    faults: list[str] = []
    notes: list[str] = []
    _look_at_engine(figures, faults, notes)
    try:
        _look_at_roster(figures, notes)
        figures["consumed_seq"] = queries.consumed_seq()
        _look_at_outbox(figures, faults)
        _look_at_dispatch(figures, notes)
        _look_at_feeds(figures, notes)
    except DatabaseError as error:
        faults.append(str(Unavailable("database", str(error), "see `tocsin doctor`")))
    return figures, faults, notes


def _look_at_roster(figures: dict[str, object], notes: list[str]) -> None:
    now = clock.now()
    figures["empty_shifts"] = gaps = len(roster.gaps(EVERYWHERE, now=now))
    figures["unanswered_needs"] = len(escalation.unanswered(EVERYWHERE))
    if gaps:
        notes.append(f"{gaps} shifts of the coming seven days are held by nobody; see the page Roster")


def _look_at_engine(figures: dict[str, object], faults: list[str], notes: list[str]) -> None:
    try:
        figures["engine"] = engine = EngineClient(settings.HOME.engine_socket, timeout_s=2.0).health()
    except TocsinError as error:
        faults.append(str(error))
        return
    if int(engine["lag_records"] or 0) > LAG_RECORDS:
        faults.append(f"evaluation is {engine['lag_records']} records behind the log")
    if engine.get("failed"):
        faults.append(f"evaluation is in trouble: {engine['failed']}")
    _look_at_disk(engine, faults, notes)
    if doubt := float(engine.get("clock_doubt_s") or 0):
        faults.append(f"the wall clock leapt {doubt:.0f} s ahead and is not believed; set it right")
    if engine.get("damaged_records"):
        notes.append(f"{engine['damaged_records']} damaged records of the log were given up")


def _look_at_disk(engine: Health, faults: list[str], notes: list[str]) -> None:
    free = int(engine.get("disk_free_bytes") or 0) >> 20
    if engine.get("disk_state") == "full":
        faults.append(f"only {free} MiB of disk are free: observations are refused until there is room")
    elif engine.get("disk_state") == "low":
        notes.append(f"only {free} MiB of disk are free: soon observations will be refused")
    if float(engine.get("fsync_max_ms") or 0) > SLOW_FSYNC_MS:
        notes.append(f"the disk took up to {engine['fsync_max_ms']} ms for one fsync in the last minute")
    if engine.get("snapshot_trouble"):
        notes.append(f"the last snapshot was not written: {engine['snapshot_trouble']}")


def _look_at_outbox(figures: dict[str, object], faults: list[str]) -> None:
    waiting = outbox.waiting(now=clock.now())
    age = waiting.age.total_seconds() if waiting.age else 0.0
    figures["outbox_facts"], figures["outbox_age_s"] = waiting.facts, age
    if age > OUTBOX_AGE_S:
        faults.append(f"the oldest of {waiting.facts} facts in the outbox waits {age:.0f} s")


def _look_at_feeds(figures: dict[str, object], notes: list[str]) -> None:
    """Another authority's feed that fails makes nobody here unready."""
    lines = bulletins.feeds(EVERYWHERE, now=clock.now())
    names = [line.feed.id for line in lines if line.trouble or line.failing_since]
    figures["failing_feeds"] = len(names)
    if names:
        notes.append(f"no readable answer, or nothing new, from feeds of other authorities: {', '.join(names[:10])}")


def _look_at_dispatch(figures: dict[str, object], notes: list[str]) -> None:
    """Mail that waits makes nobody unready: a web process that is taken out of service delivers none of it."""
    waiting = dispatch.undelivered(now=clock.now())
    age = waiting.age.total_seconds() if waiting.age else 0.0
    figures["undelivered_dispatches"], figures["undelivered_age_s"] = waiting.dispatches, age
    figures["failing_dispatches"] = waiting.failing
    if waiting.dispatches and not settings.CONFIGURATION.smtp:
        notes.append(f"{waiting.dispatches} dispatches wait because no mail server is set")
    elif age > UNDELIVERED_AGE_S:
        notes.append(f"the oldest of {waiting.dispatches} dispatches waits {age:.0f} s")
