"""``POST /api/v1/observations``: parse, hand to the engine's log, acknowledge after its fsync.

A plain ASGI application beside Django's: this is the one path where thousands of requests a second may come, and Django's
middleware (forms, languages, frames) costs it several thread hops each for things it does not need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import pyarrow as pa
from asgiref.sync import sync_to_async
from django.db import close_old_connections

from tocsin.doors.api.problems import MEDIA_TYPE, extra_headers, problem_body, status_of
from tocsin.doors.intake.http.bearer import TokenMemory, bearer_of
from tocsin.doors.intake.http.known_catalogue import KnownCatalogue
from tocsin.doors.intake.socket.client import AsyncEngineClient
from tocsin.formats import Intake, Parsed, read_arrow, read_columns_json
from tocsin.loop.observe import queries
from tocsin.records import clock
from tocsin.terms.errors import BadForm, BadValue, NotAllowed, TocsinError, TooBig, Unavailable, UnknownName
from tocsin.terms.stream import Catalogue

__all__ = ["PATH", "ObservationsDoor"]

PATH = "/api/v1/observations"
SHOWN_REFUSALS = 100
THREAD_BYTES = 1024 * 1024  # larger bodies are parsed in a thread so that pages stay live
ARROW = "application/vnd.apache.arrow.stream"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Reader = Callable[[bytes, Intake], Parsed]
Headers = list[tuple[bytes, bytes]]
_T = TypeVar("_T")
_READERS: dict[str, Reader] = {"application/json": read_columns_json, ARROW: read_arrow}
_PROBLEM: Headers = [(b"content-type", MEDIA_TYPE.encode())]
_JSON: Headers = [(b"content-type", b"application/json")]


class ObservationsDoor:
    """ASGI application for one path. ``limit``: bytes of a body; ``engine``: the engine's socket. Belongs to the event
    loop that first calls it."""

    def __init__(self, engine: Path, *, limit: int) -> None:
        self._engine, self._limit = AsyncEngineClient(engine), limit
        self._tokens = TokenMemory(queries.source_for_token)
        self._catalogue = KnownCatalogue(queries.catalogue_version, queries.load_catalogue)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        status, headers, body = await self._answer(scope, receive)
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> tuple[int, Headers, bytes]:
        if scope["method"] != "POST":
            error = BadForm("request", "method must be POST", "POST the observations")
            return _problem(error, 405, [(b"allow", b"POST")])
        headers: dict[bytes, bytes] = {name.lower(): value for name, value in scope["headers"]}
        try:
            source = await self._source(headers.get(b"authorization", b"").decode("latin-1"))
        except NotAllowed as error:
            return _problem(error, 401)
        kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        reader = _READERS.get(kind)
        if reader is None:
            rule = f"content type must be application/json or {ARROW}, got {kind or 'none'!r}"
            return _problem(BadForm("request body", rule, "set Content-Type to what you send"), 415)
        try:
            body = await self._body(receive, int(headers.get(b"content-length", b"0")))
            parsed = await self._parse(reader, body, source)
            seq = await self._engine.observations(parsed.batch, source=source, refused=parsed.refused)
        except UnknownName as error:  # the source is not in the catalogue any more: nothing to do with the path
            return _problem(error, 422)
        except TocsinError as error:
            return _problem(error)
        return _taken(parsed, seq)

    async def _source(self, header: str) -> str:
        token = bearer_of(header)
        remembered = self._tokens.remembered(token)
        return await _ask(self._tokens.source, token) if remembered is None else remembered

    async def _body(self, receive: Receive, announced: int) -> bytes:
        pieces, size, more = [], announced, True
        while more and size <= self._limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Unavailable("request", "the sender hung up", "send it again")
            pieces.append(message.get("body", b""))
            size, more = sum(map(len, pieces)), message.get("more_body", False)
        if size > self._limit:
            remedy = "send smaller batches, 10,000 rows each"
            raise TooBig("request body", f"at most {self._limit} bytes", remedy)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _parse(self, reader: Reader, body: bytes, source: str) -> Parsed:
        known = self._catalogue.fresh()
        if known is None:
            known = await _ask(self._catalogue.current)
        try:
            parsed = await self._read(reader, body, known, source)
        except UnknownName:  # the source itself: it may have been registered a moment ago
            return await self._read(reader, body, await _ask(self._catalogue.refreshed), source)
        if _lacks_a_stream(parsed):
            newer = await _ask(self._catalogue.refreshed)
            if newer is not known:
                return await self._read(reader, body, newer, source)
        return parsed

    async def _read(self, reader: Reader, body: bytes, known: Catalogue, source: str) -> Parsed:
        intake = Intake(known, source, clock.now_us(), max_bytes=self._limit)
        if len(body) < THREAD_BYTES:
            return reader(body, intake)
        return await asyncio.to_thread(reader, body, intake)


async def _ask(question: Callable[..., _T], *arguments: object) -> _T:
    """Ask the database, on the one thread that asgiref keeps for such questions."""

    def answer() -> _T:
        close_old_connections()
        return question(*arguments)

    return await sync_to_async(answer)()


def _lacks_a_stream(parsed: Parsed) -> bool:
    return bool(parsed.refused.num_rows) and UnknownName.code in set(parsed.refused["code"].to_pylist())


def _problem(
    error: TocsinError, status: int | None = None, headers: Headers | None = None, **members: object
) -> tuple[int, Headers, bytes]:
    number = status or status_of(error)
    more = [(name.encode(), value.encode()) for name, value in extra_headers(number).items()]
    return number, [*_PROBLEM, *more, *(headers or [])], problem_body(error, status=number, **members)


def _taken(parsed: Parsed, seq: int | None) -> tuple[int, Headers, bytes]:
    counts = {
        "accepted": parsed.batch.num_rows,
        "missing": parsed.missing,
        "refused": _shown(parsed.refused) if parsed.refused.num_rows else [],
        "refused_count": parsed.refused.num_rows,
        "seq": seq,
    }
    if parsed.rows and not parsed.batch.num_rows:
        error = BadValue("body", f"all {parsed.rows} rows were refused", "see `refused` for the reason of each row")
        return _problem(error, 422, **counts)
    return 200, _JSON, msgspec.json.encode(counts)


def _shown(refused: pa.Table) -> list[dict[str, object]]:
    names = ["row", "stream", "code", "rule", "remedy"]
    return cast("list[dict[str, object]]", refused.slice(0, SHOWN_REFUSALS).select(names).to_pylist())
