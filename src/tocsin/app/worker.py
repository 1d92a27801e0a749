"""The worker: carries facts from the outbox to the stages that the wiring names."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from tocsin.records import clock
from tocsin.records.outbox.carrier import Carrier

__all__ = ["run"]


def run() -> int:
    """Carry until SIGTERM or SIGINT."""
    from tocsin.app.wiring import WIRING

    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    Carrier(WIRING).run(stop, clock.now, idle_s=0.5)
    return 0
