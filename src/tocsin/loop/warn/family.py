"""Family: an event and all that merged into it, so that a warning is found whatever its event became."""

from __future__ import annotations

from tocsin.loop.detect import queries as detect
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import UnknownName

__all__ = ["family"]


def family(event_id: str) -> list[str]:
    """An event and all that merged into it."""
    if not event_id:
        return []
    known, waiting = [event_id], [event_id]
    while waiting:
        try:
            merged = [line.id for line in detect.event(EVERYWHERE, waiting.pop()).merged]
        except UnknownName:
            continue
        fresh = [other for other in merged if other not in known]
        known, waiting = [*known, *fresh], [*waiting, *fresh]
    return known
