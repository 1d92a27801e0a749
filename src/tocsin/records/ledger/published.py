"""Roots outside the database: the file that a deployment gives away, and reading what a reader has kept of it.

Each root covers the one before it, so the newest root that somebody keeps elsewhere covers everything before it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path

from tocsin.records.ledger.queries import RootLine
from tocsin.records.ledger.services import Root
from tocsin.terms.errors import BadForm

__all__ = ["ROOT_FILE", "publish_root", "read_roots"]

ROOT_FILE = "ledger-root.json"
_REMEDY = "give what `tocsin ledger root --json` or /ledger/root printed, one document or several, each on its line"


def publish_root(folder: Path, root: RootLine) -> Path:
    """Write the newest root as a file; readers see the old one or the new one, never half. An older root never replaces
    a newer one."""
    path = folder / ROOT_FILE
    if path.exists() and _number_in(path) >= root.number:
        return path
    aside = folder / f".{ROOT_FILE}.{secrets.token_hex(4)}"
    aside.write_text(json.dumps(root.document()) + "\n", encoding="ascii")
    os.replace(aside, path)  # noqa: PTH105 - the name exists at every moment
    return path


def read_roots(text: str, name: str = "roots") -> list[Root]:
    """The roots of a file: one JSON document, a list of them, or one a line. Raises BadForm."""
    try:
        whole = json.loads(text)
        documents = whole if isinstance(whole, list) else [whole]
    except json.JSONDecodeError:
        documents = [_document(line, name) for line in text.splitlines() if line.strip()]
    if not documents:
        raise BadForm(name, "holds no root", _REMEDY)
    return [_root(document, name) for document in documents]


def _document(line: str, name: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        raise BadForm(name, "a line of it is no JSON", _REMEDY) from None


def _root(document: object, name: str) -> Root:
    number, hashed = (document.get("number"), document.get("hash")) if isinstance(document, dict) else (None, None)
    sound = isinstance(number, int) and number > 0 and isinstance(hashed, str) and re.fullmatch(r"[0-9a-f]{64}", hashed)
    if not sound:
        raise BadForm(name, "a root has a `number` and a `hash` of 64 hex digits", _REMEDY)
    return Root(int(str(number)), str(hashed))


def _number_in(path: Path) -> int:
    try:
        return read_roots(path.read_text(encoding="utf-8"))[0].number
    except (BadForm, OSError, UnicodeDecodeError):
        return 0  # damaged by somebody else: written anew
