"""The live stream: changes of events and signals as server-sent messages (interface.md, rules 1 and 5).

One watcher a process asks the database four times a second while anybody listens, and renders each change once a
language; a listener that comes back with ``Last-Event-ID`` is given what it missed from the room itself. A heartbeat
goes out every 5 s whatever happens. The message's id is the cursor of detect's feed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import close_old_connections
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_GET

from tocsin.doors.console.frame import CONSOLE_SCOPE, open_frame, present_language
from tocsin.doors.console.lines import counts, events_on_page, signals_on_page
from tocsin.loop.detect import queries as detect
from tocsin.records.one_moment import one_moment

__all__ = ["BATCH_S", "HEARTBEAT_S", "stream"]

BATCH_S, HEARTBEAT_S = 0.25, 5.0
EVENTS_A_MESSAGE = 200  # more than that at once is said as such, and the page is read anew
_RETRY_MS = 1000
_T = TypeVar("_T")
_room = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console-live")  # one thread, one database connection


async def _ask(question: Callable[..., _T], *arguments: Any) -> _T:
    """Ask the database from the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_room, _answer, question, arguments)


def _answer(question: Callable[..., _T], arguments: tuple[Any, ...]) -> _T:
    close_old_connections()
    with one_moment():
        return question(*arguments)


@dataclass(frozen=True, slots=True)
class Change:
    """What the watcher saw at one look: events that changed up to ``cursor``, and signals."""

    cursor: int
    events: tuple[detect.EventLine, ...]
    signals: tuple[detect.SignalLine, ...]
    many: bool
    begun: frozenset[str]  # events that began in between, as opposed to those that only changed
    rendered: dict[str, str] = field(default_factory=dict)  # by language


class Watcher:
    """Looks at the room while somebody listens; hands each change to all listeners of this process and event loop."""

    def __init__(self) -> None:
        self.listeners: set[asyncio.Queue[Change]] = set()
        self._task: asyncio.Task[None] | None = None
        self._looking = asyncio.Event()
        self._signals: dict[str, int] = {}

    async def join(self) -> asyncio.Queue[Change]:
        """A queue that gets every change recorded after this returned."""
        queue: asyncio.Queue[Change] = asyncio.Queue(maxsize=1000)
        self.listeners.add(queue)
        if self._task is None or self._task.done():
            self._looking = asyncio.Event()
            self._task = asyncio.create_task(self._watch())
        await self._looking.wait()
        return queue

    def leave(self, queue: asyncio.Queue[Change]) -> None:
        """No more for this one."""
        self.listeners.discard(queue)

    async def _watch(self) -> None:
        cursor = await _ask(detect.newest_cursor)
        self._signals = {line.id: line.changed_us for line in await _ask(_newest_signals)}
        seen = await _ask(detect.consumed_seq)
        self._looking.set()
        while self.listeners:
            await asyncio.sleep(BATCH_S)
            consumed = await _ask(detect.consumed_seq)
            if consumed == seen:
                continue
            seen = consumed
            change = await _ask(_look, cursor, self._signals)
            cursor = change.cursor
            if change.events or change.signals:
                self._hand_out(change)

    def _hand_out(self, change: Change) -> None:
        for queue in list(self.listeners):
            try:
                queue.put_nowait(change)
            except asyncio.QueueFull:  # nobody reads it any more: the browser reconnects and asks from its last id
                self.listeners.discard(queue)


_watchers: dict[asyncio.AbstractEventLoop, Watcher] = {}


@require_GET
async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Messages ``changes`` (rows in words and HTML), ``many`` (read the page anew) and ``beat`` (heartbeat)."""
    text = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    cursor = int(text) if text.isdigit() and len(text) < 19 else None
    response = StreamingHttpResponse(_messages(cursor, present_language()), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _messages(cursor: int | None, language: str) -> AsyncIterator[bytes]:
    watcher = _watchers.setdefault(asyncio.get_running_loop(), Watcher())
    queue = await watcher.join()
    try:
        yield f"retry: {_RETRY_MS}\n\n".encode()
        missed = await _ask(_missed, cursor)
        cursor = missed.cursor
        yield await _message(missed, language)
        beat_at = 0.0
        while True:
            if time.monotonic() >= beat_at:
                yield await _beat(language)
                beat_at = time.monotonic() + HEARTBEAT_S
            try:
                change = await asyncio.wait_for(queue.get(), max(0.0, beat_at - time.monotonic()))
            except TimeoutError:
                continue
            if change.cursor > cursor or change.signals:
                cursor = max(cursor, change.cursor)
                yield await _message(change, language)
    finally:
        watcher.leave(queue)


def _missed(cursor: int | None) -> Change:
    """What a listener has not seen: events since its cursor, and the newest signals as they stand."""
    newest = detect.newest_cursor()
    seen: dict[str, int] = {}
    return _look(newest if cursor is None or cursor > newest else cursor, seen)


def _look(cursor: int, signals: dict[str, int]) -> Change:
    changes = detect.changes_since(CONSOLE_SCOPE, cursor, at_most=EVENTS_A_MESSAGE * 5)
    many = changes.more or len(changes.events) > EVENTS_A_MESSAGE
    fresh = [line for line in _newest_signals() if signals.get(line.id) != line.changed_us]
    signals.update({line.id: line.changed_us for line in fresh})
    for stale in list(signals)[:-2000]:
        del signals[stale]
    return Change(
        cursor=detect.newest_cursor() if many else changes.cursor,
        events=() if many else changes.events,
        signals=tuple(fresh),
        many=many,
        begun=frozenset(line.event for line in changes.changes if line.change in ("opened", "proposed")),
    )


def _newest_signals() -> Sequence[detect.SignalLine]:
    return detect.signals(CONSOLE_SCOPE, at_most=100)


async def _message(change: Change, language: str) -> bytes:
    if language not in change.rendered:
        change.rendered[language] = await _ask(_render, change, language)
    return _frame("many" if change.many else "changes", change.cursor, change.rendered[language])


def _render(change: Change, language: str) -> str:
    with translation.override(language):
        frame = open_frame()
        context = {"scheme": frame.words.scheme, "language": language, "now_us": frame.now_us, "zone": frame.zone}
        events = events_on_page(change.events, frame.words, frame.register, language)
        signals = signals_on_page(CONSOLE_SCOPE, change.signals, frame.words, frame.register, language)
        body = _state(frame) | {
            "counts": render_to_string(
                "console/parts/counts.html",
                context | {"counts": counts(detect.open_events(CONSOLE_SCOPE), frame.words)},
            ),
            "events": [
                {
                    "id": event.id, "level": event.level, "open": event.is_open, "begun": event.id in change.begun,
                    "row": render_to_string("console/parts/event_row.html", context | {"event": event}),
                    "pin": render_to_string("console/parts/pin.html", context | {"event": event})
                    if event.level >= frame.words.pinned_rank else "",
                }
                for event in events
            ],
            "signals": [
                {
                    "id": signal.id, "level": signal.level, "open": signal.is_open, "changed": signal.changed_us,
                    "row": render_to_string("console/parts/signal_row.html", context | {"signal": signal}),
                }
                for signal in signals
            ],
        }  # fmt: skip
    return json.dumps(body, ensure_ascii=False)


async def _beat(language: str) -> bytes:
    return _frame("beat", None, await _ask(_render_beat, language))


def _render_beat(language: str) -> str:
    with translation.override(language):
        return json.dumps(_state(open_frame()), ensure_ascii=False)


def _state(frame: Any) -> dict[str, Any]:
    return {
        "now": frame.now_us,
        "newest": frame.health.newest_us,
        "newest_words": frame.newest_words(),
        "delay_after": frame.health.delay_after_s,
        "health": render_to_string("console/parts/health.html", {"health": frame.health, "now_us": frame.now_us,
                                                                 "zone": frame.zone}),
    }  # fmt: skip


def _frame(kind: str, cursor: int | None, body: str) -> bytes:
    number = "" if cursor is None else f"id: {cursor}\n"
    return f"event: {kind}\n{number}data: {body}\n\n".encode()
