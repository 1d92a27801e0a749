"""Free space: observations are refused before the disk is full, so that what was taken can still be judged and recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from tocsin.terms.errors import Unavailable

__all__ = ["LOW", "FreeSpace"]

LOW = 4  # below so many times the floor health warns
LOOK_S = 0.25
MIB = 1 << 20


class FreeSpace:
    """The file system of ``root`` against a floor in bytes (0 = none). ``free`` asks the system at most four times a
    second."""

    def __init__(
        self,
        root: Path,
        floor: int,
        *,
        ask: Callable[[Path], int] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.floor = floor
        self._root, self._ask, self._monotonic = root, ask or _available, monotonic
        self._looked_at, self._free = -1e9, 0

    @property
    def free(self) -> int:
        """Bytes that this account may still write."""
        now = self._monotonic()
        if now - self._looked_at >= LOOK_S:
            self._free, self._looked_at = self._ask(self._root), now
        return self._free

    @property
    def state(self) -> str:
        """``ok``, ``low`` (health warns), ``full`` (observations are refused)."""
        free = self.free
        return "full" if free < self.floor else "low" if free < LOW * self.floor else "ok"

    def require(self) -> None:
        """Raises Unavailable below the floor."""
        if self.free < self.floor:
            rule = f"only {self.free // MIB} MiB are free, and below {self.floor // MIB} MiB nothing more is taken"
            raise Unavailable("disk", rule, "nothing that was acknowledged is lost; free space, then send again")


def _available(root: Path) -> int:
    status = os.statvfs(root)
    return status.f_bavail * status.f_frsize
