"""Merkle tree hash of RFC 6962, section 2.1, over SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

__all__ = ["merkle_root"]


def merkle_root(leaves: Sequence[bytes]) -> str:
    """The root as 64 hex digits. Leaves and nodes are marked apart (0x00, 0x01), so that neither passes for the other.

    Computed level by level, carrying an odd last node upwards, which gives the RFC's tree without recursion.
    """
    if not leaves:
        return hashlib.sha256(b"").hexdigest()
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return level[0].hex()
