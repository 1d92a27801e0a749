"""Mark: how far the log has been acknowledged.

After each fsync the writer notes here, without a second fsync, what is now durable. The note can therefore lag behind
the truth (after a power cut) but never run ahead of it. So damage below the mark is damage to acknowledged records and
is named; bytes above it that do not check are a write that nobody was told of, and are cut off.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mark", "MarkFile", "read_mark"]

_MARK = struct.Struct("<8sQQQ")
_CRC = struct.Struct("<I")
_MAGIC = b"TOCMARK1"
_NAME = "acknowledged"
_TRIES = 5  # a reader beside the writer may meet a half-written note; the next look succeeds


@dataclass(frozen=True, slots=True)
class Mark:
    """Records before ``next_seq`` are acknowledged; the last of them ends at ``offset`` of the segment that begins
    with seq ``segment``."""

    next_seq: int
    segment: int
    offset: int


def read_mark(root: Path) -> Mark | None:
    """The mark of the log in ``root``; None where there is none or it does not check."""
    for _ in range(_TRIES):
        try:
            data = (root / _NAME).read_bytes()
        except FileNotFoundError:
            return None
        if len(data) == _MARK.size + _CRC.size and _CRC.unpack_from(data, _MARK.size)[0] == zlib.crc32(
            data[: _MARK.size]
        ):
            magic, next_seq, segment, offset = _MARK.unpack_from(data)
            return Mark(next_seq, segment, offset) if magic == _MAGIC else None
    return None


class MarkFile:
    """The writer's hand on the mark."""

    def __init__(self, root: Path) -> None:
        self._fd = os.open(root / _NAME, os.O_RDWR | os.O_CREAT, 0o644)

    def note(self, mark: Mark) -> None:
        """Write the mark; it reaches the disk when the system pleases."""
        data = _MARK.pack(_MAGIC, mark.next_seq, mark.segment, mark.offset)
        os.pwrite(self._fd, data + _CRC.pack(zlib.crc32(data)), 0)

    def close(self) -> None:
        """Bring the mark to the disk and let go of it."""
        os.fsync(self._fd)
        os.close(self._fd)
