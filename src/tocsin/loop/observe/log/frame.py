"""Frame: the bytes of one entry in a segment file, and of the file's own head.

    file  = head | frame | frame | ...                 (every part begins on a multiple of 64 bytes)
    head  = magic, salt, first seq, schema length, CRC-32, Arrow schema
    frame = 64-byte header | payload | zeros up to 64

Two CRC-32s guard a frame: one over the header, one over payload and padding, so that every single flipped bit is found.
The header repeats its own offset and the file's random salt; that keeps bytes inside a payload, or left over from
another file, from being taken for a frame when the next good one is sought after damage.
``group`` is the offset up to which the file had been fsynced when the frame was written: a good frame proves that
everything before its ``group`` was once durable.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import pyarrow as pa

__all__ = [
    "ALIGN",
    "FORMAT",
    "FRAME_BYTES",
    "SEAL",
    "Frame",
    "Head",
    "head_version",
    "next_frame",
    "pack_head",
    "padded",
    "read_frame",
    "read_head",
]

ALIGN = 64
FRAME_BYTES = 64
SEAL = 0xFFFF  # the kind of the frame that ends a sealed file; it carries the next seq and no payload

FORMAT = 1
_HEAD_MAGIC = b"TOCSEG%d\n" % FORMAT
_HEAD = struct.Struct("<8s8sQI")
_FRAME_MAGIC = b"TREC"
_FRAME = struct.Struct("<4sHHQqQQQI8s")
_CRC = struct.Struct("<I")


def padded(length: int) -> int:
    """``length`` rounded up to the alignment of frames."""
    return -(-length // ALIGN) * ALIGN


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself. ``end`` is the offset of its first frame."""

    salt: bytes
    first_seq: int
    schema: pa.Schema
    end: int


def pack_head(first_seq: int, schema: pa.Schema, salt: bytes) -> bytes:
    """The head of a new file."""
    schema_bytes: bytes = schema.serialize().to_pybytes()
    fixed = _HEAD.pack(_HEAD_MAGIC, salt, first_seq, len(schema_bytes))
    crc = zlib.crc32(schema_bytes, zlib.crc32(fixed))
    whole = fixed + _CRC.pack(crc) + schema_bytes
    return whole + bytes(padded(len(whole)) - len(whole))


def read_head(view: memoryview) -> Head | None:
    """The head of a file, or None where its bytes do not hold one."""
    if len(view) < _HEAD.size + _CRC.size:
        return None
    magic, salt, first_seq, length = _HEAD.unpack_from(view)
    start = _HEAD.size + _CRC.size
    if magic != _HEAD_MAGIC or len(view) < padded(start + length):
        return None
    schema_bytes = view[start : start + length]
    (crc,) = _CRC.unpack_from(view, _HEAD.size)
    if crc != zlib.crc32(schema_bytes, zlib.crc32(view[: _HEAD.size])):
        return None
    return Head(salt, first_seq, pa.ipc.read_schema(pa.py_buffer(bytes(schema_bytes))), padded(start + length))


def head_version(view: memoryview) -> int | None:
    """The format that a whole head names, also of a version that we do not know; None where the head fails its check (every
    format keeps magic, lengths and the head's CRC where they are, so damage is not taken for a newer version)."""
    start = _HEAD.size + _CRC.size
    if len(view) < start:
        return None
    magic, _, _, length = _HEAD.unpack_from(view)
    if magic[:6] != _HEAD_MAGIC[:6] or not magic[6:7].isdigit() or len(view) < start + length:
        return None
    (crc,) = _CRC.unpack_from(view, _HEAD.size)
    whole = zlib.crc32(view[start : start + length], zlib.crc32(view[: _HEAD.size]))
    return int(magic[6:7]) if crc == whole else None


@dataclass(frozen=True, slots=True)
class Frame:
    """The header of one entry. ``kind`` is a number that the log gives meaning to; ``length`` counts payload bytes."""

    kind: int
    seq: int
    at_us: int
    offset: int
    group: int
    length: int
    payload_crc: int
    salt: bytes

    @property
    def end(self) -> int:
        """Offset of what follows this frame."""
        return self.offset + FRAME_BYTES + padded(self.length)

    def pack(self) -> bytes:
        """The 64 bytes of the header."""
        fixed = _FRAME.pack(
            _FRAME_MAGIC, self.kind, 0, self.seq, self.at_us, self.offset, self.group, self.length,
            self.payload_crc, self.salt,
        )  # fmt: skip
        return fixed + _CRC.pack(zlib.crc32(fixed))

    def payload(self, view: memoryview) -> memoryview | None:
        """The payload without copying it, or None where its bytes fail their check."""
        start = self.offset + FRAME_BYTES
        if zlib.crc32(view[start : self.end]) != self.payload_crc:
            return None
        return view[start : start + self.length]


def read_frame(view: memoryview, offset: int, salt: bytes | None) -> Frame | None:
    """The frame header at ``offset``, or None where there is no good one (with this ``salt``, where it is known) that
    ends within ``view``."""
    if offset + FRAME_BYTES > len(view):
        return None
    header = view[offset : offset + FRAME_BYTES]
    magic, kind, _, seq, at_us, own_offset, group, length, payload_crc, own_salt = _FRAME.unpack_from(header)
    if magic != _FRAME_MAGIC or own_offset != offset or own_salt != (salt or own_salt):
        return None
    if _CRC.unpack_from(header, FRAME_BYTES - _CRC.size)[0] != zlib.crc32(header[: -_CRC.size]):
        return None
    frame = Frame(kind, seq, at_us, offset, group, length, payload_crc, own_salt)
    return frame if frame.end <= len(view) else None


def next_frame(view: memoryview, offset: int, salt: bytes | None) -> Frame | None:
    """The first good frame header at or after ``offset``."""
    for start in range(padded(offset), len(view) - FRAME_BYTES + 1, ALIGN):
        if view[start : start + 4] == _FRAME_MAGIC and (frame := read_frame(view, start, salt)) is not None:
            return frame
    return None
