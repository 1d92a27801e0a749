"""The publisher's thread: looks whether something was issued or has ended as soon as the database changes, and keeps the
public files right by the clock while the database does not answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from tocsin.doors.portal.files import published_folder
from tocsin.doors.portal.publisher import Publisher
from tocsin.records.audience import hub
from tocsin.records.outbox.wakeup import Wakeup

__all__ = ["run"]

log = logging.getLogger(__name__)
REST_S = 1.0


def run(stop: threading.Event, clock: Callable[[], datetime], *, idle_s: float = 0.5) -> None:
    """Publish until ``stop``."""
    publisher = Publisher(published_folder(), told=hub.feed_changed)
    while not stop.is_set():
        try:
            with Wakeup() as wakeup:
                while not stop.is_set():
                    if written := publisher.look(clock()):
                        log.debug("%d public files were written", written)
                    wakeup.wait(idle_s)
        except (
            Exception
        ) as error:  # a full disk or a database that is away: what is public must stay right by the clock
            log.error("warnings could not be published from the database, trying again: %s", error)
            publisher.renew(clock())
            stop.wait(REST_S)
        finally:
            connection.close()
