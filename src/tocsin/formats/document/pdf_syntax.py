"""PDF as it is written (ISO 32000-2, clause 7): objects, streams, cross-references; read strictly from first byte to last.

A reader goes by the cross-references, and repairs a file in which they do not fit; then it may find objects that somebody who
went through the file otherwise does not see. So what is taken here has only one meaning: nothing but objects and tables lies in
it, and every cross-reference leads to the beginning of one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tocsin.formats.document.terms import NotTaken, Why

__all__ = ["Name", "Reader", "Ref", "Stream", "Syntax"]

_SPACE = re.compile(rb"(?:[\0\t\n\f\r ]+|%[^\r\n]*)*+")
_WORD = re.compile(rb"[^\0\t\n\f\r ()<>\[\]{}/%]*")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)\Z")
_REF = re.compile(rb"(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>\[\]{}/%])")
_OBJECT = re.compile(rb"(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+obj(?![A-Za-z0-9])")
_HEX = re.compile(rb"<[0-9A-Fa-f\0\t\n\f\r ]*>")
_BRACKET = re.compile(rb"[()\\]")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream(?:\r\n|\n)")
_STREAM_END = re.compile(rb"[\0\t\n\f\r ]*endstream(?![A-Za-z0-9])")
_ENTRY = re.compile(rb"[\0\t\n\f\r ]*(\d{10}) (\d{5}) ([nf])(?=[\r\n ])")
_SECTION = re.compile(rb"[\0\t\n\f\r ]*(\d{1,10}) (\d{1,7})(?![0-9])(?! +\d)")
_WHOLE = re.compile(rb"(?<![0-9])(\d{1,10})[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+obj[\0\t\n\f\r ]*(\d{1,10})(?![0-9.])")
_BRACKETS_AT_MOST = 1000  # in one string, unescaped and open
_LARGEST = 2**53  # beyond it readers differ in what they take a number for
_DEEPEST, _OBJECTS_AT_MOST, _VALUES_AT_MOST = 64, 100_000, 1_000_000


class Name(bytes):
    """A name without its slash, its escapes resolved."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an object by number."""

    number: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream with its dictionary and its raw bytes."""

    head: dict[Name, Any]
    raw: bytes


@dataclass(slots=True)
class Syntax:
    """``starts``: object number by offset; ``objects``: the values by offset; ``tables``: offsets of cross-reference tables;
    ``points_at``: (offset, object number) of each entry; ``trailers``; ``ends``: what each startxref says."""

    starts: dict[int, int] = field(default_factory=dict)
    objects: dict[int, Any] = field(default_factory=dict)
    tables: set[int] = field(default_factory=set)
    points_at: list[tuple[int, int]] = field(default_factory=list)
    trailers: list[dict[Name, Any]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


class Reader:
    """Reads one text. ``values``: how many were read already, here and in texts before; there is a limit over all."""

    def __init__(self, data: bytes, values: int = 0) -> None:
        self.data, self.values = data, values
        self._said: dict[int, set[int]] | None = None
        self._lengths: list[tuple[int, int]] = []  # object number that says a length, and the length that was used

    def whole(self) -> Syntax:
        """The whole file. Raises NotTaken."""
        out, at = Syntax(), self.skip(0)
        while at < len(self.data):
            if (head := _OBJECT.match(self.data, at)) is not None:
                if len(out.starts) >= _OBJECTS_AT_MOST:
                    raise NotTaken(Why.BOMB)
                out.starts[at] = int(head[1])
                out.objects[at], end = self._object(head.end())
            elif self.data.startswith(b"xref", at):
                out.tables.add(at)
                end = self._table(at + 4, out)
            elif self.data.startswith(b"startxref", at):
                number, end = self.value(at + 9)
                out.ends.append(number if isinstance(number, int) else -1)
            else:
                raise NotTaken(Why.BROKEN)
            at = self.skip(end)
        self._require_lengths(out)
        return out

    def skip(self, at: int) -> int:
        """Behind spaces and remarks."""
        found = _SPACE.match(self.data, at)
        return found.end() if found else at

    def value(self, at: int, depth: int = 0) -> tuple[Any, int]:
        """The value that begins at or behind ``at``, and its end. Raises NotTaken."""
        at, data = self.skip(at), self.data
        self.values += 1
        if depth > _DEEPEST or self.values > _VALUES_AT_MOST:
            raise NotTaken(Why.BOMB)
        first = data[at : at + 1]
        if data[at : at + 2] == b"<<":
            return self._dictionary(at + 2, depth)
        if first == b"[":
            return self._array(at + 1, depth)
        if first == b"(":
            return self._text(at)
        if first == b"/":
            word, end = self._word(at + 1)
            return Name(_ESCAPED.sub(lambda one: bytes([int(one[1], 16)]), word)), end
        if first == b"<" and (digits := _HEX.match(data, at)) is not None:
            return b"", digits.end()
        if (ref := _REF.match(data, at)) is not None:
            return Ref(int(ref[1])), ref.end()
        word, end = self._word(at)
        return self._plain(word), end

    def _word(self, at: int) -> tuple[bytes, int]:
        found = _WORD.match(self.data, at)
        return (found[0], found.end()) if found else (b"", at)

    def _plain(self, word: bytes) -> Any:
        if _NUMBER.match(word) and len(word) <= 40:
            number = int(word) if word.lstrip(b"+-").isdigit() else float(word)
            if abs(number) >= _LARGEST:
                raise NotTaken(Why.BROKEN)
            return number
        if word in (b"true", b"false", b"null"):
            return None
        raise NotTaken(Why.BROKEN)

    def _dictionary(self, at: int, depth: int) -> tuple[dict[Name, Any], int]:
        out: dict[Name, Any] = {}
        while True:
            at = self.skip(at)
            if self.data[at : at + 2] == b">>":
                return out, at + 2
            key, at = self.value(at, depth + 1)
            if not isinstance(key, Name) or key in out:  # of a key given twice, readers take one or the other
                raise NotTaken(Why.BROKEN)
            out[key], at = self.value(at, depth + 1)

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        out: list[Any] = []
        while True:
            at = self.skip(at)
            if self.data[at : at + 1] == b"]":
                return out, at + 1
            one, at = self.value(at, depth + 1)
            out.append(one)

    def _text(self, at: int) -> tuple[bytes, int]:
        begin, depth = at, 0
        while (mark := _BRACKET.search(self.data, at)) is not None:
            at = mark.end()
            if mark[0] == b"\\":
                at += 1
                continue
            depth += 1 if mark[0] == b"(" else -1
            if depth > _BRACKETS_AT_MOST:
                raise NotTaken(Why.BOMB)
            if not depth:
                return self.data[begin + 1 : at - 1], at
        raise NotTaken(Why.BROKEN)

    def _object(self, at: int) -> tuple[Any, int]:
        value, at = self.value(at)
        at = self.skip(at)
        if isinstance(value, dict) and (head := _STREAM.match(self.data, at)) is not None:
            length, end = self._length(value.get(Name(b"Length")), head.end())
            value = Stream(value, self.data[head.end() : head.end() + length])
            at = self.skip(end)
        if not self.data.startswith(b"endobj", at):
            raise NotTaken(Why.BROKEN)
        return value, at + 6

    def _length(self, said: Any, begin: int) -> tuple[int, int]:
        """How long a stream is, as its dictionary says, and where its end stands, which must be there."""
        number = said.number if isinstance(said, Ref) else 0
        lengths = self._numbers().get(number, set()) if number else {said} if isinstance(said, int) else set()
        for length in lengths:
            if length >= 0 and (end := _STREAM_END.match(self.data, begin + length)) is not None:
                if number:
                    self._lengths.append((number, length))
                return length, end.end()
        raise NotTaken(Why.BROKEN)

    def _numbers(self) -> dict[int, set[int]]:
        """Objects that are one whole number, by what the bytes look like; `_require_lengths` compares with what they are."""
        if self._said is None:
            self._said = {}
            for found in _WHOLE.finditer(self.data):
                self._said.setdefault(int(found[1]), set()).add(int(found[2]))
        return self._said

    def _require_lengths(self, out: Syntax) -> None:
        """What was looked up for a length is an object of the file, and says so wherever it stands."""
        said: dict[int, set[Any]] = {}
        for at, number in out.starts.items():
            if isinstance(out.objects[at], int):
                said.setdefault(number, set()).add(out.objects[at])
        if any(said.get(number) != {length} for number, length in self._lengths):
            raise NotTaken(Why.BROKEN)

    def _table(self, at: int, out: Syntax) -> int:
        data, sections = self.data, 0
        while (section := _SECTION.match(data, at)) is not None:
            at, first, sections = section.end(), int(section[1]), sections + 1
            if sections > _OBJECTS_AT_MOST:
                raise NotTaken(Why.BOMB)
            for index in range(int(section[2])):
                entry = _ENTRY.match(data, at)
                if entry is None:
                    raise NotTaken(Why.BROKEN)
                at = entry.end()
                if entry[3] == b"n" and int(entry[1]):
                    out.points_at.append((int(entry[1]), first + index))
        at = self.skip(at)
        if not data.startswith(b"trailer", at):
            raise NotTaken(Why.BROKEN)
        trailer, at = self.value(at + 7)
        if not isinstance(trailer, dict):
            raise NotTaken(Why.BROKEN)
        out.trailers.append(trailer)
        return at
