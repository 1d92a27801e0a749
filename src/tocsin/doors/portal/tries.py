"""How often one address may try something within an hour. In memory and forgotten: nothing of who tried is kept."""

from __future__ import annotations

import time
from collections import OrderedDict

__all__ = ["Tries"]

_HOUR_S = 3600.0
_ADDRESSES = 10_000


class Tries:
    """``at_most`` tries of one address in an hour; the addresses seen longest ago are forgotten first."""

    def __init__(self, at_most: int) -> None:
        self.at_most = at_most
        self._seen: OrderedDict[str, list[float]] = OrderedDict()

    def too_many(self, address: str) -> bool:
        """Count a try; whether it is one too many."""
        now = time.monotonic()
        times = [at for at in self._seen.pop(address, []) if now - at < _HOUR_S]
        over = len(times) >= self.at_most
        if not over:
            times.append(now)
        self._seen[address] = times
        while len(self._seen) > _ADDRESSES:
            self._seen.popitem(last=False)
        return over
