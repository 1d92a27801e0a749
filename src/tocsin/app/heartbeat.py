"""The heartbeat: once a minute, and only when the whole loop is well, somebody outside is told so. A dead Tocsin cannot say
that it is dead; whoever waits for the beat notices.

Well is: the engine answers and does not lag, facts are carried, every thread of the worker goes round, and each warning in
force is as its plan says (``app.audit``). The beat goes to ``heartbeat_url`` (healthchecks.io, Dead Man's Snitch, or anything
that takes a POST), and into ``run/heartbeat.json``, which ``/heartbeat`` shows to ``tocsin watch``.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import connection

from tocsin.app import pulse
from tocsin.app.audit import audit
from tocsin.app.configuration import Configuration
from tocsin.doors.api.health import look
from tocsin.doors.outward.client import Outward
from tocsin.terms.errors import TocsinError

__all__ = ["EVERY_S", "HUNG_S", "beat", "faults", "run"]

EVERY_S = 60.0
HUNG_S = 180.0  # a thread of the worker that made no round: the slowest call outward ends after ten seconds
_FILE = "heartbeat.json"

log = logging.getLogger(__name__)


def faults(*, now: datetime) -> list[str]:
    """Why the loop is not well; none where it is. Never raises: what cannot be asked is not well."""
    found = [f"{name} makes no rounds" for name in pulse.silent(HUNG_S)]
    asked: tuple[Callable[[], list[str]], ...] = (lambda: look()[1], lambda: audit(now=now))
    for ask in asked:
        try:
            found += ask()
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
    return found


def beat(folder: Path, url: str, outward: Outward, *, now: datetime) -> list[str]:
    """One beat: written down, and sent where all is well. The faults, the outside address that does not answer among them."""
    found = faults(now=now)
    said: list[str] = []
    if url and not found:
        try:
            answer = outward.call("POST", url, headers={"content-type": "text/plain"}, content=b"well")
            said = [] if answer.ok else [f"the heartbeat address answered {answer.status}"]
        except TocsinError as error:
            said = [str(error)]
    _write(folder / _FILE, {"well": not found, "at": now.isoformat(), "faults": found, "outside": said})
    for fault in found + said:
        log.warning("no heartbeat: %s", fault)
    return found + said


def run(configuration: Configuration, outward: Outward, stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Beat until ``stop``; the first at once."""
    going = True
    while going:
        try:
            beat(configuration.home.run, configuration.heartbeat_url, outward, now=clock())
        except Exception:  # a full disk: the beat that is missing says so outside
            log.exception("the heartbeat could not be written")
        finally:
            connection.close()
        going = not stop.wait(min(EVERY_S, configuration.heartbeat_every_s))


def _write(path: Path, said: dict[str, object]) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    os.replace(aside, path)  # noqa: PTH105 - readers see the old beat or the new one, never half
