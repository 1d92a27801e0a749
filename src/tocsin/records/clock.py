"""What time it is, for rooms, doors and app: the wall clock, or the demo's city clock.

With ``clock = "driven"`` somebody else moves time: ``drive`` writes a small file in TOCSIN_HOME/run and every process of
the deployment reads it. That is how an invented day plays in minutes, with ages and silences of that day. Pure floors
never ask here: for them time is an argument.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from tocsin.terms.moment import from_us

__all__ = ["drive", "now", "now_us"]


def now() -> datetime:
    """The present moment, aware, UTC."""
    return from_us(now_us())


def now_us() -> int:
    """The present moment in microseconds since 1970 UTC."""
    driven: Path | None = settings.TOCSIN_DRIVEN_CLOCK
    return time.time_ns() // 1000 if driven is None else _Hand.read(driven).shows(time.monotonic_ns())


def drive(clock: Path, city_us: int, *, rate: float = 0.0, at_most_us: int | None = None) -> None:
    """Set the city clock to ``city_us``, from where it runs ``rate`` times as fast as the wall clock, up to
    ``at_most_us``. Moving it back is the caller's mistake; ticks never follow."""
    text = f"{city_us} {time.monotonic_ns()} {rate} {city_us if at_most_us is None else at_most_us}\n"
    aside = clock.with_suffix(".new")
    aside.write_text(text, encoding="ascii")
    os.replace(aside, clock)  # noqa: PTH105 - readers see the old hand or the new one, never half


@dataclass(frozen=True, slots=True)
class _Hand:
    city_us: int
    set_ns: int
    rate: float
    at_most_us: int

    @classmethod
    def read(cls, path: Path) -> _Hand:
        city, mono, rate, most = path.read_text(encoding="ascii").split()
        return cls(int(city), int(mono), float(rate), int(most))

    def shows(self, monotonic_ns: int) -> int:
        return min(self.at_most_us, self.city_us + int((monotonic_ns - self.set_ns) / 1000 * self.rate))
