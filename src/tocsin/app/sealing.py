"""Sealing: a root a minute over what the ledger gained, and one at the end, given away as files; edits behind a root show to
whoever holds it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import connection

from tocsin.loop.warn.deployment_key import signed_envelope
from tocsin.records.ledger import queries, services
from tocsin.records.ledger.published import publish_root
from tocsin.terms.errors import Refused

__all__ = ["run", "seal_and_publish"]

SEAL_S = 60.0

log = logging.getLogger(__name__)


def run(folder: Path, stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Until ``stop``. ``folder``: where what is public lies."""
    going = True
    while going:
        going = not stop.wait(SEAL_S)
        try:
            seal_and_publish(folder, now=clock())
        except Exception:  # the entries stay unsealed and the next minute seals them too
            log.exception("the ledger could not be sealed, or its root not be published")
    connection.close()


def seal_and_publish(folder: Path, *, now: datetime) -> None:
    """One round. A key that is no good leaves the root unsigned, never unpublished."""
    services.seal(now=now)
    newest = queries.roots(at_most=1)
    if not newest:
        return

    def sign(document: bytes) -> bytes | None:
        try:
            return signed_envelope(document, now=now)
        except Refused as error:
            log.error("the ledger's root is published without a signature: %s", error)
            return None

    publish_root(folder, newest[0], sign)
