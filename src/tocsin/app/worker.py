"""The worker: carries facts from the outbox to the stages that the wiring names, and rolls the log into history."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

from tocsin.app.home import Home
from tocsin.loop.observe.log import History
from tocsin.records import clock
from tocsin.records.outbox.carrier import Carrier

__all__ = ["run"]

ROLL_S = 60.0

log = logging.getLogger(__name__)


def run(home: Home) -> int:
    """Work until SIGTERM or SIGINT."""
    from tocsin.app.wiring import WIRING

    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    rolling = threading.Thread(target=_roll, args=(home, stop), name="history")
    rolling.start()
    Carrier(WIRING).run(stop, clock.now, idle_s=0.5)
    rolling.join()
    return 0


def _roll(home: Home, stop: threading.Event) -> None:
    history = History(home.parquet, home.log)
    while not stop.wait(ROLL_S):
        try:
            history.roll()
        except Exception:  # segments stay until they are rolled, so a full disk loses nothing; it must only be seen
            log.exception("the log could not be rolled into history")
