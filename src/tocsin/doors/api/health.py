"""``/healthz``: this web process lives. ``/readyz``: the whole can take observations and evaluates them in time."""

from __future__ import annotations

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from tocsin.doors.intake.socket.client import EngineClient
from tocsin.loop.detect import queries
from tocsin.records import clock
from tocsin.records.outbox import queries as outbox
from tocsin.terms.errors import TocsinError, Unavailable

__all__ = ["healthz", "readyz"]

LAG_RECORDS = 5_000
OUTBOX_AGE_S = 60.0


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers."""
    return HttpResponse(b'{"status":"ok"}', content_type="application/json")


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database and engine answer and neither evaluation nor outbox lags; else 503 with the same figures."""
    figures, faults = await sync_to_async(_look)()
    body = msgspec.json.encode({"status": "ok" if not faults else "unready", "faults": faults, **figures})
    response = HttpResponse(body, status=200 if not faults else 503, content_type="application/json")
    response._has_been_logged = True  # type: ignore[attr-defined]  # "not ready yet" is an answer, not an error of ours
    return response


def _look() -> tuple[dict[str, object], list[str]]:
    figures: dict[str, object] = {}
    faults: list[str] = []
    try:
        figures["engine"] = engine = EngineClient(settings.HOME.engine_socket, timeout_s=2.0).health()
        if int(engine["lag_records"] or 0) > LAG_RECORDS:
            faults.append(f"evaluation is {engine['lag_records']} records behind the log")
        if engine.get("failed"):
            faults.append(f"evaluation is in trouble: {engine['failed']}")
        if engine.get("damaged_records"):
            faults.append(f"{engine['damaged_records']} records of the log are damaged and were left out")
    except TocsinError as error:
        faults.append(str(error))
    try:
        figures["consumed_seq"] = queries.consumed_seq()
        waiting = outbox.waiting(now=clock.now())
        age = waiting.age.total_seconds() if waiting.age else 0.0
        figures["outbox_facts"], figures["outbox_age_s"] = waiting.facts, age
        if age > OUTBOX_AGE_S:
            faults.append(f"the oldest of {waiting.facts} facts in the outbox waits {age:.0f} s")
    except DatabaseError as error:
        faults.append(str(Unavailable("database", str(error), "see `tocsin doctor`")))
    return figures, faults
