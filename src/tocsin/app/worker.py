"""The worker: carries facts from the outbox to the stages that the wiring names, sends what is due on each channel, sweeps
for moments that have passed, rolls the log into history, and seals the ledger with roots. Each in a thread of its own, so
that none waits for another."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

from tocsin.app.configuration import Configuration
from tocsin.loop.observe.log import History
from tocsin.records import clock
from tocsin.records.ledger import services as ledger
from tocsin.records.outbox.carrier import Carrier

__all__ = ["run"]

ROLL_S = 60.0
SEAL_S = 60.0
STOP_S = 30.0  # how long a thread may take to end; a channel in the middle of a portion repeats it after the next start

log = logging.getLogger(__name__)


def run(configuration: Configuration) -> int:
    """Work until SIGTERM or SIGINT."""
    from tocsin.app.wiring import WIRING

    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    _publish()
    threads = _threads(configuration, stop)
    for thread in threads:
        thread.start()
    Carrier(WIRING).run(stop, clock.now, idle_s=0.5)
    for thread in threads:
        thread.join(STOP_S)
        if thread.is_alive():
            log.warning("%s did not end within %g s and is left", thread.name, STOP_S)
    return 0


def _threads(configuration: Configuration, stop: threading.Event) -> list[threading.Thread]:
    from tocsin.app import sender, sweeper
    from tocsin.app.channels_in_use import channels_in_use
    from tocsin.app.wiring import SWEEPS

    def thread(name: str, target: Callable[..., None], *args: object) -> threading.Thread:
        return threading.Thread(target=target, args=args, name=name, daemon=True)

    return [
        thread("history", _roll, configuration, stop),
        thread("ledger", _seal, stop),
        thread("sweeper", sweeper.run, SWEEPS, stop, clock.now),
        *(
            thread(f"channel {channel.name}", sender.run, channel, stop, clock.now, configuration.home.node())
            for channel in channels_in_use(configuration)
        ),
    ]


def _publish() -> None:
    """Warnings as files: one that was lost or edited while nobody looked is made again from the database."""
    from tocsin.loop.warn import publication

    try:
        if repaired := publication.rebuild(now=clock.now()):
            log.info("%d published files were made again", repaired)
    except Exception:  # a full disk must not keep facts from being carried; the next start tries again
        log.exception("warnings could not be published to files")


def _roll(configuration: Configuration, stop: threading.Event) -> None:
    history = History(configuration.home.parquet, configuration.home.log)
    while not stop.wait(ROLL_S):
        try:
            history.roll()
        except Exception:  # segments stay until they are rolled, so a full disk loses nothing; it must only be seen
            log.exception("the log could not be rolled into history")


def _seal(stop: threading.Event) -> None:
    """A root a minute over what the ledger gained, and one at the end: edits behind a root show to whoever holds it."""
    from django.db import connection

    going = True
    while going:
        going = not stop.wait(SEAL_S)
        try:
            ledger.seal(now=clock.now())
        except Exception:  # the entries stay unsealed and the next minute seals them too
            log.exception("the ledger could not be sealed")
    connection.close()
