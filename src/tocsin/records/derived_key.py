"""Keys derived from the lines of a key file, one for each use (HKDF in its simplest form: HMAC-SHA256 over a name)."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["derived_key"]


def derived_key(line: bytes, realm: bytes, purpose: bytes) -> bytes:
    """256 bits for one purpose of one part; whoever knows one learns nothing of another."""
    return hmac.new(line, b"tocsin " + realm + b"\0" + purpose, hashlib.sha256).digest()
