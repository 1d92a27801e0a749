"""Columns that are used again and again: on a fresh page the kernel's work of handing it out costs more than ours on it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Scratch"]

Array = np.ndarray


class Scratch:
    """Named columns, each as long as the longest that was ever asked for by its name. What a name held before is gone
    with the next ``take`` of that name, so nothing taken here may outlive the batch."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[str, Array] = {}

    def take(self, name: str, rows: int, dtype: Any = np.float64) -> Array:
        """``rows`` cells of any content."""
        held = self._held.get(name)
        if held is None or len(held) < rows:
            held = self._held[name] = np.empty(1 << max(10, (rows - 1).bit_length()), dtype)
        return held[:rows]

    def table(self, name: str, columns: int, rows: int, dtype: Any = np.float64) -> Array:
        """``columns`` rows of ``rows`` cells each, of any content."""
        return self.take(name, columns * rows, dtype).reshape(columns, rows)
