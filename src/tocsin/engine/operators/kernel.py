"""How kernels are compiled: one decorator, so that caching and float rules are the same everywhere.

``fastmath`` stays off: reordered sums would break exact windows and the equality of live and replay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["kernel"]


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with Numba, keep the machine code on disk, release the GIL."""
    compiled: Callable[..., Any] = njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled
