"""The engine's Unix socket: takes frames from doors, hands them to the group commit, acknowledges after the fsync."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from tocsin.doors.intake.socket import frames
from tocsin.doors.intake.socket.group_commit import GroupCommit, Wish
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.bulletins import read_bulletin_body
from tocsin.formats.reports import read_reports_body
from tocsin.loop.observe.log import Entry
from tocsin.terms.errors import BadForm, TocsinError, Unavailable
from tocsin.terms.record import RecordKind

__all__ = ["SocketServer"]

Health = dict[str, int | float | str | None]


class SocketServer:
    """Serves ``path`` (mode 0600, so only the same account may write) from a thread of its own until ``close``.

    ``commit`` may be set after construction but before ``start``; ``now_us`` stamps records; ``health`` answers
    ``health`` requests. A malformed frame is answered with a fault; if its length cannot be trusted the
    connection ends.
    """

    def __init__(self, path: Path, *, now_us: Callable[[], int], health: Callable[[], Health]) -> None:
        self.path = path
        self._now_us, self._health = now_us, health
        self.commit: GroupCommit | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="socket-server", daemon=True)
        self._answers: deque[tuple[asyncio.StreamWriter, frames.Answer]] = deque()
        self._writers: set[asyncio.StreamWriter] = set()

    def start(self) -> None:
        """Bind and serve. Raises OSError when the path cannot be bound."""
        self._bind()
        self._thread.start()

    def close(self) -> None:
        """Stop taking requests; those already handed over are still answered by the writer."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def flush(self) -> None:
        """Send the answers that the writer left; called on the writer's thread after each group."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is ending
            self._loop.call_soon_threadsafe(self._send_answers)

    def _bind(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)  # we hold the log's lock, so nobody else can be serving it
        before = os.umask(0o177)
        try:
            self._server = self._loop.run_until_complete(
                asyncio.start_unix_server(self._converse, self.path, limit=1 << 20)
            )
        finally:
            os.umask(before)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._server.close()
        self._send_answers()
        for writer in list(self._writers):
            writer.close()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                await self._take_frame(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        except TocsinError as error:  # lengths cannot be trusted: say why and hang up
            with contextlib.suppress(ConnectionError):
                self._write(writer, frames.Answer(id=None, fault=frames.fault_of(error)))
                await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _take_frame(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header_length, body_length = frames.read_prelude(await reader.readexactly(frames.PRELUDE.size))
        header = await reader.readexactly(header_length)
        body = await reader.readexactly(body_length)
        number: int | None = None
        try:
            ask = frames.read_ask(header, body_length)
            number = ask.id
            self._hand_over(ask, body, writer)
        except TocsinError as error:
            self._write(writer, frames.Answer(id=number, fault=frames.fault_of(error)))
        await writer.drain()

    def _hand_over(self, ask: frames.Ask, body: bytes, writer: asyncio.StreamWriter) -> None:
        if ask.kind == "health":
            self._write(writer, frames.Answer(id=ask.id, health=self._health()))
            return
        if self.commit is None:
            raise Unavailable("log", "not open yet", "send again in a moment")
        parts = frames.split_parts(body, ask.parts)
        wish = self._observations_wish(parts) if ask.kind == "observations" else self._body_wish(ask.kind, parts)
        wish.done = lambda outcome: self._answers.append((writer, _answer(ask.id, outcome)))
        wish.size = len(body)
        self.commit.submit(wish)

    def _body_wish(self, kind: str, parts: list[memoryview]) -> Wish:
        """A catalogue change, reports or a bulletin. Raises BadForm for what could never be read again from the log."""
        if len(parts) != 1:
            raise BadForm(f"{kind} frame", "must have one part", "send its JSON")
        body = bytes(parts[0])
        if kind == "reports":
            read_reports_body(body)
        elif kind == "bulletin":
            read_bulletin_body(body)
        return Wish(Entry(RecordKind(kind), self._now_us(), None, body), _nobody)

    def _observations_wish(self, parts: list[memoryview]) -> Wish:
        if not 1 <= len(parts) <= 2:
            raise BadForm("observations frame", "must have one or two parts", "send the batch, then the refusals")
        batch = _batch_of(parts[0])
        refused = frames.table_of(parts[1]) if len(parts) == 2 else None
        entry = Entry(RecordKind.OBSERVATIONS, self._now_us(), batch) if batch.num_rows else None
        return Wish(entry, _nobody, refused)

    def _send_answers(self) -> None:
        while self._answers:
            writer, answer = self._answers.popleft()
            self._write(writer, answer)

    def _write(self, writer: asyncio.StreamWriter, answer: frames.Answer) -> None:
        if not writer.is_closing():
            writer.writelines(frames.pack_frame(answer))


def _nobody(outcome: int | TocsinError | None) -> None:
    """Placeholder until the server knows whom to answer."""


def _answer(number: int, outcome: int | TocsinError | None) -> frames.Answer:
    if isinstance(outcome, TocsinError):
        return frames.Answer(id=number, fault=frames.fault_of(outcome))
    return frames.Answer(id=number, seq=outcome)


def _batch_of(part: memoryview) -> pa.RecordBatch:
    table = frames.table_of(part)
    if not table.schema.equals(OBSERVATIONS):
        raise BadForm(
            "observations", f"columns must be {OBSERVATIONS.names}", "send batches of formats.arrow.OBSERVATIONS"
        )
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], OBSERVATIONS)
