"""Reading: signals, events and quarantine."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router

from tocsin.doors.api.caller import caller_of
from tocsin.doors.api.forms import (
    ChangeForm,
    EventDetailForm,
    EventForm,
    RefusedRow,
    SignalDetailForm,
    SignalForm,
)
from tocsin.doors.refused_rows import rows_in_scope
from tocsin.loop.detect import queries
from tocsin.loop.observe import queries as observe
from tocsin.loop.observe.log.quarantine import read_quarantine
from tocsin.loop.verify import queries as verify
from tocsin.terms.errors import BadTime
from tocsin.terms.moment import iso, to_us
from tocsin.terms.signal import Subject

__all__ = ["router"]

router = Router(tags=["detect"])
LIMIT: int = Query(200, ge=1, le=1000, description="at most so many")  # type: ignore[type-arg]


@router.get("/signals", response=list[SignalForm], summary="Signals, newest change first; or those that hold now")
def signals(
    request: HttpRequest,
    state: Literal["open", "all"] = "open",
    hazard: str | None = None,
    rule: str | None = None,
    stream: str | None = None,
    since: datetime | None = None,
    limit: int = LIMIT,
) -> list[SignalForm]:
    """``state=open``: highest level first. ``since``: changed at or after (RFC 3339 with zone)."""
    scope = caller_of(request).reading()
    if state == "open" and not (hazard or rule or stream or since):
        lines = queries.open_signals(scope, at_most=limit)
    else:
        subject = Subject("stream", stream) if stream else None
        lines = queries.signals(scope, rule=rule, hazard=hazard, subject=subject, since_us=_us(since), at_most=limit)
        if state == "open":
            lines = [line for line in lines if line.level > 0]
    return [SignalForm.of(line) for line in lines]


@router.get("/signals/{signal_id}", response=SignalDetailForm, summary="A signal with its changes and their evidence")
def signal(request: HttpRequest, signal_id: str) -> SignalDetailForm:
    scope = caller_of(request).reading()
    line = queries.signal(scope, signal_id)
    changes = [ChangeForm.of(change) for change in queries.signal_changes(scope, [signal_id])]
    return SignalDetailForm(signal=SignalForm.of(line), changes=changes)


@router.get("/events", response=list[EventForm], summary="Events: those open or proposed now, or the newest")
def events(
    request: HttpRequest, state: Literal["open", "all"] = "open", hazard: str | None = None, limit: int = LIMIT
) -> list[EventForm]:
    scope = caller_of(request).reading()
    lines = queries.open_events(scope) if state == "open" else queries.recent_events(scope, at_most=limit)
    chosen = [line for line in lines if hazard in (None, line.hazard)][:limit]
    files = verify.dossiers(scope, [line.id for line in chosen])
    return [EventForm.of(line, files.get(line.id)) for line in chosen]


@router.get("/events/{event_id}", response=EventDetailForm, summary="An event with all that explains it")
def event(request: HttpRequest, event_id: str) -> EventDetailForm:
    scope = caller_of(request).reading()
    detail = queries.event(scope, event_id)
    family = [detail.event, *([detail.parent] if detail.parent else []), *detail.children, *detail.merged]
    return EventDetailForm.of(detail, verify.dossiers(scope, [line.id for line in family]))


@router.get("/quarantine", response=list[RefusedRow], tags=["observe"], summary="Refused rows of the calling source")
def quarantine(
    request: HttpRequest, source: str | None = None, since: datetime | None = None, limit: int = LIMIT
) -> list[RefusedRow]:
    """A source sees its own rows, others those of the streams in their scope; newest first."""
    caller = caller_of(request)
    scope = caller.reading_sources()
    wanted = caller.source or source
    table, _ = read_quarantine(settings.HOME.quarantine, _us(since))
    table = rows_in_scope(scope, observe.load_catalogue, table)
    if wanted:
        table = table.filter(pc.equal(table["source"], pa.scalar(wanted)))
    newest = table.slice(max(0, table.num_rows - limit))
    moments = newest["received_at"].cast(pa.int64()).to_pylist()
    rows = [
        RefusedRow(**{**row, "received_at": iso(moment)})
        for row, moment in zip(newest.drop_columns(["received_at"]).to_pylist(), moments, strict=True)
    ]
    return rows[::-1]


def _us(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise BadTime("since", "must carry a zone", "write it like 2025-11-27T00:00:00Z")
    return to_us(moment)
