"""The catalogue of sources and streams: listing it, and changing it through the log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router

from tocsin.doors.api.caller import caller_of
from tocsin.doors.api.forms import Accepted, SourceForm, SourceLineForm, StreamForm
from tocsin.doors.intake.registration import checked
from tocsin.doors.intake.socket.client import EngineClient
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.observe import queries
from tocsin.terms.errors import NotAllowed
from tocsin.terms.stream import Source, Stream

__all__ = ["router"]

router = Router(tags=["observe"])
APPLIED_WITHIN_S = 5.0
LIMIT: int = Query(10_000, ge=1, le=1_000_000, description="at most so many")  # type: ignore[type-arg]


@cache
def _engine() -> EngineClient:
    return EngineClient(settings.HOME.engine_socket)


@router.get("/sources", response=list[SourceLineForm], summary="Sources (a source sees itself)")
def list_sources(request: HttpRequest) -> list[SourceLineForm]:
    caller = caller_of(request)
    lines = queries.sources(caller.reading_sources())
    names = SourceForm.model_fields
    return [
        SourceLineForm(**{name: getattr(line.source, name) for name in names}, streams=line.streams, silent=line.silent)
        for line in lines
        if caller.source in (None, line.source.id)
    ]


@router.post("/sources", response=Accepted, summary="Register or change sources (administrator)")
def put_sources(request: HttpRequest, sources: list[SourceForm]) -> Accepted:
    caller_of(request).administering()
    return _send([form.term() for form in sources], [])


@router.get("/streams", response=list[StreamForm], summary="Streams (a source sees its own)")
def list_streams(request: HttpRequest, source: str | None = None, limit: int = LIMIT) -> list[StreamForm]:
    caller = caller_of(request)
    wanted = caller.source or source
    return [StreamForm.of(s) for s in queries.streams(caller.reading_sources(), source=wanted, at_most=limit)]


@router.get("/streams/indices", response=dict[str, int], summary="Stream ids and the integers that columns may use")
def stream_indices(request: HttpRequest) -> dict[str, int]:
    """Integers are what make large bodies fast to send and read. They never change."""
    caller = caller_of(request)
    scope = caller.reading_sources()
    return {
        stream.id: index
        for index, stream in enumerate(queries.load_catalogue().streams)
        if caller.source in (None, stream.source) and scope.covers(stream.jurisdiction)
    }


@router.post("/streams", response=Accepted, summary="Register or change streams (a source its own)")
def put_streams(request: HttpRequest, streams: list[StreamForm]) -> Accepted:
    caller = caller_of(request)
    if caller.source is None:
        caller.administering()
    else:
        _only_own(caller.source, streams)
    return _send([], [form.term() for form in streams])


def _only_own(source: str, streams: Sequence[StreamForm]) -> None:
    # an id that another source has must not be taken over either
    owners = {stream.id: stream.source for stream in queries.load_catalogue()}
    for form in streams:
        if form.source != source or owners.get(form.id, source) != source:
            rule = f"source {source!r} may register only its own streams"
            raise NotAllowed(f"stream {form.id}", rule, "use an id and source of your own, or ask an administrator")


def _send(sources: Sequence[Source], streams: Sequence[Stream]) -> Accepted:
    """Durable in the log on return; waits a little for the database, so that the caller can go on at once."""
    seq = _engine().catalogue(catalogue_body(sources, checked(streams)))
    until = time.monotonic() + APPLIED_WITHIN_S
    while queries.catalogue_seq() < seq:
        if time.monotonic() > until:
            return Accepted(seq=seq, applied=False)
        time.sleep(0.02)
    return Accepted(seq=seq, applied=True)
