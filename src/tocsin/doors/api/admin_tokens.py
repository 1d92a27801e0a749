"""Tokens of administrators and readers of the API: digests in one file of TOCSIN_HOME, read again when it changed.

Sources have their own tokens in the observe room; these are for people and programs that register sources or read signals.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

import msgspec

from tocsin.records.org.scope import Scope

__all__ = ["AdminTokens"]

FILE = "api_tokens.json"


class _Token(msgspec.Struct):
    name: str
    role: str
    jurisdiction: str
    digest: str
    issued_at: str


class AdminTokens:
    """Tokens kept under ``home``. ``role`` is ``admin`` (may change the catalogue) or ``reader``; ``jurisdiction`` "" is
    the whole deployment."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._stamp: tuple[int, int] | None = None
        self._tokens: dict[str, _Token] = {}

    def issue(self, name: str, *, role: str, jurisdiction: str, issued_at: str) -> str:
        """A new token: 256 random bits, shown this once. The same name's earlier token ends."""
        token = "tca_" + secrets.token_urlsafe(32)
        kept = [other for other in self._read().values() if other.name != name]
        self._write([*kept, _Token(name, role, jurisdiction, _digest(token), issued_at)])
        return token

    def scope(self, token: str) -> Scope | None:
        """What the holder may see and do; None for a token that nobody issued."""
        known = self._read().get(_digest(token))  # found by digest, so timing tells nothing of the token
        return Scope(known.jurisdiction, known.role) if known else None

    def _read(self) -> dict[str, _Token]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return {}
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            tokens = msgspec.json.decode(self._path.read_bytes(), type=list[_Token])
            self._tokens, self._stamp = {token.digest: token for token in tokens}, stamp
        return self._tokens

    def _write(self, tokens: list[_Token]) -> None:
        aside = self._path.with_suffix(".tmp")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(tokens)))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
