"""The worker: carries facts from the outbox to the stages that the wiring names, rolls the log into history, and seals
the ledger with roots."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

from tocsin.app.home import Home
from tocsin.loop.observe.log import History
from tocsin.records import clock
from tocsin.records.ledger import queries as ledger_queries
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.published import publish_root
from tocsin.records.outbox.carrier import Carrier

__all__ = ["run"]

ROLL_S = 60.0
SEAL_S = 60.0

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
    sealing = threading.Thread(target=_seal, args=(home, stop), name="ledger")
    rolling.start()
    sealing.start()
    Carrier(WIRING).run(stop, clock.now, idle_s=0.5)
    rolling.join()
    sealing.join()
    return 0


def _roll(home: Home, stop: threading.Event) -> None:
    history = History(home.parquet, home.log)
    while not stop.wait(ROLL_S):
        try:
            history.roll()
        except Exception:  # segments stay until they are rolled, so a full disk loses nothing; it must only be seen
            log.exception("the log could not be rolled into history")


def _seal(home: Home, stop: threading.Event) -> None:
    """A root a minute over what the ledger gained, and one at the end, published as a file: edits behind a root show to
    whoever holds it."""
    from django.db import connection

    going = True
    while going:
        going = not stop.wait(SEAL_S)
        try:
            if ledger.seal(now=clock.now()) is not None:
                publish_root(home.published, ledger_queries.roots(at_most=1)[0])
        except Exception:  # the entries stay unsealed and the next minute seals them too
            log.exception("the ledger could not be sealed")
    connection.close()
