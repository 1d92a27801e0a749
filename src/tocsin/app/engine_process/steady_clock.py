"""The engine's time: the wall clock, as long as it can be believed.

Ticks make silence known, and the log's stamps never go back; a wall clock that leaps would call every stream of a province
silent, or stamp records years ahead for good. So the wall clock is held against the system's time since it booted,
which nobody sets (``CLOCK_BOOTTIME``; it counts sleep too):

- a step **back**, or forward by less than a minute, is followed and counted: ticks wait until the clock has caught up;
- a leap **forward** is in doubt. Time goes on at its old pace until sources speak for the new time (three batches in a row
  whose newest observation lies nearer to it), or, for a leap of at most a day, until nobody has spoken for ten minutes.
  Sources that go on with the old time keep the doubt up; health says so all the while.

What was believed is kept in a file with the system's boot, so that a leap during a restart is seen too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from tocsin.terms.moment import SECOND_US

__all__ = ["SteadyClock", "boot_id", "boot_us"]

LEAP_US = 60 * SECOND_US
STEP_US = 2 * SECOND_US
LONGEST_UNSPOKEN_US = 86_400 * SECOND_US
UNSPOKEN_US = 600 * SECOND_US
WITNESSES = 3

log = logging.getLogger(__name__)


def boot_us() -> int:
    """Microseconds since the system booted, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def boot_id() -> str:
    """A name of this boot; empty where the system gives none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


class SteadyClock:
    """``now_us`` instead of ``wall_us``. ``kept``: the file that remembers what is believed (None = nothing is kept)."""

    def __init__(
        self,
        wall_us: Callable[[], int],
        *,
        since_boot_us: Callable[[], int] = boot_us,
        boot: str = "",
        kept: Path | None = None,
    ) -> None:
        self._wall, self._since_boot, self._boot, self._kept = wall_us, since_boot_us, boot, kept
        self._believed = self._remembered()  # wall minus time since boot
        self._written: int | None = None
        self._doubt_since: int | None = None
        self._for, self._contradicted = 0, False
        self.steps = 0  # how often the wall clock was set, forward or back
        self._look()

    def now_us(self) -> int:
        """The present moment; never held longer than the rules above say."""
        since_boot = self._look()
        return since_boot + self._believed

    @property
    def doubt_s(self) -> float:
        """By how many seconds the wall clock is ahead of what is believed; 0 where it is believed."""
        if self._doubt_since is None:
            return 0.0
        return (self._wall() - self._since_boot() - self._believed) / SECOND_US

    def heard(self, observed_us: int) -> None:
        """A source delivered; its newest observation is of this moment."""
        if self._doubt_since is None:
            return
        wall, since_boot = self._wall(), self._since_boot()
        old = since_boot + self._believed
        if abs(observed_us - old) <= abs(observed_us - wall):
            if observed_us > old - (wall - old):  # what is older than that is no witness: a file of last year
                self._for, self._contradicted = 0, True
            return
        self._for += 1
        if self._for >= WITNESSES:
            self._believe(wall - since_boot, "sources speak for it")

    def _look(self) -> int:
        since_boot = self._since_boot()
        offset = self._wall() - since_boot
        ahead = offset - self._believed
        if ahead < LEAP_US:
            if self._doubt_since is not None:
                log.warning("clock: the wall clock is back where it was; the leap forward is forgotten")
            if abs(ahead) >= STEP_US:
                self.steps += 1
                log.warning("clock: the wall clock was set by %+.1f s", ahead / SECOND_US)
            self._doubt_since, self._believed = None, offset
            self._keep()
        elif self._doubt_since is None:
            self.steps += 1
            self._doubt_since, self._for, self._contradicted = since_boot, 0, False
            log.error(
                "clock: the wall clock leapt forward by %.0f s; time goes on at its old pace until sources speak for the new"
                " time. Remedy: set the clock right; or, if it is right, remove %s and start the engine again",
                ahead / SECOND_US, self._kept,
            )  # fmt: skip
        elif ahead <= LONGEST_UNSPOKEN_US and not self._contradicted and since_boot - self._doubt_since >= UNSPOKEN_US:
            self._believe(offset, "nobody spoke against it for ten minutes")
        return since_boot

    def _believe(self, offset: int, why: str) -> None:
        log.warning("clock: the leap forward by %.0f s is believed: %s", (offset - self._believed) / SECOND_US, why)
        self._doubt_since, self._believed = None, offset
        self._keep()

    def _remembered(self) -> int:
        try:
            boot, offset = self._kept.read_text("ascii").split() if self._kept is not None and self._boot else ("", "")
            if boot == self._boot and boot:
                return int(offset)
        except (OSError, ValueError):
            pass
        return self._wall() - self._since_boot()

    def _keep(self) -> None:
        if self._kept is None or not self._boot:
            return
        if self._written is not None and abs(self._written - self._believed) < SECOND_US:
            return
        self._written = self._believed
        try:
            self._kept.write_text(f"{self._boot} {self._believed}\n", "ascii")
        except OSError as error:  # a full disk: a leap during a restart would not be seen, nothing more
            log.warning("clock: %s cannot be written (%s)", self._kept, error)
