"""Section: one table of a TOML file, read key by key; what does not fit is a fault with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from tocsin.engine.language.faults import nearest
from tocsin.engine.language.quantity import split_quantity, to_microseconds
from tocsin.packkit.document import LANGUAGES, Document
from tocsin.packkit.fault import Faults
from tocsin.packkit.lines import KeyPath
from tocsin.terms.limits import DURATION_DAYS

__all__ = ["Section", "sections", "tables_of"]

_T = TypeVar("_T")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # as CAP writes it (RFC 3066)
_KINDS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "a table",
}


class Section:
    """A table at ``path`` of a document. Reading a key that is absent gives its default; ``need`` makes absence a fault."""

    def __init__(self, document: Document, path: KeyPath, data: Mapping[str, Any], faults: Faults) -> None:
        self.document, self.path, self.data, self.faults = document, path, data, faults

    def known(self, keys: Iterable[str]) -> None:
        """Every key that is not one of ``keys`` is a fault, with the nearest known one."""
        keys = tuple(keys)
        for key in self.data:
            if key not in keys:
                self.fault(f"unknown key {key!r}", nearest(str(key), keys), key)

    def text(self, key: str, default: str = "", need: bool = False) -> str:
        """A text."""
        value = self._take(key, str, default, need)
        if need and key in self.data and not value.strip():
            self.fault(f"{key} is empty", f"write {key}", key)
        return value

    def boolean(self, key: str, need: bool = False) -> bool:
        """true or false."""
        return self._take(key, bool, False, need)

    def whole(self, key: str, default: int = 0, need: bool = False, least: int = 0) -> int:
        """A whole number of at least ``least``."""
        value = self._take(key, int, default, need)
        if key in self.data and value < least:
            self.fault(f"{key} must be at least {least}", "correct the number", key)
        return value

    def number(self, key: str, default: float = math.nan, need: bool = False) -> float:
        """A finite number."""
        value = self.data.get(key)
        if value is None:
            self._absent(key, need)
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.fault(f"{key} must be a finite number, got {value!r}", f"write {key} = 50", key)
            return default
        return float(value)

    def table(self, key: str) -> Mapping[str, Any]:
        """A table, empty if absent."""
        return self._take(key, dict, {}, False)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        values = self._take(key, list, [], False)
        if not all(isinstance(value, str) for value in values):
            self.fault(f"{key} must hold texts only", 'write ["…", "…"]', key)
            return ()
        return tuple(values)

    def words(self, key: str, need: bool = True, further: bool = False) -> Mapping[str, str]:
        """One text for each language; a missing or empty one is a fault. ``further``: other languages too, by their codes."""
        words = self._take(key, dict, {}, need)
        if not words and not need:
            return {}
        for language in LANGUAGES if key in self.data else ():
            if not isinstance(words.get(language), str) or not words[language].strip():
                self.fault(f"{key} has no text in {language}", f'write {key} = {{ en = "…", zh-hans = "…" }}', key)
        for language in words:
            if language not in LANGUAGES and not (further and _LANGUAGE.fullmatch(language)):
                self.fault(
                    f"{key} has a text in an unknown language {language!r}", nearest(language, LANGUAGES), key, language
                )
        return {str(language): word for language, word in words.items() if isinstance(word, str)}

    def day(self, key: str, need: bool = False) -> date | None:
        """A date such as 2026-01-01."""
        value = self.data.get(key)
        if value is None:
            self._absent(key, need)
            return None
        if isinstance(value, datetime) or not isinstance(value, date):
            self.fault(f"{key} must be a date", f"write {key} = 2026-01-01 without quotes", key)
            return None
        return value

    def duration_us(self, key: str, need: bool = False, *, days: int = DURATION_DAYS) -> int:
        """A duration such as ``"3h"`` in microseconds, at most ``days``; 0 if absent."""
        text = self.text(key, need=need)
        if not text:
            return 0
        try:
            return to_microseconds(*split_quantity(text), days=days)
        except ValueError as error:
            self.fault(f"{key}: {error}", f'write {key} = "3h"', key)
            return 0

    def fault(self, what: str, remedy: str, *key: str | int) -> None:
        """A fault at a key of this section."""
        line, column = self.document.place(*self.path, *key)
        self.faults.add(self.document.name, line, what, remedy, column=column)

    def _take(self, key: str, kind: type[_T], default: _T, need: bool) -> _T:
        value = self.data.get(key)
        if value is None:
            self._absent(key, need)
            return default
        if type(value) is not kind:
            self.fault(f"{key} must be {_KINDS[kind]}, got {value!r}"[:200], f"correct {key}", key)
            return default
        return value

    def _absent(self, key: str, need: bool) -> None:
        if need:
            self.fault(f"{key} is missing", f"write {key}")


def sections(document: Document, key: str, faults: Faults) -> Iterator[Section]:
    """The elements of an array of tables ``[[key]]``."""
    elements = document.data.get(key, [])
    if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
        faults.add(
            document.name, document.line(key), f"{key} must be written as [[{key}]]", f"begin each with [[{key}]]"
        )
        return
    for index, element in enumerate(elements):
        yield Section(document, (key, index), element, faults)


def tables_of(document: Document, key: str, faults: Faults) -> Iterator[tuple[str, Section]]:
    """The tables ``[key.name]`` by name."""
    tables = document.data.get(key, {})
    if not isinstance(tables, dict):
        faults.add(document.name, document.line(key), f"{key} must hold tables", f"write [{key}.name]")
        return
    for name, table in tables.items():
        if isinstance(table, dict):
            yield str(name), Section(document, (key, str(name)), table, faults)
        else:
            faults.add(
                document.name, document.line(key, str(name)), f"{key}.{name} must be a table", f"write [{key}.{name}]"
            )
