"""On what the declarations of a pack stand that are no rules, tables or clocks: hazards, cascades, warnings, kinds of case and
their seals, the plan of inspections. Each says its source, and whether somebody has read that; here it is found again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.packkit.document import Folder
from tocsin.packkit.pack import Provenance

__all__ = ["read_origins"]

_FILES = ("hazards.toml", "cascades.toml", "warnings.toml", "lifecycle.toml", "risks.toml")


def read_origins(folder: Folder, valid: Provenance) -> Mapping[str, Provenance]:
    """By the path of the table, its file first: ``lifecycle/case/petition/seal``. Valid as long as the pack, as ``valid``
    says. Whether they are written is judged by the reader of each."""
    out = {}
    for name in _FILES:
        for path, table in _tables(folder.document(name).data, name.removesuffix(".toml")):
            read = table.get("verified") is True
            out[path] = Provenance(str(table.get("source", "")), read, valid.valid_from, valid.valid_to,
                                   str(table.get("note", "")))  # fmt: skip
    return out


def _tables(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "verified" in table:
        yield path, table
    for key, value in table.items():
        inner = value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []
        for number, one in enumerate(inner):
            if isinstance(one, Mapping):
                yield from _tables(one, f"{path}/{key}/{number}" if isinstance(value, list) else f"{path}/{key}")
