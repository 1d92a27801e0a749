"""PDF (ISO 32000-2) in which nothing acts: no script, no action that starts, sends or opens another file, no file inside."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from tocsin.formats.document.links import judge_link
from tocsin.formats.document.pdf_syntax import Name, Reader, Ref, Stream, Syntax
from tocsin.formats.document.terms import NotTaken, Why

__all__ = ["look_at_pdf"]

_NAMES = {
    b"JavaScript": Why.SCRIPT, b"JS": Why.SCRIPT, b"XFA": Why.SCRIPT, b"Launch": Why.LAUNCH, b"SubmitForm": Why.LAUNCH,
    b"ImportData": Why.LAUNCH, b"GoToR": Why.OUTSIDE, b"GoToE": Why.EMBEDDED, b"EmbeddedFile": Why.EMBEDDED,
    b"EmbeddedFiles": Why.EMBEDDED, b"Collection": Why.EMBEDDED, b"RichMedia": Why.EMBEDDED, b"Rendition": Why.LAUNCH,
    b"Movie": Why.EMBEDDED, b"Sound": Why.EMBEDDED, b"3D": Why.EMBEDDED, b"FFilter": Why.OUTSIDE, b"Encrypt": Why.LOCKED,
}  # fmt: skip
_INFLATED_AT_MOST, _PACKED_AT_MOST = 256 << 20, 48 << 20
_PIECE = 1 << 20


def look_at_pdf(data: bytes) -> None:
    """Raises NotTaken for what acts, is locked, is cut off, or cannot be seen whole."""
    if not data.startswith((b"%PDF-1.", b"%PDF-2.")):
        raise NotTaken(Why.KIND)
    if not data.rstrip(b"\0\t\n\f\r ").endswith(b"%%EOF"):
        raise NotTaken(Why.TWO_THINGS if b"%%EOF" in data else Why.BROKEN)
    reader = Reader(data)
    syntax = reader.whole()
    for value in (*syntax.objects.values(), *syntax.trailers):
        _judge(value)
    packed = _object_streams(syntax, reader.values)
    _require_references(syntax, packed)
    _require_small(syntax)
    if not any(Name(b"Root") in head for head in _trailers(syntax)):
        raise NotTaken(Why.BROKEN)


def _judge(value: Any) -> None:
    """Every name anywhere: what is not named cannot act. Addresses that a reader may press lead to pages and mail only."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Name):
            if one in _NAMES:
                raise NotTaken(_NAMES[one])
        elif isinstance(one, Stream):
            waiting.append(one.head)
            if Name(b"F") in one.head:  # its bytes lie in another file
                raise NotTaken(Why.OUTSIDE)
        elif isinstance(one, dict):
            for key in (b"URI", b"Base"):
                _judge_address(one.get(Name(key)))
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one


def _judge_address(address: Any) -> None:
    if isinstance(address, Ref):  # what it leads to is a string like others, and would not be judged
        raise NotTaken(Why.UNSEEN)
    if not isinstance(address, bytes) or isinstance(address, Name):
        return
    judge_link(address.decode("latin-1"))


def _object_streams(syntax: Syntax, values: int) -> set[int]:
    """Numbers of the object streams, whose objects were judged. One that is packed in another way than plain is refused."""
    out, left = set(), _PACKED_AT_MOST
    for at, value in syntax.objects.items():
        if not isinstance(value, Stream) or not _packs_objects(value.head):
            continue
        text = _inflated(value, left)
        left -= len(text)
        first = value.head.get(Name(b"First"))
        if not isinstance(first, int) or not 0 <= first <= len(text):
            raise NotTaken(Why.UNSEEN)
        numbers = text[:first].split()
        if len(numbers) % 2 or not all(one.isdigit() and len(one) < 11 for one in numbers):
            raise NotTaken(Why.UNSEEN)
        reader = Reader(text, values)
        for offset in map(int, numbers[1::2]):
            _judge(reader.value(first + offset)[0])
        values = reader.values
        out.add(syntax.starts[at])
    return out


def _packs_objects(head: dict[Name, Any]) -> bool:
    return head.get(Name(b"Type")) == b"ObjStm" or (Name(b"First") in head and Name(b"N") in head)


def _inflated(stream: Stream, most: int) -> bytes:
    how, given = stream.head.get(Name(b"Filter")), stream.head.get(Name(b"DecodeParms"))
    if isinstance(how, list) and len(how) == 1:
        how = how[0]
    if how is None:
        return stream.raw
    if how != b"FlateDecode" or given not in (None, []):
        raise NotTaken(Why.UNSEEN)
    return _inflate(stream.raw, most)


def _inflate(raw: bytes, most: int) -> bytes:
    engine = zlib.decompressobj()
    try:
        text = engine.decompress(raw, most)
    except zlib.error:
        raise NotTaken(Why.BROKEN) from None
    if engine.unconsumed_tail:
        raise NotTaken(Why.BOMB)
    if not engine.eof:
        raise NotTaken(Why.BROKEN)
    return text


def _require_references(syntax: Syntax, packed: set[int]) -> None:
    """Every cross-reference leads to where an object of that number begins, or into an object stream that was looked at."""
    tables = set(syntax.tables)
    for at, value in syntax.objects.items():
        if isinstance(value, Stream) and value.head.get(Name(b"Type")) == b"XRef":
            tables.add(at)
            for kind, second, number in _entries(value):
                if kind == 1 and second:
                    syntax.points_at.append((second, number))
                elif kind == 2 and second not in packed:
                    raise NotTaken(Why.UNSEEN)
    if not syntax.ends or syntax.ends[-1] not in tables or any(end and end not in tables for end in syntax.ends):
        raise NotTaken(Why.BROKEN)
    for at, number in syntax.points_at:
        if syntax.starts.get(at) != number:
            raise NotTaken(Why.BROKEN)
    for head in _trailers(syntax):
        for key in (b"Prev", b"XRefStm"):
            if Name(key) in head and head[Name(key)] not in tables:
                raise NotTaken(Why.BROKEN)


def _entries(stream: Stream) -> Iterator[tuple[int, int, int]]:
    """(kind, second field, object number) of a cross-reference stream (7.5.8)."""
    widths = stream.head.get(Name(b"W"))
    if not isinstance(widths, list) or len(widths) != 3 or not all(isinstance(w, int) and 0 <= w <= 8 for w in widths):
        raise NotTaken(Why.UNSEEN)
    row, rows = sum(widths), _rows(stream)
    size = stream.head.get(Name(b"Size"))
    index = stream.head.get(Name(b"Index"), [0, size])
    if not row or not isinstance(index, list) or len(index) % 2 or not all(isinstance(one, int) for one in index):
        raise NotTaken(Why.UNSEEN)
    if sum(index[1::2]) * row != len(rows) or any(one < 0 for one in index):
        raise NotTaken(Why.BROKEN)
    at = 0
    for first, count in zip(index[::2], index[1::2], strict=True):
        for number in range(first, first + count):
            kind = int.from_bytes(rows[at : at + widths[0]], "big") if widths[0] else 1
            yield kind, int.from_bytes(rows[at + widths[0] : at + widths[0] + widths[1]], "big"), number
            at += row


def _rows(stream: Stream) -> bytes:
    """The bytes of a cross-reference stream; only the predictor that writers use for it is undone (PNG's)."""
    given = stream.head.get(Name(b"DecodeParms"))
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if given is None:
        return _inflated(stream, _PACKED_AT_MOST)
    how = stream.head.get(Name(b"Filter"))
    how = how[0] if isinstance(how, list) and len(how) == 1 else how
    columns = given.get(Name(b"Columns"), 1) if isinstance(given, dict) else 0
    if how != b"FlateDecode" or not isinstance(columns, int) or not 0 < columns < 32:
        raise NotTaken(Why.UNSEEN)
    text, predictor = _inflate(stream.raw, _PACKED_AT_MOST), given.get(Name(b"Predictor"), 1)
    if predictor == 1:
        return text
    if not isinstance(predictor, int) or not 10 <= predictor <= 15 or len(text) % (columns + 1):
        raise NotTaken(Why.UNSEEN)
    return _unpredicted(text, columns)


def _unpredicted(text: bytes, columns: int) -> bytes:
    """Rows behind PNG's filters none and up, the only ones that make sense for it."""
    before, out = bytes(columns), bytearray()
    for at in range(0, len(text), columns + 1):
        row = text[at + 1 : at + 1 + columns]
        if text[at] == 2:
            row = bytes((a + b) & 255 for a, b in zip(row, before, strict=True))
        elif text[at] != 0:
            raise NotTaken(Why.UNSEEN)
        out += row
        before = row
    return bytes(out)


def _trailers(syntax: Syntax) -> Iterator[dict[Name, Any]]:
    yield from syntax.trailers
    for value in syntax.objects.values():
        if isinstance(value, Stream) and value.head.get(Name(b"Type")) == b"XRef":
            yield value.head


def _require_small(syntax: Syntax) -> None:
    """All plain streams together unpack to no more than a reader can hold."""
    left = _INFLATED_AT_MOST
    for value in syntax.objects.values():
        how = value.head.get(Name(b"Filter")) if isinstance(value, Stream) else None
        filters = how if isinstance(how, list) else [how]
        if not isinstance(value, Stream) or not filters:
            continue
        if isinstance(how, Ref) or sum(one == b"FlateDecode" for one in filters) > 1 or len(filters) > 4:
            raise NotTaken(Why.BOMB)
        if filters[0] == b"FlateDecode":
            left -= _size(value.raw, left)
            if left < 0:
                raise NotTaken(Why.BOMB)


def _size(raw: bytes, most: int) -> int:
    """How large it unpacks, as far as it can be unpacked; a little over ``most`` at most."""
    engine, size, rest = zlib.decompressobj(), 0, raw
    try:
        while rest and size <= most and not engine.eof:
            size += len(engine.decompress(rest, _PIECE))
            rest = engine.unconsumed_tail
    except zlib.error:
        pass
    return size
