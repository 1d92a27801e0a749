"""The live stream: changes of events and signals as server-sent messages (interface.md, rules 1 and 5).

One watcher a process asks the database four times a second while anybody listens, and looks and renders each change once a
scope and language: who share a scope share the look, nobody is handed a row of another. A listener that comes back with
``Last-Event-ID`` is given what it missed from the room itself. A heartbeat goes out every 5 s whatever happens, and before it
the question whether the listener still may listen; else the stream says ``over`` and ends. The message's id is a Cursor: of
detect's feed, and of the ledger, by which the page learns what people and the other rooms did.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_GET

from tocsin.doors.console.callout_shown import pinned_parts
from tocsin.doors.console.duty_lists import duty_events, duty_facts
from tocsin.doors.console.frame import Frame, frame_of, present_language, whose
from tocsin.doors.console.lines import counts, events_on_page, signals_on_page
from tocsin.doors.console.listener import Listener, listener_of
from tocsin.doors.console.live_cursor import Cursor, newest_cursor
from tocsin.doors.console.standing import standings
from tocsin.loop.detect import queries as detect
from tocsin.records.ledger import queries as ledger
from tocsin.records.one_moment import one_moment
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import NotAllowed

__all__ = ["BATCH_S", "HEARTBEAT_S", "stream"]

BATCH_S, HEARTBEAT_S = 0.25, 5.0
EVENTS_A_MESSAGE = 200  # more than that at once is said as such, and the page is read anew
LOOK_BACK = 50  # ledger entries
EVENT_IDS = "evt_"
_RETRY_MS = 1000
_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_room = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console-live")  # one thread, one database connection


async def _ask(question: Callable[..., _T], *arguments: Any) -> _T:
    """Ask the database from the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_room, _answer, question, arguments)


def _answer(question: Callable[..., _T], arguments: tuple[Any, ...]) -> _T:
    close_old_connections()
    with one_moment():
        return question(*arguments)


async def _still_may(listener: Listener) -> bool:
    """The same outside of a read-only look: an ended session may be removed on the way."""

    def ask() -> bool:
        close_old_connections()
        return listener.still_may()

    return await asyncio.get_running_loop().run_in_executor(_room, ask)


@dataclass(frozen=True, slots=True)
class Change:
    """What the watcher saw at one look with one scope: events that changed up to ``cursor``, and signals."""

    scope: Scope
    cursor: Cursor
    events: tuple[detect.EventLine, ...]
    signals: tuple[detect.SignalLine, ...]
    many: bool
    begun: frozenset[str]  # events that began in between, as opposed to those that only changed
    changed: frozenset[str]  # events that detect changed, as opposed to those that somebody did something about
    rendered: dict[str, str] = field(default_factory=dict)  # by language


@dataclass(eq=False, slots=True)
class Group:
    """Everybody who listens with one scope, and how far that scope was looked at. ``ready``: whether it ever was; ``lock`` is
    held meanwhile."""

    scope: Scope
    queues: set[asyncio.Queue[Change]] = field(default_factory=set)
    cursor: Cursor = field(default_factory=lambda: Cursor(0, 0))
    signals: dict[str, int] = field(default_factory=dict)
    entries: set[int] = field(default_factory=set)  # orders of ledger entries that were told
    ready: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def hand_out(self, change: Change) -> None:
        """To every listener of this group, and to nobody else."""
        for queue in list(self.queues):
            try:
                queue.put_nowait(change)
            except asyncio.QueueFull:  # nobody reads it any more: the browser reconnects and asks from its last id
                self.queues.discard(queue)


class Watcher:
    """Looks at the room while somebody listens; hands each change to the listeners of its scope, in this process and loop."""

    def __init__(self) -> None:
        self.groups: dict[Scope, Group] = {}
        self._task: asyncio.Task[None] | None = None

    async def join(self, scope: Scope) -> asyncio.Queue[Change]:
        """A queue that gets every change in the scope recorded after this returned."""
        queue: asyncio.Queue[Change] = asyncio.Queue(maxsize=1000)
        group = self.groups.setdefault(scope, Group(scope))
        group.queues.add(queue)
        try:
            async with group.lock:
                if not group.ready:
                    group.cursor = await _ask(newest_cursor)
                    group.entries = {order for order, _ in await _ask(_touched, group.cursor)}
                    group.signals = {line.id: line.changed_us for line in await _ask(_newest_signals, scope)}
                    group.ready = True
        except BaseException:  # it went away while it waited
            self.leave(scope, queue)
            raise
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        return queue

    def leave(self, scope: Scope, queue: asyncio.Queue[Change]) -> None:
        """No more for this one; a scope that nobody listens with is not looked at."""
        group = self.groups.get(scope)
        if group is not None:
            group.queues.discard(queue)
            if not group.queues:
                del self.groups[scope]

    async def _watch(self) -> None:
        seen: tuple[int, int] | None = None
        while self.groups:
            try:
                newest = await _ask(_newest)
                if newest != seen:
                    for group in [group for group in self.groups.values() if group.ready]:
                        await self._look_for(group)
                    seen = newest
            except (
                DatabaseError
            ):  # it comes back; meanwhile heartbeats fail too and pages say that the connection is lost
                _log.exception("the live stream could not look")
            await asyncio.sleep(BATCH_S)

    async def _look_for(self, group: Group) -> None:
        change = await _ask(_look, group.scope, group.cursor, group.signals, group.entries)
        group.cursor = change.cursor
        if change.events or change.signals or change.many:
            group.hand_out(change)


_watchers: dict[asyncio.AbstractEventLoop, Watcher] = {}


@require_GET
async def stream(request: HttpRequest, of: str = "", language: str = "") -> HttpResponseBase:
    """Messages ``changes`` (rows in words and HTML), ``many`` (read the page anew), ``beat`` (heartbeat) and ``over``.

    Nobody logged in: 401. A role that reads no events, or ``of`` that is another account or post than the session's: 403.
    ``language`` is that of the page that asks: tabs of one browser may stand in two, and share a connection by its address.
    Never a redirect: a stream that led to a page would be read as silence.
    """
    try:
        listener = await sync_to_async(listener_of)(request)
    except NotAllowed:
        listener, refused = None, 403
    else:
        refused = 401 if listener is None else 403 if of and of != whose(listener.actor) else 0
    if listener is None or refused:
        return HttpResponse(status=refused, headers={"Cache-Control": "no-store"})
    text = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    cursor = Cursor.read(text)
    tongue = "zh-hans" if language.startswith("zh") else "en" if language else present_language()
    response = StreamingHttpResponse(_messages(listener, cursor, tongue), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _messages(listener: Listener, cursor: Cursor | None, language: str) -> AsyncIterator[bytes]:
    scope = listener.actor.scope
    watcher = _watchers.setdefault(asyncio.get_running_loop(), Watcher())
    queue = await watcher.join(scope)
    try:
        yield f"retry: {_RETRY_MS}\n\n".encode()
        missed = await _ask(_missed, scope, cursor)
        cursor = missed.cursor
        yield await _message(missed, language)
        beat_at = 0.0
        while True:
            if time.monotonic() >= beat_at:
                if not await _still_may(listener):
                    yield _frame("over", None, "{}")
                    return
                yield await _beat(scope, language)
                beat_at = time.monotonic() + HEARTBEAT_S
            try:
                change = await asyncio.wait_for(queue.get(), max(0.0, beat_at - time.monotonic()))
            except TimeoutError:
                continue
            if change.signals or change.cursor.is_after(cursor):
                cursor = cursor.furthest(change.cursor)
                yield await _message(change, language)
    finally:
        watcher.leave(scope, queue)


def _newest() -> tuple[int, int]:
    """Changes whenever there may be something to look at."""
    return detect.consumed_seq(), ledger.newest_order()


def _touched(cursor: Cursor) -> list[tuple[int, str]]:
    """Entries about events after a cursor and a little before it: a transaction may end after one that began later."""
    return ledger.orders_after(cursor.entry - LOOK_BACK, beginning=EVENT_IDS)


def _missed(scope: Scope, cursor: Cursor | None) -> Change:
    """What a listener has not seen: events since its cursor, and the newest signals as they stand."""
    newest = newest_cursor()
    since = newest if cursor is None or cursor.is_after(newest) else cursor
    return _look(scope, since, {}, set())


def _look(scope: Scope, cursor: Cursor, signals: dict[str, int], entries: set[int]) -> Change:
    changes = detect.changes_since(scope, cursor.event, at_most=EVENTS_A_MESSAGE * 5)
    touched = [(order, event) for order, event in _touched(cursor) if order not in entries]
    entries.update(order for order, _ in touched)
    for stale in sorted(entries)[: -4 * LOOK_BACK]:
        entries.discard(stale)
    changed = {line.id for line in changes.events}
    others = detect.events(scope, {event for _, event in touched} - changed)
    many = changes.more or len(changed) + len(others) > EVENTS_A_MESSAGE
    fresh = [line for line in _newest_signals(scope) if signals.get(line.id) != line.changed_us]
    signals.update({line.id: line.changed_us for line in fresh})
    for old in list(signals)[:-2000]:
        del signals[old]
    read = Cursor(changes.cursor, max([cursor.entry, *(order for order, _ in touched)]))
    return Change(
        scope=scope,
        cursor=newest_cursor() if many else read,
        events=() if many else (*changes.events, *others.values()),
        signals=tuple(fresh),
        many=many,
        begun=frozenset(line.event for line in changes.changes if line.change in ("opened", "proposed")),
        changed=frozenset(changed),
    )


def _newest_signals(scope: Scope) -> Sequence[detect.SignalLine]:
    return detect.signals(scope, at_most=100)


async def _message(change: Change, language: str) -> bytes:
    if language not in change.rendered:
        change.rendered[language] = await _ask(_render, change, language)
    return _frame("many" if change.many else "changes", change.cursor, change.rendered[language])


def _render(change: Change, language: str) -> str:
    with translation.override(language):
        frame = _frame_with(change.scope)
        context = {"scheme": frame.words.scheme, "language": language, "now_us": frame.now_us, "zone": frame.zone,
                   "may_acknowledge": change.scope.may(Act.ACKNOWLEDGE_EVENT)}  # fmt: skip
        found = standings(change.scope, [line.id for line in change.events], language)
        events = events_on_page(change.events, frame.words, frame.register, language, found)
        everything = [event for _line, event in duty_events(frame)]
        signals = signals_on_page(change.scope, change.signals, frame.words, frame.register, language)
        body = _state(frame) | {
            "counts": render_to_string(
                "console/parts/counts.html", context | {"counts": counts([e for e in everything if e.is_open], frame.words)}
            ),
            "facts": render_to_string("console/parts/duty_facts.html", {"facts": duty_facts(everything)}),
            "events": [
                {
                    "id": event.id, "level": event.level, "open": event.is_open, "begun": event.id in change.begun,
                    "changed": event.id in change.changed, "loud": event.is_loud,
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


async def _beat(scope: Scope, language: str) -> bytes:
    return _frame("beat", None, await _ask(_render_beat, scope, language))


def _render_beat(scope: Scope, language: str) -> str:
    with translation.override(language):
        return json.dumps(_state(_frame_with(scope)), ensure_ascii=False)


def _frame_with(scope: Scope) -> Frame:
    """What is rendered depends on the scope alone, never on which of its listeners asked first."""
    return frame_of(Actor("live", "", "", scope.role, scope.jurisdiction, scope.facility))


def _state(frame: Frame) -> dict[str, Any]:
    return {
        "now": frame.now_us,
        "newest": frame.health.newest_us,
        "newest_words": frame.newest_words(),
        "delay_after": frame.health.delay_after_s,
        "health": render_to_string("console/parts/health.html", {"health": frame.health, "now_us": frame.now_us,
                                                                 "zone": frame.zone, "frame": frame}),
        "unanswered": render_to_string("console/parts/pinned.html", pinned_parts(frame) | {
            "scheme": frame.words.scheme, "language": frame.language, "now_us": frame.now_us, "zone": frame.zone}),
    }  # fmt: skip


def _frame(kind: str, cursor: Cursor | None, body: str) -> bytes:
    number = "" if cursor is None else f"id: {cursor}\n"
    return f"event: {kind}\n{number}data: {body}\n\n".encode()
