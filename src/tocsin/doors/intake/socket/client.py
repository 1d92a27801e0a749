"""Clients of the engine's socket: ``EngineClient`` for threads, ``AsyncEngineClient`` for an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import threading
from pathlib import Path

import pyarrow as pa

from tocsin.doors.intake.socket import frames
from tocsin.terms.errors import BadForm, TooBig, Unavailable

__all__ = ["AsyncEngineClient", "EngineClient"]

Parts = list[bytes | pa.Buffer]


def _down(path: Path, why: object) -> Unavailable:
    return Unavailable(
        "engine",
        f"does not answer on {path} ({why})",
        "start it with `tocsin serve`, look with `tocsin doctor`, then send again",
    )


def _observation_parts(batch: pa.RecordBatch, refused: pa.Table | None) -> Parts:
    parts: Parts = [frames.batch_bytes(batch)]
    if refused is not None and refused.num_rows:
        parts.append(frames.table_bytes(refused))
    return parts


def _ask(number: int, kind: str, source: str, parts: Parts) -> frames.Ask:
    lengths = [part.size if isinstance(part, pa.Buffer) else len(part) for part in parts]
    if sum(lengths) > frames.BODY_LIMIT:
        raise TooBig("batch", f"at most {frames.BODY_LIMIT} bytes, got {sum(lengths)}", "send smaller batches")
    return frames.Ask(id=number, kind=kind, source=source, parts=lengths)  # type: ignore[arg-type]


class EngineClient:
    """Blocking client with a pool of connections; may be shared by threads and survives a fork.

    All methods raise Unavailable when the engine does not answer within ``timeout_s``: the caller then does not know
    whether the batch was written and sends it again (re-delivery is harmless), and the engine's own typed refusals.
    """

    def __init__(self, path: Path, *, timeout_s: float = 30.0) -> None:
        self._path, self._timeout = Path(path), timeout_s
        self._idle: list[socket.socket] = []
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def observations(self, batch: pa.RecordBatch, *, source: str, refused: pa.Table | None = None) -> int | None:
        """Hand a batch over; its seq after the fsync, None if only refusals were kept."""
        return self._call("observations", source, _observation_parts(batch, refused)).seq

    def catalogue(self, body: bytes, *, source: str = "") -> int:
        """Hand a catalogue change over; its seq after the fsync."""
        return self._appended("catalogue", body, source)

    def reports(self, body: bytes, *, source: str) -> int:
        """Hand counts of reports over (``formats.reports``); their seq after the fsync."""
        return self._appended("reports", body, source)

    def bulletin(self, body: bytes, *, source: str) -> int:
        """Hand a bulletin over (``formats.bulletins``); its seq after the fsync."""
        return self._appended("bulletin", body, source)

    def _appended(self, kind: str, body: bytes, source: str) -> int:
        seq = self._call(kind, source, [body]).seq
        if seq is None:
            raise BadForm("engine reply", "must carry a seq", "run door and engine in the same version")
        return seq

    def health(self) -> dict[str, int | float | str | None]:
        """What the engine process says of itself."""
        return self._call("health", "", []).health or {}

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _call(self, kind: str, source: str, parts: Parts) -> frames.Answer:
        ask = _ask(next(self._numbers), kind, source, parts)
        try:
            answer = self._exchange(ask, parts)
        except OSError as error:
            raise _down(self._path, error) from None
        if answer.fault:
            raise frames.error_of(answer.fault)
        return answer

    def _exchange(self, ask: frames.Ask, parts: Parts) -> frames.Answer:
        connection, pooled = self._connection()
        try:
            self._send(connection, ask, parts)
            answer = self._receive(connection)
        except OSError:
            connection.close()
            if not pooled:
                raise
            # an idle connection may be of an engine that has since restarted; the batch may be sent twice, harmlessly
            self.close()
            return self._exchange(ask, parts)
        with self._lock:
            self._idle.append(connection)
        return answer

    def _connection(self) -> tuple[socket.socket, bool]:
        with self._lock:
            if self._pid != os.getpid():
                self._idle, self._pid = [], os.getpid()
            if self._idle:
                return self._idle.pop(), True
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._timeout)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            raise
        return connection, False

    def _send(self, connection: socket.socket, ask: frames.Ask, parts: Parts) -> None:
        for piece in frames.pack_frame(ask, *parts):
            connection.sendall(piece)

    def _receive(self, connection: socket.socket) -> frames.Answer:
        header_length, body_length = frames.read_prelude(_exactly(connection, frames.PRELUDE.size))
        header = _exactly(connection, header_length)
        _exactly(connection, body_length)
        return frames.read_answer(header)


def _exactly(connection: socket.socket, size: int) -> bytes:
    pieces: list[bytes] = []
    while size:
        piece = connection.recv(min(size, 1 << 20))
        if not piece:
            raise ConnectionResetError("closed by the engine")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class AsyncEngineClient:
    """One connection for an event loop; requests in flight share it (and so share the engine's fsync).

    Raises what ``EngineClient`` raises. Belongs to the loop on which it is first used.
    """

    def __init__(self, path: Path, *, timeout_s: float = 30.0) -> None:
        self._path, self._timeout = Path(path), timeout_s
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[frames.Answer]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting: asyncio.Lock | None = None

    async def observations(self, batch: pa.RecordBatch, *, source: str, refused: pa.Table | None = None) -> int | None:
        """Hand a batch over; its seq after the fsync, None if only refusals were kept."""
        return (await self._call("observations", source, _observation_parts(batch, refused))).seq

    async def health(self) -> dict[str, int | float | str | None]:
        """What the engine process says of itself."""
        return (await self._call("health", "", [])).health or {}

    async def close(self) -> None:
        """Hang up; requests in flight get Unavailable."""
        if self._reading:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading

    async def _call(self, kind: str, source: str, parts: Parts) -> frames.Answer:
        ask = _ask(next(self._numbers), kind, source, parts)
        try:
            writer = await self._connected()
            answered: asyncio.Future[frames.Answer] = asyncio.get_running_loop().create_future()
            self._waiting[ask.id] = answered
            writer.writelines(frames.pack_frame(ask, *parts))
            await writer.drain()
            answer = await asyncio.wait_for(answered, self._timeout)
        except (OSError, TimeoutError) as error:
            raise _down(self._path, error or "no answer in time") from None
        finally:
            self._waiting.pop(ask.id, None)
        if answer.fault:
            raise frames.error_of(answer.fault)
        return answer

    async def _connected(self) -> asyncio.StreamWriter:
        self._connecting = self._connecting or asyncio.Lock()
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                reader, self._writer = await asyncio.open_unix_connection(self._path)
                self._reading = asyncio.create_task(self._read(reader, self._writer))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        why: Exception = ConnectionResetError("closed by the engine")
        try:
            while True:
                header_length, body_length = frames.read_prelude(await reader.readexactly(frames.PRELUDE.size))
                answer = frames.read_answer(await reader.readexactly(header_length))
                await reader.readexactly(body_length)
                self._deliver(answer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        except BadForm as error:
            why = ConnectionResetError(str(error))
        finally:
            writer.close()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(why)

    def _deliver(self, answer: frames.Answer) -> None:
        if answer.id is None and answer.fault:  # the engine is about to hang up; everyone in flight learns why
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_result(answer)
        else:
            asked = self._waiting.get(answer.id or 0)
            if asked is not None and not asked.done():
                asked.set_result(answer)
