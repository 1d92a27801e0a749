"""One JSON file of a pack with the lines of its keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined] # the standard library's own string reader
from typing import Any

from tocsin.packkit.document import Document
from tocsin.packkit.fault import Faults
from tocsin.packkit.lines import KeyPath, Places
from tocsin.terms.limits import TOML_NESTING

__all__ = ["read_json"]

_SPACE = " \t\r\n"


def read_json(text: str, name: str, faults: Faults) -> Document:
    """The document; empty where it cannot be read or nests too deep, which is a fault with its line."""
    if _depth(text) > TOML_NESTING:
        faults.add(name, 0, f"nested more than {TOML_NESTING} deep", "write it flatter")
        return Document(name, {})
    try:
        data = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        faults.add(name, error.lineno, f"not JSON: {error.msg}", "correct it there", column=error.colno)
        return Document(name, {})
    except ValueError as error:
        faults.add(name, 0, str(error), "write each key once")
        return Document(name, {})
    if not isinstance(data, dict):
        faults.add(name, 1, "a form must be an object", 'begin with { "type": "object" }')
        return Document(name, {})
    walker = _Walker(text)
    walker.value(())
    return Document(name, data, Places(text, walker.lines, walker.columns))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a key is written twice in one object")
    return out


def _depth(text: str) -> int:
    """An upper bound; brackets in texts count too."""
    deepest = depth = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


@dataclass
class _Walker:
    """Walks a text that is known to be JSON and notes where each key and element stands."""

    text: str
    at: int = 0
    lines: dict[KeyPath, int] = field(default_factory=dict)
    columns: dict[KeyPath, int] = field(default_factory=dict)

    def value(self, path: KeyPath) -> None:
        self._space()
        opening = self.text[self.at]
        if opening == '"':
            _, self.at = scanstring(self.text, self.at + 1, True)
        elif opening in "{[":
            self._many(path, keyed=opening == "{")
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}" + _SPACE:
                self.at += 1

    def _many(self, path: KeyPath, *, keyed: bool) -> None:
        self.at += 1
        index = 0
        while True:
            self._space()
            if self.text[self.at] in "]}":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            began, key = self.at, index
            if keyed:
                key, self.at = scanstring(self.text, self.at + 1, True)
                self._space()
                self.at += 1  # the colon
            self.lines[(*path, key)] = self.text.count("\n", 0, began) + 1
            self.columns[(*path, key)] = began - self.text.rfind("\n", 0, began)
            self.value((*path, key))
            index += 1

    def _space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1
