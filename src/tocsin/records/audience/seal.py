"""The seal of contacts: an address is encrypted at rest (Fernet: AES-128-CBC with HMAC-SHA256), found again by a keyed
digest, and its links carry proofs that need no table. Keys are lines of ``contact_keys`` in TOCSIN_HOME, the newest first; a
line that is taken away makes what only it could open unreadable for good."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tocsin.records.derived_key import derived_key
from tocsin.terms.errors import Damaged

__all__ = ["Seal"]


class Seal:
    """``keys``: secrets of any length, the newest first, at least one."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("a seal has at least one key")
        self._keys = tuple(keys)
        self._box = MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, b"contact"))) for key in keys])

    def close(self, contact: str) -> str:
        """The contact, unreadable without the key."""
        return self._box.encrypt(contact.encode()).decode()

    def open(self, sealed: str) -> str:
        """The contact again. Raises Damaged where no key opens it."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Damaged("sealed contact", "no key opens it", "put the key back into contact_keys") from None

    def renew(self, sealed: str) -> str:
        """The same, sealed by the newest key."""
        return self._box.rotate(sealed.encode()).decode()

    def marks(self, channel: str, contact: str) -> list[str]:
        """Digests under which this contact may be found, the newest key's first."""
        return [_mac(key, b"mark", f"{channel}\0{contact}") for key in self._keys]

    def proof(self, purpose: str, *parts: str) -> str:
        """Proof that we made a link; it fits a link."""
        return _mac(self._keys[0], purpose.encode(), "\0".join(parts))[:40]

    def proves(self, proof: str, purpose: str, *parts: str) -> bool:
        """Whether one of our keys made this proof."""
        made = [_mac(key, purpose.encode(), "\0".join(parts))[:40] for key in self._keys]
        return any(hmac.compare_digest(proof.encode(), one.encode()) for one in made)


def _derived(key: bytes, purpose: bytes) -> bytes:
    return derived_key(key, b"audience", purpose)


def _mac(key: bytes, purpose: bytes, text: str) -> str:
    return hmac.new(_derived(key, purpose), text.encode(), hashlib.sha256).hexdigest()
