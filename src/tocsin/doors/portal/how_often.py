"""How often one address may ask within an hour; kept in memory, for the web process alone."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["HowOften"]

_HOUR_S = 3600.0
_ADDRESSES = 10_000


class HowOften:
    """``at_most`` times an hour; of 10,000 addresses the longest silent is forgotten first."""

    def __init__(self, at_most: int, *, steady: Callable[[], float] = time.monotonic) -> None:
        self.at_most, self._steady = at_most, steady
        self._asked: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def too_often(self, address: str) -> bool:
        """Whether this address asked too often; counts this time."""
        now = self._steady()
        with self._lock:
            times = [at for at in self._asked.pop(address, []) if now - at < _HOUR_S]
            refused = len(times) >= self.at_most
            self._asked[address] = times if refused else [*times, now]
            while len(self._asked) > _ADDRESSES:
                self._asked.popitem(last=False)
        return refused

    def forget(self) -> None:
        """Begin anew (tests)."""
        with self._lock:
            self._asked.clear()
