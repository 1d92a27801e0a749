"""Receivers of the delivery proof, each a process of its own, so that counting costs the sender nothing:

    python -m tests.kill.receivers mail|web|display PORT FILE

``mail`` is an SMTP server (aiosmtpd), ``web`` an HTTP/1.1 server, ``display`` a listener at a Mosquitto. Each arrival is one
line of FILE, written before it is acknowledged: monotonic nanoseconds, channel, key of the letter.

Paths of ``web``: /sms and /voice (gateways), /hook/N (a healthy target), /slow (answers after five seconds), /flapping
(hangs up during every other three seconds).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

__all__ = ["Arrivals", "Mosquitto", "Receiver", "free_port"]

SLOW_S = 5.0
FLAP_S = 3.0
_MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.M | re.I)
Note = Callable[[str, str], None]


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver:
    """One of them as a process that can be taken away and brought back on the same port."""

    def __init__(self, kind: str, folder: Path, port: int) -> None:
        self.kind, self.port, self.path = kind, port, folder / f"{kind}.arrivals"
        self.path.touch()
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "tests.kill.receivers", self.kind, str(self.port), str(self.path)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n", f"{self.kind} does not start"

    def close(self) -> None:
        """Nobody answers there any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


class Arrivals:
    """What came, read from the files as they grow: (monotonic ns, channel, key)."""

    def __init__(self, receivers: list[Receiver]) -> None:
        self._files = [receiver.path.open(encoding="ascii") for receiver in receivers]
        self._rest = ["" for _ in receivers]
        self.all: list[tuple[int, str, str]] = []

    def look(self) -> int:
        """Read what is new; how many there are."""
        for number, file in enumerate(self._files):
            text = self._rest[number] + file.read()
            *lines, self._rest[number] = text.split("\n")
            for line in lines:
                at, channel, key = line.split(" ")
                self.all.append((int(at), channel, key))
        return len(self.all)

    def close(self) -> None:
        """Let the files go."""
        for file in self._files:
            file.close()


class Mosquitto:
    """A real Mosquitto on loopback whose queues have no end: a listener that lags behind loses nothing."""

    def __init__(self, folder: Path, port: int) -> None:
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nuser root\n"
        )
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start it and wait until it listens."""
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([program, "-c", str(self._settings)], stdout=quiet, stderr=quiet)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("Mosquitto does not answer: is it installed (apt: mosquitto)?")

    def close(self) -> None:
        """Nobody answers there any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


# ---------------------------------------------------------------- what runs in the processes
class _Mailbox:
    def __init__(self, note: Note) -> None:
        self._note = note

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        found = _MESSAGE_ID.search(envelope.content)
        self._note("mail", found[1].decode() if found else "?")
        return "250 taken"


async def _mail(port: int, note: Note) -> None:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    loop, handler = asyncio.get_running_loop(), _Mailbox(note)
    await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port)


class _Web(asyncio.Protocol):
    """As much of HTTP/1.1 as a client that keeps its connections needs."""

    def __init__(self, note: Note) -> None:
        self._note, self._buffer, self._busy = note, b"", False
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def _serve(self) -> None:
        while not self._busy and (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            length = re.search(r"(?im)^content-length: *(\d+)", head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._take(head.split(" ", 2)[1].strip("/"), body)

    def _take(self, path: str, body: bytes) -> None:
        key = json.loads(body)["id"]
        if path == "flapping" and int(time.monotonic() / FLAP_S) % 2:
            self._transport.abort()
            return
        self._note(path.partition("/")[0], key)
        if path == "slow":
            self._busy = True
            asyncio.get_running_loop().call_later(SLOW_S, self._answer)
            return
        self._answer()

    def _answer(self) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\ntaken")
        if self._busy:
            self._busy = False
            self._serve()


async def _web(port: int, note: Note) -> None:
    await asyncio.get_running_loop().create_server(lambda: _Web(note), "127.0.0.1", port)


def _display(port: int, note: Note, ready: Callable[[], None]) -> None:
    """Listens at the broker. What the broker kept is shown again to whoever subscribes again: that is not a second sending."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    seen: set[str] = set()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.reconnect_delay_set(1, 1)

    def on_message(client: Any, data: Any, message: Any) -> None:
        key = json.loads(message.payload)["id"]
        if not (message.retain and key in seen):
            note("mqtt", key)
        seen.add(key)

    client.on_connect = lambda client, *_: client.subscribe("town/#", qos=1)
    client.on_subscribe = lambda *_: ready()
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever(retry_first_connection=True)


def main(kind: str, port: int, path: Path) -> None:
    """Serve until killed."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def note(channel: str, key: str) -> None:
        os.write(file, f"{time.monotonic_ns()} {channel} {key}\n".encode("ascii"))

    def ready() -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    if kind == "display":
        _display(port, note, ready)
        return

    async def serve() -> None:
        await (_mail if kind == "mail" else _web)(port, note)
        ready()
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
