"""``POST /api/v1/observations``: parse, hand to the engine's log, acknowledge after its fsync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import msgspec
import pyarrow as pa
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tocsin.doors.api.problems import problem
from tocsin.doors.intake.http.bearer import TokenMemory, bearer_of
from tocsin.doors.intake.http.known_catalogue import KnownCatalogue
from tocsin.doors.intake.socket.client import AsyncEngineClient
from tocsin.formats import Intake, Parsed, read_arrow, read_columns_json
from tocsin.loop.observe import queries
from tocsin.records import clock
from tocsin.terms.errors import BadForm, BadValue, NotAllowed, TocsinError, UnknownName
from tocsin.terms.stream import Catalogue

__all__ = ["observations"]

SHOWN_REFUSALS = 100
THREAD_BYTES = 1024 * 1024  # larger bodies are parsed in a thread so that pages stay live
ARROW = "application/vnd.apache.arrow.stream"
_READERS: dict[str, Callable[[bytes, Intake], Parsed]] = {
    "application/json": read_columns_json,
    ARROW: read_arrow,
}

tokens = TokenMemory(queries.source_for_token)
catalogue = KnownCatalogue(queries.catalogue_version, queries.load_catalogue)
_clients: dict[asyncio.AbstractEventLoop, AsyncEngineClient] = {}


@csrf_exempt  # no cookie is looked at: the bearer token is the only credential
async def observations(request: HttpRequest) -> HttpResponse:
    """Take a body of rows. 200 with what was accepted, missing and refused; 422 if all rows were refused."""
    if request.method != "POST":
        response = problem(BadForm("request", "method must be POST", "POST the observations"), status=405)
        response["Allow"] = "POST"
        return response
    try:
        source = await _source(request)
    except NotAllowed as error:
        return problem(error, status=401)
    reader = _READERS.get(request.content_type or "")
    if reader is None:
        rule = f"content type must be application/json or {ARROW}, got {request.content_type or 'none'!r}"
        return problem(BadForm("request body", rule, "set Content-Type to what you send"), status=415)
    try:
        parsed = await _parse(reader, request.read(), source)
        seq = await _client().observations(parsed.batch, source=source, refused=parsed.refused)
    except TocsinError as error:
        return problem(error)
    return _answer(parsed, seq)


async def _source(request: HttpRequest) -> str:
    token = bearer_of(request.headers.get("Authorization", ""))
    return tokens.remembered(token) or await sync_to_async(tokens.source)(token)


async def _parse(reader: Callable[[bytes, Intake], Parsed], body: bytes, source: str) -> Parsed:
    known = catalogue.fresh()
    if known is None:
        known = await sync_to_async(catalogue.current)()
    try:
        parsed = await _read(reader, body, known, source)
    except UnknownName:  # the source itself: it may have been registered a moment ago
        return await _read(reader, body, await sync_to_async(catalogue.refreshed)(), source)
    if _lacks_a_stream(parsed):
        newer = await sync_to_async(catalogue.refreshed)()
        if newer is not known:
            return await _read(reader, body, newer, source)
    return parsed


async def _read(reader: Callable[[bytes, Intake], Parsed], body: bytes, known: Catalogue, source: str) -> Parsed:
    intake = Intake(known, source, clock.now_us(), max_bytes=settings.CONFIGURATION.max_body_bytes)
    if len(body) < THREAD_BYTES:
        return reader(body, intake)
    return await asyncio.to_thread(reader, body, intake)


def _lacks_a_stream(parsed: Parsed) -> bool:
    return bool(parsed.refused.num_rows) and UnknownName.code in set(parsed.refused["code"].to_pylist())


def _client() -> AsyncEngineClient:
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = AsyncEngineClient(settings.HOME.engine_socket)
    return _clients[loop]


def _answer(parsed: Parsed, seq: int | None) -> HttpResponse:
    counts = {
        "accepted": parsed.batch.num_rows,
        "missing": parsed.missing,
        "refused": _shown(parsed.refused),
        "refused_count": parsed.refused.num_rows,
        "seq": seq,
    }
    if parsed.rows and not parsed.batch.num_rows:
        error = BadValue("body", f"all {parsed.rows} rows were refused", "see `refused` for the reason of each row")
        return problem(error, status=422, **counts)
    return HttpResponse(msgspec.json.encode(counts), content_type="application/json")


def _shown(refused: pa.Table) -> list[dict[str, object]]:
    names = [name for name in ("row", "stream", "code", "rule", "remedy") if name in refused.column_names]
    return cast("list[dict[str, object]]", refused.slice(0, SHOWN_REFUSALS).select(names).to_pylist())
