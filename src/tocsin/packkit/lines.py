"""On which line of a TOML text each key stands. ``tomllib`` forgets, and a fault without its line is half a fault."""

from __future__ import annotations

import re

__all__ = ["KeyPath", "first_text_lines", "line_of", "lines_of"]

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


def lines_of(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of every key and every array element of a *valid* TOML text, by path: ``("rule", 0, "level", "red")``."""
    return _Scanner(text).scan()


def first_text_lines(text: str) -> dict[KeyPath, int]:
    """The line on which the first character of each text value stands: below its key where a long text begins anew."""
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.texts


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
        self.texts: dict[KeyPath, int] = {}
        self.tables: dict[KeyPath, int] = {}  # arrays of tables and the index of their newest element
        self._line, self._counted = 1, 0

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return self.lines
            if self.text.startswith("[[", self.at):
                line = self._now()
                self.at += 2
                path = self._resolve(self._key())
                self.at += 2
                self.tables[path] = self.tables.get(path, -1) + 1
                self.lines.setdefault(path, line)
                table = (*path, self.tables[path])
                self.lines[table] = line
            elif self.text[self.at] == "[":
                line = self._now()
                self.at += 1
                table = self._resolve(self._key())
                self.at += 1
                self.lines.setdefault(table, line)
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
        line = self._now()
        keys = self._key()
        for end in range(1, len(keys) + 1):
            self.lines.setdefault((*table, *keys[:end]), line)
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
            long = self.text.startswith((3 * opening + "\n", 3 * opening + "\r\n"), self.at)
            self.texts[path] = self._now() + long
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
                self.lines[(*path, index)] = self._now()
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

    def _now(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line
