"""No person fields: packs are about hazards, places, facilities, goods, services and cases (design: scope, where it stops)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocsin.packkit.document import Document
from tocsin.packkit.fault import Faults
from tocsin.packkit.lines import KeyPath
from tocsin.terms.boundary import observed_refused, text_refused

__all__ = ["check_persons"]

_NAMING_KEYS = ("hazard", "per", "distinct", "parent", "child", "facility_kinds", "facility_labels", "stages", "name")
_TEXT_KEYS = ("title", "why", "note", "source", "remedy")


def check_persons(documents: list[Document], faults: Faults) -> None:
    """Names of properties, labels, hazards, facilities and stages, and all texts, against ``terms.boundary``."""
    for document in documents:
        for path, text, is_name in _words(document.data, (), False):
            crossed = observed_refused(text) if is_name else None
            if crossed:
                faults.add(document.name, document.line(*path),
                           f"{text!r} names a person or what people think ({crossed.matched})",
                           f"leave it out: {crossed.reason}")  # fmt: skip
            elif crossed := text_refused(text):
                faults.add(document.name, document.line(*path), f"the text speaks of {crossed.matched!r}",
                           f"leave it out: {crossed.reason}")  # fmt: skip


def _words(value: object, path: KeyPath, naming: bool) -> Iterator[tuple[KeyPath, str, bool]]:
    """Every key and text with its path, and whether it is a name of something observed rather than prose."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _TEXT_KEYS:
                yield (*path, key), str(key), True
            yield from _words(inner, (*path, key), _names(path, str(key), naming))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _words(inner, (*path, index), naming)
    elif isinstance(value, str):
        yield path, value, naming


def _names(path: KeyPath, key: str, naming: bool) -> bool:
    if key in _TEXT_KEYS:
        return False
    return naming or key in _NAMING_KEYS or key == "streams" or (bool(path) and path[-1] == "streams")
