"""Snapshot bytes: magic, JSON header, arrays, CRC-32. Torn or foreign bytes are refused, never half read."""

from __future__ import annotations

import gc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from tocsin.terms.errors import Damaged

__all__ = ["pack_state", "unpack_state", "without_collecting"]

MAGIC = b"TCSNAP01"
Array = np.ndarray


@contextmanager
def without_collecting() -> Iterator[None]:
    """No search for cyclic garbage while a million objects are made that all stay: each search would visit all of them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def pack_state(header: dict[str, Any], arrays: dict[str, Array]) -> bytes:
    """Magic (8), length of the JSON table (8, little endian), table, arrays one after another, CRC-32 of all (4)."""
    index = [{"name": name, "dtype": array.dtype.str, "shape": array.shape} for name, array in arrays.items()]
    table = msgspec.json.encode({"header": header, "arrays": index})
    parts = [MAGIC, len(table).to_bytes(8, "little"), table]
    parts += [np.ascontiguousarray(array).tobytes() for array in arrays.values()]
    body = b"".join(parts)
    return body + zlib.crc32(body).to_bytes(4, "little")


def unpack_state(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """The header and arrays of ``pack_state``. Raises Damaged."""
    if data[:8] != MAGIC:
        raise Damaged("snapshot", "does not begin with the mark of this format", "use the snapshot before it")
    if len(data) < 20 or zlib.crc32(data[:-4]).to_bytes(4, "little") != data[-4:]:
        raise Damaged("snapshot", "checksum differs: torn or changed", "use the snapshot before it")
    length = int.from_bytes(data[8:16], "little")
    table = msgspec.json.decode(data[16 : 16 + length])
    at, arrays = 16 + length, {}
    for entry in table["arrays"]:
        dtype = np.dtype(entry["dtype"])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        arrays[entry["name"]] = np.frombuffer(data, dtype, count, at).reshape(entry["shape"])
        at += count * dtype.itemsize
    return table["header"], arrays
