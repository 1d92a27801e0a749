"""The twin of a voice gateway: a real HTTP server on loopback that takes calls and does with each what its script says. What it
would call back is kept with the moment at which it is due; whoever holds the clock delivers it (``due``), so nobody sleeps.

    gateway = VoiceGateway()
    gateway.script["+8657100000001"] = answers_after(calls=3)
    with gateway: ...
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

__all__ = [
    "Behaviour", "Callback", "TakenCall", "VoiceGateway", "answers_after", "answers_twice", "connects", "engaged", "forged",
    "late", "machine", "never", "wrong_key",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A call that the gateway took: to whom, what it reads aloud, our key, the how manieth to this number, when."""

    to: str
    text: str
    key: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Callback:
    """What the gateway reports of a call ``after`` it was taken. ``forged``: by somebody who does not know the token."""

    after: timedelta
    body: dict[str, str]
    forged: bool = False


Behaviour = Callable[[TakenCall], list[Callback]]
_RINGS = timedelta(seconds=20)


def answers_after(calls: int = 1, *, seconds: float = 20) -> Behaviour:
    """A human presses 1 at the so manieth call; nobody lifts before."""

    def behave(call: TakenCall) -> list[Callback]:
        if call.number < calls:
            return [Callback(_RINGS, {"key": call.key, "digit": "", "status": "no-answer"})]
        return [Callback(timedelta(seconds=seconds), {"key": call.key, "digit": "1", "status": "completed"})]

    return behave


def answers_twice(call: TakenCall) -> list[Callback]:
    """The same callback comes twice."""
    one = Callback(_RINGS, {"key": call.key, "digit": "1", "status": "completed"})
    return [one, one]


def never(call: TakenCall) -> list[Callback]:
    """Nobody lifts, and the gateway does not even say so."""
    return []


def engaged(call: TakenCall) -> list[Callback]:
    """The line is engaged."""
    return [Callback(timedelta(seconds=2), {"key": call.key, "digit": "", "status": "busy"})]


def machine(call: TakenCall) -> list[Callback]:
    """An answering machine lifts the receiver."""
    return [Callback(_RINGS, {"key": call.key, "digit": "", "status": "machine"})]


def connects(call: TakenCall) -> list[Callback]:
    """Something lifts and presses nothing."""
    return [Callback(_RINGS, {"key": call.key, "digit": "", "status": "completed"})]


def wrong_key(call: TakenCall) -> list[Callback]:
    """Somebody presses another key."""
    return [Callback(_RINGS, {"key": call.key, "digit": "9", "status": "completed"})]


def forged(call: TakenCall) -> list[Callback]:
    """Somebody who does not know the token says that it was answered."""
    return [Callback(_RINGS, {"key": call.key, "digit": "1", "status": "completed"}, forged=True)]


def late(minutes: float) -> Behaviour:
    """The answer is reported long after the call."""
    return lambda call: [Callback(timedelta(minutes=minutes), {"key": call.key, "digit": "1", "status": "completed"})]


@dataclass
class VoiceGateway:
    """``clock`` says what time it is; ``script`` by number, else ``otherwise``; ``is_down``: it hangs up on whoever asks."""

    clock: Callable[[], datetime]
    script: dict[str, Behaviour] = field(default_factory=dict)
    otherwise: Behaviour = never
    is_down: bool = False
    calls: list[TakenCall] = field(default_factory=list)
    _pending: list[tuple[datetime, Callback]] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> VoiceGateway:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it takes calls."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/call"

    def due(self, now: datetime) -> list[Callback]:
        """What it reports by ``now``, oldest first; each once."""
        with self._lock:
            ready = sorted((one for one in self._pending if one[0] <= now), key=lambda one: one[0])
            self._pending = [one for one in self._pending if one[0] > now]
        return [callback for _at, callback in ready]

    def to(self, number: str) -> list[TakenCall]:
        """The calls to a number, in order."""
        return [call for call in self.calls if call.to == number]

    def take(self, body: bytes) -> bool:
        """A call is asked for; False where it hangs up. The same key again is the same call: a gateway drops repeats."""
        if self.is_down:
            return False
        asked = json.loads(body)
        with self._lock:
            if all(call.key != asked["id"] for call in self.calls):
                self._numbers[asked["to"]] += 1
                call = TakenCall(asked["to"], asked["text"], asked["id"], self._numbers[asked["to"]], self.clock())
                self.calls.append(call)
                behaviour = self.script.get(call.to, self.otherwise)
                self._pending += [(call.at + callback.after, callback) for callback in behaviour(call)]
        return True


def _handler(gateway: VoiceGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            taken = gateway.take(self.rfile.read(int(self.headers.get("content-length", 0))))
            if not taken:
                self.close_connection = True
                return
            self.send_response(202)
            self.send_header("content-length", "6")
            self.end_headers()
            self.wfile.write(b"queued")

        def log_message(self, *words: object) -> None:
            """No noise in tests."""

    return Handler
