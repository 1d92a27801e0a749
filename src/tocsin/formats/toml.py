"""TOML that may come from anybody: limits are looked for in one pass over the characters before a parser builds anything.

The standard library's parser is right but not hardened: a key of 20,000 dotted parts keeps it busy for half a minute, a number
of 5,000 digits escapes it as another error, deep nesting as a third.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from tocsin.terms.errors import BadForm
from tocsin.terms.limits import TOML_BYTES, TOML_KEY_PARTS, TOML_NESTING, TOML_PARTS

__all__ = ["BadToml", "read_toml"]

_MOST_DIGITS = 300
# Every alternative matches whatever follows its first character, so that no text is looked at twice.
_HIDDEN = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)|'
    r"'''.*?(?:'{3,5}|\Z)|"
    r'"(?:\\.|[^"\\\n])*+["\n]?|'
    r"'[^'\n]*+['\n]?|#[^\n]*+",
    re.DOTALL,
)
_DOTTED = re.compile(rf"(?<![\w.-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{TOML_KEY_PARTS}}}")
_DIGITS = re.compile(rf"[0-9A-Fa-f_]{{{_MOST_DIGITS}}}")
_PARTS = re.compile(r"[=,\[{]")
_BRACKETS = re.compile(r"[\[\]{}]")
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # text that is shown in another order than it is read
_AT = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")
_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1


class BadToml(BadForm):
    """``line`` and ``column`` count from 1; 0 = about the whole text."""

    def __init__(self, thing: str, rule: str, remedy: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{thing} line {line} column {column}" if line else thing, rule, remedy)
        self.line, self.column = line, column


def read_toml(
    data: bytes, thing: str, *, most_bytes: int = TOML_BYTES, most_parts: int = TOML_PARTS
) -> tuple[dict[str, Any], str]:
    """The document of UTF-8 bytes and its text, with line ends as in TOML. Raises BadToml, naming ``thing`` and the place."""
    if len(data) > most_bytes:
        raise BadToml(thing, f"it is larger than {most_bytes} bytes", "split it")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadToml(thing, "it is not UTF-8 text", "save it as UTF-8", line, 1) from None
    _refuse_huge(text, thing, most_parts)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(text, thing, str(error)) from None
    except RecursionError:
        raise BadToml(thing, "values are nested too deeply", "write it flatter") from None
    _refuse_wide(document, thing)
    return document, text


def _refuse_huge(text: str, thing: str, most_parts: int) -> None:
    found = _REORDERING.search(text)
    if found:
        raise _at(text, thing, found.start(), f"the invisible character U+{ord(found[0]):04X} makes text look other than it is",
                  "take it away")  # fmt: skip
    shown = _HIDDEN.sub(lambda match: " " * len(match[0]), text)
    found = _DOTTED.search(shown)
    if found:
        raise _at(text, thing, found.start(), f"a key has more than {TOML_KEY_PARTS} dotted parts", "write it flatter")
    found = _DIGITS.search(shown)
    if found:
        raise _at(text, thing, found.start(), f"a number has more than {_MOST_DIGITS} digits", "write it shorter")
    depth = 0
    for match in _BRACKETS.finditer(shown):
        depth += 1 if match[0] in "[{" else -1
        if depth > TOML_NESTING:
            raise _at(
                text, thing, match.start(), f"values are nested more than {TOML_NESTING} deep", "write it flatter"
            )
        depth = max(depth, 0)
    for number, match in enumerate(_PARTS.finditer(shown), start=1):
        if number > most_parts:
            raise _at(
                text, thing, match.start(), f"it has more than {most_parts} keys, tables and elements", "split it"
            )


def _refuse_wide(document: dict[str, Any], thing: str) -> None:
    """TOML's whole numbers have 64 bits; wider ones would fail later, each reader in its own way."""
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
            raise BadToml(thing, "a whole number has more than 64 bits", "write a smaller number")


def _syntax(text: str, thing: str, said: str) -> BadToml:
    match = _AT.search(said)
    what = (said[: match.start()] if match else said).strip()
    if match is None:
        return BadToml(thing, f"not TOML: {what[:200]}", "correct it")
    line, column = (int(match[1]), int(match[2])) if match[1] else (text.count("\n") + 1, len(text) - text.rfind("\n"))
    return BadToml(thing, f"not TOML: {what[:200]}", "correct the line", line, column)


def _at(text: str, thing: str, position: int, rule: str, remedy: str) -> BadToml:
    line = text.count("\n", 0, position) + 1
    return BadToml(thing, rule, remedy, line, position - text.rfind("\n", 0, position))
