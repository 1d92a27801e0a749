"""The sweeper: once a second it lets every room look whether a moment has passed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection

from tocsin.app import pulse

if TYPE_CHECKING:
    from tocsin.app.wiring import Sweep

__all__ = ["run", "sweep_all"]

log = logging.getLogger(__name__)
EVERY_S = 1.0


def sweep_all(sweeps: Sequence[Sweep], *, now: datetime) -> int:
    """Each sweep once; one that fails is logged and stops no other. How many facts they put."""
    put = 0
    for sweep in sweeps:
        try:
            put += sweep(now=now)
        except Exception:  # what it did not see this second it sees the next: sweeps look at what is, not at what was
            log.exception("sweep %s.%s failed", getattr(sweep, "__module__", ""), getattr(sweep, "__name__", sweep))
            connection.close()  # a connection that broke would fail all others too
    return put


def run(sweeps: Sequence[Sweep], stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Sweep until ``stop``."""
    pulse.beat("sweeper")
    try:
        while not stop.wait(EVERY_S):
            sweep_all(sweeps, now=clock())
            pulse.beat("sweeper")
    finally:
        connection.close()
