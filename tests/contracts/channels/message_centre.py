"""An SMSC for tests: a real TCP server on loopback that speaks SMPP 3.4 (read off the specification, without the library that
it is there to try), puts parts together as a telephone does, and can refuse, put off, hang up and be closed."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading

import smpplib.gsm

__all__ = ["MessageCentre"]

BIND, UNBIND, SUBMIT, RESPONSE = 0x02, 0x06, 0x04, 0x80000000
INVALID_DESTINATION, QUEUE_FULL, INVALID_PASSWORD = 0x0B, 0x14, 0x0E


class MessageCentre:
    """``received``: number and text of whole messages, in order. ``statuses`` by number; ``breaks_after`` so many messages it
    hangs up without a word."""

    def __init__(self, password: str = "s3cret") -> None:
        self.password = password
        self.received: list[tuple[str, str]] = []
        self.senders: list[str] = []
        self.statuses: dict[str, int] = {}
        self.breaks_after: int | None = None
        self.codings: list[int] = []
        self.lengths: list[int] = []
        self._parts: dict[tuple[str, int], dict[int, bytes]] = {}
        self._server: _Server | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def open(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, body: bytes) -> int | None:
        """The status of a submit_sm; None: hang up."""
        if self.breaks_after is not None and len(self.received) >= self.breaks_after:
            return None
        rest = body.partition(b"\0")[2][2:]  # service_type; ton and npi of the source
        source, _, rest = rest.partition(b"\0")
        number, _, rest = rest[2:].partition(b"\0")
        esm_class, rest = rest[0], rest[3:]  # protocol_id, priority
        rest = rest.partition(b"\0")[2].partition(b"\0")[2]  # schedule, validity
        coding, length = rest[2], rest[4]
        text = rest[5 : 5 + length]
        to = f"+{number.decode()}"
        if to in self.statuses:
            return self.statuses[to]
        self.senders.append(source.decode())
        self.codings.append(coding)
        self.lengths.append(length)
        if esm_class & 0x40:
            assert text[:3] == b"\x05\x00\x03"
            reference, whole, part = text[3], text[4], text[5]
            kept = self._parts.setdefault((to, reference), {})
            kept[part] = text[6:]
            if len(kept) == whole:
                self.received.append((to, _decoded(b"".join(kept[n] for n in sorted(kept)), coding)))
        else:
            self.received.append((to, _decoded(text, coding)))
        return 0


def _decoded(octets: bytes, coding: int) -> str:
    if coding == 8:
        return octets.decode("utf-16-be")
    assert coding == 0
    table, found, escaped = smpplib.gsm.GSM_CHARACTER_TABLE, [], False
    for octet in octets:
        if octet == 0x1B:
            escaped = True
            continue
        found.append(table[octet + (0x80 if escaped else 0)])
        escaped = False
    return "".join(found)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

    def __init__(self, address: tuple[str, int], centre: MessageCentre) -> None:
        self.centre = centre
        super().__init__(address, _Session)


class _Session(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        bound = False
        with contextlib.suppress(OSError, struct.error):
            while True:
                head = self._exactly(16)
                length, command, _status, sequence = struct.unpack(">IIII", head)
                body = self._exactly(length - 16)
                if command == BIND:
                    system_id, password, *_rest = body.split(b"\0")
                    bound = password.decode() == self.server.centre.password
                    self._answer(command, 0 if bound else INVALID_PASSWORD, sequence, system_id + b"\0")
                elif command == UNBIND:
                    self._answer(command, 0, sequence)
                    return
                elif command == SUBMIT and bound:
                    status = self.server.centre.take(body)
                    if status is None:
                        return
                    self._answer(command, status, sequence, b"" if status else f"{sequence:x}".encode() + b"\0")
                else:
                    self._answer(command, 0x04, sequence)  # not in this state

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            if not (more := self.request.recv(size - len(found))):
                raise OSError("hung up")
            found += more
        return found

    def _answer(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self.request.sendall(struct.pack(">IIII", 16 + len(body), command | RESPONSE, status, sequence) + body)
