"""The poller: asks every feed when it is due, many at a time, so that one that is slow, dead or endless delays no other; and
tells the log what follows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import connection

from tocsin.doors.intake.feeds.fetching import Fetcher
from tocsin.doors.intake.feeds.into_log import deliver
from tocsin.doors.intake.feeds.polling import poll
from tocsin.doors.intake.socket.client import EngineClient
from tocsin.loop.observe.bulletins import queries, services
from tocsin.terms.errors import TocsinError, Unavailable

__all__ = ["Poller", "poll_one"]

AT_ONCE = 32  # feeds that are asked at the same time
EVERY_S = 1.0
log = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def poll_one(feed_id: str, fetcher: Fetcher, clock: Clock) -> int:
    """Ask a feed once and keep what came; how many messages are new. Raises the TocsinError by which it failed, after noting
    it."""
    line = queries.feed(feed_id)
    try:
        heard = poll(line, queries.known_entries(feed_id), fetcher)
    except TocsinError as error:
        services.note_failure(feed_id, f"{error.thing}: {error.rule}", now=clock())
        raise
    return services.hear(feed_id, heard, now=clock())


class Poller:
    """``engine``: the socket of the engine, ``log_folder`` its log on this machine."""

    def __init__(self, fetcher: Fetcher, clock: Clock, *, engine: Path, log_folder: Path) -> None:
        self._fetcher, self._clock, self._log = fetcher, clock, log_folder
        self._engine = EngineClient(engine)
        self._running: dict[str, threading.Thread] = {}

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``. Polls that run then end by their own limits, or with the process: they are not waited for."""
        try:
            while not stop.wait(EVERY_S):
                self.begin_due()
        finally:
            self._engine.close()
            self._fetcher.close()
            connection.close()

    def begin_due(self) -> int:
        """Begin what is due and not running; how many feeds."""
        self._running = {name: thread for name, thread in self._running.items() if thread.is_alive()}
        try:
            due = [feed for feed in queries.due_feeds(now=self._clock()) if feed not in self._running]
            waiting = "" not in self._running and bool(queries.unlogged(at_most=1))
        except Exception:  # a database that is away for a moment; it is asked again in a second
            log.exception("the feeds could not be read")
            connection.close()
            return 0
        begun = due[: max(0, AT_ONCE - len(self._running))]
        for feed in begun:
            self._begin(feed, self._poll, feed)
        if waiting:
            self._begin("", self._deliver)
        return len(begun)

    def join(self, timeout_s: float) -> bool:
        """Wait for what runs; whether all of it ended."""
        for thread in self._running.values():
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._running.values())

    def _begin(self, name: str, work: Callable[..., None], *arguments: str) -> None:
        thread = threading.Thread(target=work, args=arguments, name=f"feed {name}", daemon=True)
        self._running[name] = thread
        thread.start()

    def _poll(self, feed_id: str) -> None:
        self._guarded(f"feed {feed_id}", lambda: poll_one(feed_id, self._fetcher, self._clock))

    def _deliver(self) -> None:
        self._guarded("bulletins into the log", lambda: deliver(self._engine, self._log))

    def _guarded(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Unavailable as error:
            log.info("%s: %s", what, error)
        except TocsinError as error:
            log.warning("%s: %s", what, error)
        except Exception:  # one feed's trouble is never another's; what was not kept is fetched again
            log.exception("%s failed", what)
        finally:
            connection.close()
