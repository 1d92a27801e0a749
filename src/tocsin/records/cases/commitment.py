"""What the ledger keeps of words: a salted commitment, unreadable once the salt is destroyed (scope.md, "Nothing survives a
purge")."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from tocsin.records.ledger.canonical import canonical
from tocsin.records.seal import services as seal

__all__ = ["Salted", "commitment", "new_salt", "of_answers", "salt_of"]


class Salted(Protocol):
    """A case, as far as its commitments are concerned."""

    seal_key: str
    salt: str


def new_salt() -> str:
    """Random, kept beside the words."""
    return secrets.token_hex(16)


def salt_of(case: Salted) -> str:
    """The salt of a case's commitments. Of a sealed case it is made from what is kept and the data key: what a database leaves
    of a row that it has written over (PostgreSQL does, until the page is used again) gives no salt without that key."""
    return seal.open_key(case.seal_key).made_from(case.salt, "salt") if case.seal_key else case.salt


def commitment(text: str, salt: str) -> str:
    """SHA-256 over salt and words; "" of nothing."""
    return hashlib.sha256(f"{salt}\x1f{text}".encode()).hexdigest() if text else ""


def of_answers(answers: Mapping[str, Any], salt: str) -> str:
    """The same of what a form was answered."""
    return commitment(canonical(answers), salt) if answers else ""
