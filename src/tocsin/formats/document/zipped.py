"""A ZIP package read without trusting it: one file, nothing before or behind it, no part over another, everything unpacked once
within a budget, whatever its directory claims. Layout: APPNOTE 6.3.10."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from tocsin.formats.document.terms import NotTaken, Why

__all__ = ["END", "LOCAL", "unpacked"]

LOCAL, END = b"PK\x03\x04", b"PK\x05\x06"
_PARTS_AT_MOST = 2000
_UNPACKED_AT_MOST = 128 << 20
_RATIO_AT_MOST = 200  # of one part over a megabyte: text packs to a tenth, a bomb to a thousandth
_DESCRIPTOR = 24  # sizes that some writers put behind a part
_HEADER = struct.Struct("<4s5H3L2H")
_DIRECTORY_END = struct.Struct("<4s4H2LH")


def unpacked(content: bytes) -> Mapping[str, bytes]:
    """The parts by name. Raises NotTaken."""
    start = _require_alone(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            entries = package.infolist()
            _require_plain(entries)
            _require_apart(content, entries, start)
            out, left = {}, _UNPACKED_AT_MOST
            for entry in entries:
                out[entry.filename] = _part(package, entry, left)
                left -= len(out[entry.filename])
            return out
    except NotTaken:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        struct.error,
    ):
        raise NotTaken(Why.BROKEN) from None


def _require_alone(content: bytes) -> int:
    """The end of the directory is the end of the file; where the directory begins."""
    at = content.rfind(END)
    if at < 0 or len(content) - at < _DIRECTORY_END.size:
        raise NotTaken(Why.BROKEN)
    _end, disk, first, here, total, size, start, remark = _DIRECTORY_END.unpack_from(content, at)
    if disk or first or here != total or total > _PARTS_AT_MOST:
        raise NotTaken(Why.UNSEEN)
    if remark or at + _DIRECTORY_END.size != len(content) or start + size != at:
        raise NotTaken(Why.TWO_THINGS)
    return int(start)


def _require_plain(entries: list[zipfile.ZipInfo]) -> None:
    names: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        if entry.flag_bits & 0x1:
            raise NotTaken(Why.LOCKED)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotTaken(Why.UNSEEN)
        odd = not name or name.startswith("/") or "\\" in name or ".." in name.split("/") or ":" in name or "\0" in name
        if odd or name.casefold() in names:
            raise NotTaken(Why.UNSEEN)
        names.add(name.casefold())


def _require_apart(content: bytes, entries: list[zipfile.ZipInfo], start: int) -> None:
    """Each part begins behind the end of the one before, the first at the beginning: no bytes are hidden, none used twice."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end or entry.header_offset - end > _DESCRIPTOR:
            raise NotTaken(Why.TWO_THINGS if entry.header_offset > end else Why.BOMB)
        header = _HEADER.unpack_from(content, entry.header_offset)
        if header[0] != LOCAL or header[2] & 0x1:
            raise NotTaken(Why.BROKEN)
        end = entry.header_offset + _HEADER.size + header[9] + header[10] + entry.compress_size
    if not 0 <= start - end <= _DESCRIPTOR:
        raise NotTaken(Why.TWO_THINGS)


def _part(package: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """Read to its end, so that its checksum is compared; never more than ``left``."""
    if entry.file_size > left:
        raise NotTaken(Why.BOMB)
    if entry.file_size > 1 << 20 and entry.file_size > _RATIO_AT_MOST * max(entry.compress_size, 1):
        raise NotTaken(Why.BOMB)
    with package.open(entry) as part:
        data = part.read(left + 1)
    if len(data) != entry.file_size:
        raise NotTaken(Why.BOMB if len(data) > entry.file_size else Why.BROKEN)
    return data
