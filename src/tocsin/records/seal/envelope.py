"""Envelope encryption: what is sealed lies under a data key of its case or event, that key under a key of the deployment.

AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for each value. A value is bound to its subject and its field by
the associated data, so that it cannot be moved to another; a data key is bound to its subject.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.records.derived_key import derived_key
from tocsin.terms.errors import Damaged, Unavailable

__all__ = ["DataKey", "KeyRing", "era_of"]

_NONCE = 12


class DataKey:
    """The key of one subject, opened. It is held no longer than one request."""

    def __init__(self, subject: str, key: bytes) -> None:
        self.subject, self._key, self._box = subject, key, AESGCM(key)

    def close(self, text: str, field: str) -> str:
        """The text, unreadable without the key."""
        return base64.b64encode(self.close_bytes(text.encode(), field)).decode()

    def open(self, closed: str, field: str) -> str:
        """The text again. Raises Damaged where it is not what was sealed as this field of this subject."""
        return self.open_bytes(base64.b64decode(closed), field).decode()

    def close_bytes(self, content: bytes, field: str) -> bytes:
        """The same of bytes; nonce first."""
        nonce = os.urandom(_NONCE)
        return nonce + self._box.encrypt(nonce, content, self._bound(field))

    def open_bytes(self, closed: bytes, field: str) -> bytes:
        """The bytes again. Raises Damaged."""
        try:
            return self._box.decrypt(closed[:_NONCE], closed[_NONCE:], self._bound(field))
        except InvalidTag:
            raise Damaged(
                f"sealed content of {self.subject}", "it is not what was sealed", "restore a backup"
            ) from None

    def made_from(self, text: str, use: str) -> str:
        """A secret for another use, of a text that is none: 128 bits in hexadecimal."""
        return derived_key(self._key, b"seal", self._bound(f"{use}\0{text}")).hex()[:32]

    def _bound(self, field: str) -> bytes:
        return f"{self.subject}\0{field}".encode()


class KeyRing:
    """The deployment's keys, the newest first: lines of ``seal_keys``. The newest wraps; each opens what it wrapped."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        if not lines:
            raise ValueError("a key ring has at least one key")
        self._boxes = {era_of(line): AESGCM(derived_key(line, b"seal", b"wrap")) for line in lines}

    @property
    def newest(self) -> str:
        """The id of the key that wraps."""
        return next(iter(self._boxes))

    @property
    def eras(self) -> tuple[str, ...]:
        """The ids of all, the newest first. An id tells nothing of its key."""
        return tuple(self._boxes)

    def wrap(self, subject: str, key: bytes) -> bytes:
        """A data key under the newest key."""
        nonce = os.urandom(_NONCE)
        return nonce + self._boxes[self.newest].encrypt(nonce, key, subject.encode())

    def unwrap(self, subject: str, era: str, wrapped: bytes) -> bytes:
        """The data key again. Raises Unavailable where this machine has not the key that wrapped it, Damaged."""
        box = self._boxes.get(era)
        if box is None:
            raise Unavailable(
                "sealed content", f"this machine has not the seal key {era}", "put its line back into seal_keys"
            )
        try:
            return box.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], subject.encode())
        except InvalidTag:
            raise Damaged(f"data key of {subject}", "it is not what was wrapped", "restore a backup") from None


def era_of(line: bytes) -> str:
    """How a key is called where it is not held."""
    return hashlib.sha256(derived_key(line, b"seal", b"name")).hexdigest()[:16]
