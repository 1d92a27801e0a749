"""Ticks: when the log is told that time has passed."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["TickClock"]

SECOND_US = 1_000_000
IDLE_US = 60 * SECOND_US


class TickClock:
    """At most one tick a second; one a minute while nothing depends on them.

    Monotone: while the wall clock stands behind the last tick (it stepped back) none is given. Advancing on our own would
    call streams silent whose observations carry the wall clock's times.
    """

    def __init__(self, last_us: int) -> None:
        self.last_us = last_us

    def due(self, now_us: int, needed: Callable[[], bool]) -> int | None:
        """The moment to write as a tick now, or None."""
        whole = now_us - now_us % SECOND_US
        since = whole - self.last_us
        if since < SECOND_US or (since < IDLE_US and not needed()):
            return None
        self.last_us = whole
        return whole
