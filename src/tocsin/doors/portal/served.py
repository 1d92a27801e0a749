"""The public door: warnings served from the files that the publisher keeps, in front of everything that needs a database.

A page whose first warning has run out is made again before it is shown (``publisher.renew``), so that none is shown as in
force after its end, whoever has stopped. Where the files have not been kept up for some minutes the database is asked
first, and they are the answer when it has none.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.http import http_date, parse_http_date_safe

from tocsin.doors.intake.http.body_limit import Application, Message, Receive, Send
from tocsin.doors.portal import files
from tocsin.doors.portal.headers import Wants, wants
from tocsin.doors.portal.made_pages import in_force_page
from tocsin.doors.portal.public import LANGUAGES, Archive, Public
from tocsin.doors.portal.publisher import read_archive, read_state, renew
from tocsin.doors.portal.routes import Route, headers_of, made, route_of
from tocsin.terms.moment import to_us

__all__ = ["PublishedDoor"]

log = logging.getLogger(__name__)
KEPT = 2000  # representations in memory
LOOK_S = 0.25  # how often the files are asked whether they changed
STALE_S = 180.0  # files older than this were not kept up: the publisher writes every minute
DOWN_S = 5.0  # how long a database that failed is not asked again
PATIENCE_S = 2.0  # how long it may take to answer


@dataclass(slots=True)
class _Kept:
    """One answer: its bytes by encoding, and what its headers say. ``digest`` is of the bytes as they are."""

    bodies: dict[bytes, bytes]
    digest: str
    changed: int
    heads: dict[bytes, list[tuple[bytes, bytes]]] = field(default_factory=dict)


class _FailedError(Exception):
    """The application behind answered that it cannot."""


class PublishedDoor:
    """ASGI. ``onward``: everything else, and what is not published yet. ``warm``: load what pages are made with at once."""

    def __init__(
        self, folder: Path, onward: Application, *, clock: Callable[[], Any], wall: Callable[[], float] = time.time,
        warm: bool = False,
    ) -> None:  # fmt: skip
        self._folder, self._onward, self._clock, self._wall = folder, onward, clock, wall
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], _Kept | None] = OrderedDict()
        self._public: Public | None = None
        self._archive: Archive | None = None
        self._overlay: dict[str, bytes] = {}  # what could not be written to files
        self._seen, self._looked_at, self._state_at = (0, 0), -1e9, 0.0
        self._ends_us: int | None = None
        self._down_until = -1e9
        self._cold = warm

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            route = route_of(scope["path"])
            if route is not None and await self._serve(route, scope, receive, send):
                return
        await self._onward(scope, receive, send)

    async def _serve(self, route: Route, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> bool:
        """Whether it was answered."""
        self._look()
        if self._public is None:
            return False
        asked = wants(scope["headers"], scope["query_string"])
        if self._is_stale() and await self._from_database(scope, receive, send):
            return True
        now_us = to_us(self._clock())
        if self._ends_us is not None and now_us >= self._ends_us:
            await asyncio.to_thread(self._renew, now_us)
        kept = self._find(route, asked)
        if kept is None and route.plain_name(asked) is None:
            kept = await asyncio.to_thread(self._make, route, asked, now_us)
        if kept is None:
            return False
        left = None if self._ends_us is None else max(0, (self._ends_us - now_us) // 1_000_000)
        await _answer(route, asked, kept, left, scope["method"] == "HEAD", send)
        return True

    def _look(self) -> None:
        """Read again what has changed, now and then."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        try:
            found = (self._folder / files.STATE).stat()
        except OSError:
            self._public, self._seen = None, (0, 0)
            return
        self._state_at = found.st_mtime
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            with self._lock:
                self._public, self._archive, self._seen = read_state(self._folder), None, seen
                self._kept.clear()
                self._overlay.clear()
            self._ends_us = self._public.ends_us(to_us(self._clock())) if self._public else None
            if self._cold and self._public is not None:
                self._cold = False
                threading.Thread(target=_warm, args=(self._public,), name="warm", daemon=True).start()
            if self._public is not None and self._ends_us is None and self._public.in_force:
                self._ends_us = max(one.expires_us for one in self._public.in_force)  # over already: made again at once
                self._ends_us = None if self._public.made_us >= self._ends_us else self._ends_us

    def _is_stale(self) -> bool:
        return self._wall() - self._state_at > STALE_S

    def _renew(self, now_us: int) -> None:
        with self._lock:
            if self._ends_us is None or now_us < self._ends_us:
                return  # somebody else was quicker
            self._overlay = renew(self._folder, now_us)
            self._kept.clear()
            self._ends_us = self._public.ends_us(now_us) if self._public else None

    async def _from_database(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> bool:
        """Whether the application behind answered, in time and with what it knows."""
        if time.monotonic() < self._down_until:
            return False
        begun, given_up = False, False

        async def held(message: Message) -> None:
            nonlocal begun
            failed = message["type"] == "http.response.start" and message["status"] >= 500
            if given_up or failed:
                raise _FailedError
            begun = True
            await send(message)

        asked = asyncio.ensure_future(self._onward(scope, receive, held))
        await asyncio.wait({asked}, timeout=PATIENCE_S)
        if not asked.done() and not begun:
            given_up = True  # a database that hangs is as good as none
            asked.cancel()
        try:
            await asked
        except (_FailedError, asyncio.CancelledError):
            self._down_until = time.monotonic() + DOWN_S
            return False
        return True

    def _find(self, route: Route, asked: Wants) -> _Kept | None:
        """A file, from memory where it was read before."""
        name = route.plain_name(asked)
        key = (name, "") if name is not None else route.key(asked)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if name is None:
            return None
        kept = self._read(name)
        self._keep(key, kept)
        return kept

    def _read(self, name: str) -> _Kept | None:
        if name in self._overlay:
            return _packed(self._overlay[name], int(self._wall()))
        path = self._folder / name
        try:
            body, changed = path.read_bytes(), int(path.stat().st_mtime)
        except OSError:
            return None
        bodies = {b"": body}
        for coding, ending in ((b"br", "br"), (b"gzip", "gz")):
            try:
                bodies[coding] = path.with_name(f"{path.name}.{ending}").read_bytes()
            except OSError:
                continue
        return _Kept(bodies, hashlib.sha256(body).hexdigest()[:32], changed)

    def _make(self, route: Route, asked: Wants, now_us: int) -> _Kept | None:
        """A page that is no file: a choice of hazard, an archive that was searched."""
        public = self._public
        if public is None:
            return None
        if self._archive is None:
            self._archive = read_archive(self._folder)
        body = made(route, asked, public, self._archive, now_us)
        kept = None if body is None else _packed(body, int(self._wall()))
        self._keep(route.key(asked), kept)
        return kept

    def _keep(self, key: tuple[str, str], kept: _Kept | None) -> None:
        with self._lock:
            self._kept[key] = kept
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def _warm(public: Public) -> None:
    """Load what pages are made with (packs, words, templates: seconds) before the first reader has to wait for it."""
    try:
        in_force_page(public, LANGUAGES[0], public.made_us)
    except Exception:  # whoever asks for a page meets the same fault, and hears of it
        log.exception("public pages cannot be made")


def _packed(body: bytes, changed: int) -> _Kept:
    import gzip  # noqa: PLC0415 - only the rare page is packed here

    bodies = {b"": body, b"gzip": gzip.compress(body, 6, mtime=0)}
    return _Kept(bodies, hashlib.sha256(body).hexdigest()[:32], changed)


async def _answer(route: Route, asked: Wants, kept: _Kept, left_s: int | None, head: bool, send: Send) -> None:
    coding = next((one for one in asked.codings if one in kept.bodies), b"")
    etag = f'"{kept.digest}{"-" + coding.decode() if coding else ""}"'
    heads = kept.heads.get(coding)
    if heads is None:
        heads = kept.heads[coding] = [
            *headers_of(route, asked, coding), (b"etag", etag.encode()), (b"last-modified", http_date(kept.changed).encode()),
        ]  # fmt: skip
    fresh = [*heads, (b"cache-control", route.cache(left_s))]
    if _has_it(asked, kept):
        await send({"type": "http.response.start", "status": 304, "headers": fresh})
        await send({"type": "http.response.body", "body": b""})
        return
    body = kept.bodies[coding]
    fresh.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": fresh})
    await send({"type": "http.response.body", "body": b"" if head else body})


def _has_it(asked: Wants, kept: _Kept) -> bool:
    """RFC 9110, 13.2.2: the tag decides where one is given, else the date."""
    if asked.none_match:
        if asked.none_match.strip() == b"*":
            return True
        tags = {tag.strip().removeprefix(b"W/").strip(b'"').split(b"-")[0] for tag in asked.none_match.split(b",")}
        return kept.digest.encode() in tags
    if asked.modified_since:
        since = parse_http_date_safe(asked.modified_since.decode("latin-1"))
        return since is not None and kept.changed <= since
    return False
