"""A duty list as TOML. Read whole, or refused with every fault. The form is in docs/risks.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin.formats.toml import read_toml
from tocsin.records.duties.services import LINES_AT_MOST, NewLine
from tocsin.terms.errors import BadForm

__all__ = ["read_duties"]

_TEXTS = ("facility", "matter", "jurisdiction", "department", "post", "why")
_DOCUMENT_BYTES = 1 << 20


def read_duties(content: bytes, name: str) -> list[NewLine]:
    """The lines of a document, in its order. Raises BadForm with every fault of form; what they name is checked by
    ``services.put_duties``."""
    tables, _places = read_toml(content, name, most_bytes=_DOCUMENT_BYTES, most_parts=LINES_AT_MOST * 10)
    faults = [f"{key}: no such table" for key in tables if key != "duties"]
    entries = tables.get("duties", [])
    lines = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [None], 1):
        found = _faults_of(entry, f"duties {number}")
        faults += found
        if not found:
            lines.append(_line(entry))
    if faults:
        raise BadForm(name, "; ".join(faults[:50]), "see docs/risks.md for the form")
    return lines


def _faults_of(entry: Any, where: str) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{where}: write [[duties]]"]
    faults = [f"{where}: {key}: no such key" for key in entry if key not in (*_TEXTS, "keeps", "from")]
    faults += [f"{where}: {key}: must be a text" for key in _TEXTS if not isinstance(entry.get(key, ""), str)]
    if not isinstance(entry.get("keeps", False), bool):
        faults.append(f"{where}: keeps: must be true or false")
    begins = entry.get("from")
    if begins is not None and (not isinstance(begins, datetime) or begins.tzinfo is None):
        faults.append(f"{where}: from: must be a moment with zone, like 2026-11-26T08:00:00+08:00")
    return faults


def _line(entry: Mapping[str, Any]) -> NewLine:
    texts = {key: str(entry.get(key, "")) for key in _TEXTS}
    return NewLine(**texts, keeps=bool(entry.get("keeps", False)), from_at=entry.get("from"))
