"""The worker: carries facts from the outbox to the stages that the wiring names, sends what is due on each channel, asks other
authorities' feeds, sweeps for moments that have passed, keeps what is public as files, rolls the log into history, and seals
the ledger with roots. Each in a thread of its own, so that none waits for another."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from tocsin.app.configuration import Configuration
from tocsin.loop.observe.log import History
from tocsin.records import clock
from tocsin.records.outbox.carrier import Carrier

if TYPE_CHECKING:
    from tocsin.app.wiring import Sweep

__all__ = ["run"]

ROLL_S = LONG_S = 60.0
STOP_S = 30.0  # how long a thread may take to end; a channel in the middle of a portion repeats it after the next start

log = logging.getLogger(__name__)


def run(configuration: Configuration) -> int:
    """Work until SIGTERM or SIGINT."""
    from tocsin.app.wiring import WIRING
    from tocsin.loop.rectify.services import note_migrated

    note_migrated(now=clock.now())
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
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
    from tocsin.app import heartbeat, publisher, resting, sealing, sender, sweeper
    from tocsin.app.channels_in_use import channels_in_use, outward_of
    from tocsin.app.wiring import LONG_SWEEPS, SWEEPS
    from tocsin.doors.portal.files import published_folder

    def thread(name: str, target: Callable[..., None], *args: object) -> threading.Thread:
        return threading.Thread(target=target, args=args, name=name, daemon=True)

    channels = channels_in_use(configuration)
    return [
        thread("history", _roll, configuration, stop),
        thread("ledger", sealing.run, published_folder(), stop, clock.now),
        thread("heartbeat", heartbeat.run, configuration, outward_of(configuration), stop, clock.now),
        thread("feeds", _poll, configuration, stop),
        thread("sweeper", sweeper.run, SWEEPS, stop, clock.now),
        thread("counts", _sweep_long, LONG_SWEEPS, stop),
        thread("publisher", publisher.run, stop, clock.now),
        thread("resting", resting.run, configuration.home.resting_channels, channels, stop),
        *(
            thread(f"channel {channel.name}", sender.run, channel, stop, clock.now, configuration.home.node())
            for channel in channels
        ),
    ]


def _poll(configuration: Configuration, stop: threading.Event) -> None:
    """Ask other authorities' feeds."""
    from tocsin.doors.intake.feeds.fetching import Fetcher
    from tocsin.doors.intake.feeds.poller import Poller

    home = configuration.home
    fetcher = Fetcher(configuration.outward_inside, configuration.outward_ca)
    Poller(fetcher, clock.now, engine=home.engine_socket, log_folder=home.log).run(stop)


def _sweep_long(sweeps: Sequence[Sweep], stop: threading.Event) -> None:
    """Once a minute; the sweeper's pulse is not theirs."""
    from django.db import connection

    from tocsin.app.sweeper import sweep_all

    while not stop.wait(LONG_S):
        sweep_all(sweeps, now=clock.now())
        connection.close()


def _roll(configuration: Configuration, stop: threading.Event) -> None:
    history = History(configuration.home.parquet, configuration.home.log)
    while not stop.wait(ROLL_S):
        try:
            history.roll()
        except Exception:  # segments stay until they are rolled, so a full disk loses nothing; it must only be seen
            log.exception("the log could not be rolled into history")
