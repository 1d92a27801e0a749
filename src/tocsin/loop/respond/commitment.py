"""Words of people stay in their tables; the ledger holds only a salted commitment to them, which a purge can make unreadable
by destroying the salt (scope.md, "Nothing survives a purge")."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

__all__ = ["commitment", "new_salt"]


def new_salt() -> str:
    """Random, kept beside the words."""
    return secrets.token_hex(16)


def commitment(text: str, salt: str) -> dict[str, Any]:
    """What the ledger keeps of words.

    >>> commitment("flooded", "s")["characters"]
    7
    """
    return {"sha256": hashlib.sha256(f"{salt}\x1f{text}".encode()).hexdigest(), "characters": len(text)}
