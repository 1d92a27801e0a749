"""Frames of the engine's Unix socket: how a door hands bytes to the process that owns the log.

    magic "TCS1" | header length u32 | body length u32 (big endian) | header JSON | body

A request's body is its parts one after another (``Ask.parts`` their lengths); a reply has no body. One connection may
carry many requests at once; replies come in any order and name the request's id.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec
import pyarrow as pa

from tocsin.terms.errors import (
    BadForm,
    BadTime,
    BadUnit,
    BadValue,
    Damaged,
    NotAllowed,
    Refused,
    TocsinError,
    TooBig,
    Unavailable,
    UnknownName,
)

__all__ = [
    "BODY_LIMIT", "HEADER_LIMIT", "PRELUDE", "Answer", "Ask", "Fault", "batch_bytes", "error_of", "fault_of",
    "pack_frame", "read_answer", "read_ask", "read_prelude", "split_parts", "table_bytes", "table_of",
]  # fmt: skip

MAGIC = b"TCS1"
_SPEAK = "speak the protocol of this Tocsin version"
PRELUDE = struct.Struct(">4sII")
HEADER_LIMIT = 64 * 1024
BODY_LIMIT = 128 * 1024 * 1024


class Ask(msgspec.Struct, kw_only=True):
    """What a door asks. ``observations``: parts are Arrow IPC of the batch and, if any row was refused, of the
    refusals; ``catalogue``, ``reports``, ``bulletin``: one part, UTF-8 JSON; ``health``: no part."""

    id: int
    kind: Literal["observations", "catalogue", "reports", "bulletin", "health"]
    source: str = ""
    parts: list[int] = []


class Fault(msgspec.Struct, kw_only=True):
    """A typed error on the wire."""

    code: str
    thing: str
    rule: str
    remedy: str


class Answer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """``seq`` of the log record after its fsync (None when nothing was left to append), or the ``fault``.
    ``id`` is None when the request's own id could not be read."""

    id: int | None
    seq: int | None = None
    fault: Fault | None = None
    health: dict[str, int | float | str | None] | None = None


_ERRORS: dict[str, type[TocsinError]] = {
    kind.code: kind
    for kind in (Refused, UnknownName, BadUnit, BadValue, BadTime, BadForm, TooBig, NotAllowed, Damaged, Unavailable)
}
_encoder = msgspec.json.Encoder()
_ask_decoder = msgspec.json.Decoder(Ask)
_answer_decoder = msgspec.json.Decoder(Answer)


def pack_frame(header: Ask | Answer, *parts: bytes | memoryview | pa.Buffer) -> list[bytes | memoryview]:
    """The pieces of a frame, to be written one after another (nothing large is copied)."""
    head = _encoder.encode(header)
    views = [memoryview(part) for part in parts]
    return [PRELUDE.pack(MAGIC, len(head), sum(view.nbytes for view in views)) + head, *views]


def read_prelude(prelude: bytes) -> tuple[int, int]:
    """Lengths of header and body. Raises BadForm or TooBig: then the connection cannot go on."""
    magic, header, body = PRELUDE.unpack(prelude)
    if magic != MAGIC:
        raise BadForm("frame", f"must begin with {MAGIC!r}, got {magic!r}", _SPEAK)
    if header > HEADER_LIMIT:
        raise TooBig("frame header", f"at most {HEADER_LIMIT} bytes, got {header}", "shorten the header")
    if body > BODY_LIMIT:
        raise TooBig("frame body", f"at most {BODY_LIMIT} bytes, got {body}", "send smaller batches")
    return header, body


def read_ask(header: bytes, body_length: int) -> Ask:
    """The request of a header. Raises BadForm."""
    try:
        ask = _ask_decoder.decode(header)
    except msgspec.MsgspecError as error:
        raise BadForm(
            "frame header", f"must be a request: {error}", "speak the protocol of this Tocsin version"
        ) from None
    if any(length < 0 for length in ask.parts) or sum(ask.parts) != body_length:
        raise BadForm("frame", "parts must add up to the body", _SPEAK)
    return ask


def read_answer(header: bytes) -> Answer:
    """The reply of a header. Raises BadForm."""
    try:
        return _answer_decoder.decode(header)
    except msgspec.MsgspecError as error:
        raise BadForm("engine reply", str(error), "run door and engine in the same version") from None


def split_parts(body: bytes, lengths: list[int]) -> list[memoryview]:
    """The parts of a body, without copying."""
    view, parts, start = memoryview(body), [], 0
    for length in lengths:
        parts.append(view[start : start + length])
        start += length
    return parts


def batch_bytes(batch: pa.RecordBatch) -> pa.Buffer:
    """A batch as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def table_bytes(table: pa.Table) -> pa.Buffer:
    """A table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def table_of(part: memoryview) -> pa.Table:
    """The table of an Arrow IPC stream. Raises BadForm."""
    try:
        with pa.ipc.open_stream(pa.py_buffer(part)) as reader:
            table = reader.read_all()
            table.validate(full=True)
            return table
    except (pa.ArrowInvalid, OSError) as error:
        raise BadForm(
            "Arrow part", f"must be an Arrow IPC stream: {error}", "send the parts as the protocol says"
        ) from None


def fault_of(error: TocsinError) -> Fault:
    """A typed error, ready for the wire."""
    return Fault(code=error.code, thing=error.thing, rule=error.rule, remedy=error.remedy)


def error_of(fault: Fault) -> TocsinError:
    """The typed error again; a code that we do not know becomes a plain TocsinError."""
    return _ERRORS.get(fault.code, TocsinError)(fault.thing, fault.rule, fault.remedy)
