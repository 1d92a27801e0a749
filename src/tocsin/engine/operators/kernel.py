"""How kernels are compiled: one decorator, so that caching and float rules are the same everywhere.

``fastmath`` stays off: reordered sums would break exact windows and the equality of live and replay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["kernel"]

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile with Numba, keep the machine code on disk, release the GIL."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))
