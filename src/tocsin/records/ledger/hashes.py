"""What an entry's hash and a root's hash cover. Pure, so that whoever holds a proof can check it without the database."""

from __future__ import annotations

from datetime import datetime

from tocsin.records.ledger.canonical import digest
from tocsin.terms.moment import to_us

__all__ = ["FIRST", "entry_hash", "root_hash"]

FIRST = "0" * 64  # what the first entry and the first root name as the one before them


def entry_hash(subject: str, number: int, at: datetime, actor: str, verb: str, body: str, previous: str) -> str:
    """SHA-256 over the canonical form of everything an entry says."""
    return digest({"subject": subject, "number": number, "at_us": to_us(at), "actor": actor, "verb": verb,
                   "body": body, "previous": previous})  # fmt: skip


def root_hash(number: int, at: datetime, entries: int, merkle: str, previous: str) -> str:
    """SHA-256 over the canonical form of everything a root says."""
    return digest({"number": number, "at_us": to_us(at), "entries": entries, "merkle": merkle, "previous": previous})
