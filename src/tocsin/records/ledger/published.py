"""Roots outside the database: the files that a deployment gives away, and reading what a reader has kept of them.

Each root covers the one before it, so the newest root that somebody keeps elsewhere covers everything before it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from tocsin.records.ledger.kept import read_kept
from tocsin.records.ledger.queries import RootLine
from tocsin.records.ledger.services import Root
from tocsin.terms.errors import BadForm

__all__ = ["ROOT_FILE", "SIGNED_FILE", "publish_root", "read_roots"]

ROOT_FILE = "ledger-root.json"
SIGNED_FILE = "ledger-root.p7m"
Sign = Callable[[bytes], bytes | None]


def publish_root(folder: Path, root: RootLine, sign: Sign | None = None) -> Path:
    """Write the newest root as a file, and within the signature that ``sign`` gives of it; readers see the old one or the new
    one, never half. An older root never replaces a newer one."""
    path, signed = folder / ROOT_FILE, folder / SIGNED_FILE
    known = _number_in(path)
    if known < root.number:
        signed.unlink(missing_ok=True)  # rather none than one that speaks of an older root
        _replace(path, json.dumps(root.document()).encode() + b"\n")
    if sign is not None and known <= root.number and not signed.exists():
        envelope = sign(path.read_bytes())
        if envelope is not None:
            _replace(signed, envelope)
    return path


def read_roots(text: str, name: str = "roots") -> list[Root]:
    """The roots of a file as ``queries.verify`` takes them. Raises BadForm."""
    return [Root(kept.number, kept.hash) for kept in read_kept(text, name)]


def _replace(path: Path, document: bytes) -> None:
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    aside.write_bytes(document)
    os.replace(aside, path)  # noqa: PTH105 - the name exists at every moment


def _number_in(path: Path) -> int:
    try:
        return read_roots(path.read_text(encoding="utf-8"))[0].number
    except (BadForm, OSError, UnicodeDecodeError):
        return 0  # damaged by somebody else: written anew
