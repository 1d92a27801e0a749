"""Reading back what somebody kept of published roots. Pure."""

from __future__ import annotations

import json
import re

from tocsin.records.ledger.proof import Kept
from tocsin.terms.errors import BadForm

__all__ = ["read_kept"]

_REMEDY = "give what `tocsin ledger root --json` or /ledger/root printed, one document or several, each on its line"


def read_kept(text: str, name: str = "roots") -> list[Kept]:
    """The roots of a file: one JSON document, a list of them, or one a line. Raises BadForm."""
    try:
        whole = json.loads(text)
        documents = whole if isinstance(whole, list) else [whole]
    except (json.JSONDecodeError, RecursionError):
        documents = [_document(line, name) for line in text.splitlines() if line.strip()]
    if not documents:
        raise BadForm(name, "holds no root", _REMEDY)
    return [_kept(document, name) for document in documents]


def _document(line: str, name: str) -> object:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise BadForm(name, "a line of it is no JSON", _REMEDY) from None


def _kept(document: object, name: str) -> Kept:
    given = document if isinstance(document, dict) else {}
    number, hashed, tree = given.get("number"), given.get("hash"), given.get("tree", "")
    if not (isinstance(number, int) and number > 0 and _is_hash(hashed) and (tree == "" or _is_hash(tree))):
        raise BadForm(name, "a root has a `number`, a `hash` and a `tree` of 64 hex digits", _REMEDY)
    return Kept(number, str(hashed), str(tree))


def _is_hash(given: object) -> bool:
    return isinstance(given, str) and re.fullmatch(r"[0-9a-f]{64}", given) is not None
