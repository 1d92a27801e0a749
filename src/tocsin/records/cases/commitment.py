"""What the ledger keeps of words: a salted commitment, unreadable once the salt is destroyed (scope.md, "Nothing survives a
purge")."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from tocsin.records.ledger.canonical import canonical

__all__ = ["commitment", "new_salt", "of_answers"]


def new_salt() -> str:
    """Random, kept beside the words."""
    return secrets.token_hex(16)


def commitment(text: str, salt: str) -> str:
    """SHA-256 over salt and words; "" of nothing."""
    return hashlib.sha256(f"{salt}\x1f{text}".encode()).hexdigest() if text else ""


def of_answers(answers: Mapping[str, Any], salt: str) -> str:
    """The same of what a form was answered."""
    return commitment(canonical(answers), salt) if answers else ""
