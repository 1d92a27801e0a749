"""One way to write a body as bytes, so that its hash is the same everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["canonical", "digest"]


def canonical(body: Mapping[str, Any]) -> str:
    """JSON with sorted keys, no spaces, text as itself (not escaped), floats in Python's shortest form.

    Raises ValueError for NaN and infinities, which JSON has not, and TypeError for what is no JSON value.
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form, as 64 hex digits."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()
