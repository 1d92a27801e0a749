"""Whether an event is an exercise: one of invented data alone (ADR 8). Where anything real is among it, it is none: a letter
that says "not a real warning" of a real danger would do more harm than one that does not say it of an invented one."""

from __future__ import annotations

from tocsin.loop.detect import queries as detect
from tocsin.loop.observe import queries as observe
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import UnknownName

__all__ = ["is_exercise"]

_FURTHEST = 20  # steps up a cascade


def is_exercise(event_id: str) -> bool:
    """Whether every stream that the event's signals stand for is of a synthetic source. An expected event has no signals: there
    it is what brought it. Without an event, or where nothing says: whether every source of this deployment is synthetic."""
    for _step in range(_FURTHEST):
        try:
            detail = detect.event(EVERYWHERE, event_id) if event_id else None
        except UnknownName:
            detail = None
        if detail is None:
            break
        if detail.signals:
            return observe.are_synthetic({line.subject for line in detail.signals})
        event_id = detail.event.parent or ""
    sources = observe.sources(EVERYWHERE)
    return bool(sources) and all(line.source.synthetic for line in sources)
