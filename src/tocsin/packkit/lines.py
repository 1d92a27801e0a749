"""Where in a TOML text each key stands. ``tomllib`` forgets, and a fault without its place is half a fault."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["KeyPath", "Places", "line_of", "lines_of", "places_of"]

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


@dataclass(frozen=True, slots=True)
class Places:
    """``lines``: line (from 1) of every key and every array element of a *valid* TOML text, by path
    (``("rule", 0, "level", "red")``); ``columns``: where in that line; ``texts``: for each text value the offset of its first
    quote. ``source`` is the text itself."""

    source: str = ""
    lines: dict[KeyPath, int] = field(default_factory=dict)
    columns: dict[KeyPath, int] = field(default_factory=dict)
    texts: dict[KeyPath, int] = field(default_factory=dict)

    def of_key(self, path: KeyPath) -> tuple[int, int]:
        """Line and column of a key, or of the nearest part of its path that is written; (0, 0) if none is."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]], self.columns.get(path[:end], 1)
        return 0, 0

    def of_text(self, path: KeyPath, position: int) -> tuple[int, int]:
        """Line and column at which a character of a text value is written, by its position in the value; that of its key where
        the value is no text."""
        if path not in self.texts:
            return self.of_key(path)
        at = _written_at(self.source, self.texts[path], position)
        return self.source.count("\n", 0, at) + 1, at - self.source.rfind("\n", 0, at)

    def span_of_text(self, path: KeyPath) -> tuple[int, int] | None:
        """Where a text value is written, its quotes included; None where the value is no text."""
        if path not in self.texts:
            return None
        begin = self.texts[path]
        for pattern in _STRINGS:
            match = pattern.match(self.source, begin)
            if match:
                return begin, match.end()
        return None


def places_of(text: str) -> Places:
    """The places of a *valid* TOML text."""
    scanner = _Scanner(text)
    scanner.scan()
    return Places(text, scanner.lines, scanner.columns, scanner.texts)


def lines_of(text: str) -> dict[KeyPath, int]:
    """The lines alone."""
    return places_of(text).lines


_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[ \t]*\n[ \t\n]*|.)", re.DOTALL)


def _written_at(source: str, opening: int, position: int) -> int:
    """Offset of the character of a string that begins with a quote at ``opening``, by its position in the string's value."""
    quote = source[opening]
    long = source.startswith(3 * quote, opening)
    at = opening + (3 if long else 1)
    at += long and source.startswith("\n", at)
    if quote == "'":
        return at + position
    while True:
        match = _ESCAPE.match(source, at)
        if match and "\n" in match[0]:  # a line end that is escaped stands for nothing
            at = match.end()
            continue
        if position == 0:
            return at
        at = match.end() if match else at + 1
        position -= 1


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of a path, or of the nearest part of it that is written; 0 if none is."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 0


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[KeyPath, int] = {}
        self.columns: dict[KeyPath, int] = {}
        self.texts: dict[KeyPath, int] = {}
        self.tables: dict[KeyPath, int] = {}  # arrays of tables and the index of their newest element
        self._line, self._counted, self._line_began = 1, 0, 0

    def scan(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return
            if self.text.startswith("[[", self.at):
                line, column = self._now()
                self.at += 2
                path = self._resolve(self._key())
                self.at += 2
                self.tables[path] = self.tables.get(path, -1) + 1
                self._note(path, line, column)
                table = (*path, self.tables[path])
                self._note(table, line, column)
            elif self.text[self.at] == "[":
                line, column = self._now()
                self.at += 1
                table = self._resolve(self._key())
                self.at += 1
                self._note(table, line, column)
            else:
                self._pair(table)

    def _resolve(self, keys: KeyPath) -> KeyPath:
        path: KeyPath = ()
        for position, key in enumerate(keys):
            path = (*path, key)
            if path in self.tables and position < len(keys) - 1:
                path = (*path, self.tables[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        line, column = self._now()
        keys = self._key()
        for end in range(1, len(keys) + 1):
            self._note((*table, *keys[:end]), line, column)
        self.at = self.text.index("=", self.at) + 1
        self._value((*table, *keys))

    def _key(self) -> KeyPath:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            if self.text[self.at] in "\"'":
                keys.append(self._string()[1:-1])
            else:
                match = _BARE.match(self.text, self.at)
                keys.append(match[0] if match else "")
                self.at += len(keys[-1])
            self._skip(_SPACE)
            if self.at >= len(self.text) or self.text[self.at] != ".":
                return tuple(keys)
            self.at += 1

    def _value(self, path: KeyPath) -> None:
        self._skip(_SPACE)
        opening = self.text[self.at]
        if opening in "\"'":
            self.texts[path] = self.at
            self._string()
        elif opening == "[":
            self.at += 1
            self._many("]", path)
        elif opening == "{":
            self.at += 1
            self._many("}", path)
        else:
            self._skip(_SCALAR)

    def _many(self, closing: str, path: KeyPath) -> None:
        index = 0
        while True:
            self._skip(_BLANK)
            if self.text[self.at] == closing:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            elif closing == "]":
                self._note((*path, index), *self._now())
                self._value((*path, index))
                index += 1
            else:
                self._pair(path)

    def _string(self) -> str:
        for pattern in _STRINGS:
            match = pattern.match(self.text, self.at)
            if match:
                self.at = match.end()
                return match[0]
        raise ValueError("not a TOML string")

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _note(self, path: KeyPath, line: int, column: int) -> None:
        if path not in self.lines:
            self.lines[path], self.columns[path] = line, column

    def _now(self) -> tuple[int, int]:
        """Line and column of the present place; the text is walked once, however often this is asked."""
        self._line += self.text.count("\n", self._counted, self.at)
        newest = self.text.rfind("\n", self._counted, self.at)
        if newest >= 0:
            self._line_began = newest + 1
        self._counted = self.at
        return self._line, self.at - self._line_began + 1
