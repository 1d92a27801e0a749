"""Facts that call-outs give. ``cause``: the warning, bulletin or response that it tells of."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["AreaAnswered", "AreaLate", "AreaNotReached", "CallOutEnded", "CallOutStarted"]


@dataclass(frozen=True, slots=True)
class _OfCallOut:
    callout: str
    cause: str
    level: int
    exercise: bool
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class CallOutStarted(_OfCallOut):
    """The posts of ``areas`` areas are being called."""

    areas: int


@fact
@dataclass(frozen=True, slots=True)
class CallOutEnded(_OfCallOut):
    """Nobody is called any more: expired, cancelled, raised (a higher one took over) or lowered."""

    why: str


@dataclass(frozen=True, slots=True)
class _OfArea(_OfCallOut):
    jurisdiction: str


@fact
@dataclass(frozen=True, slots=True)
class AreaAnswered(_OfArea):
    """A human answered for this area; ``at_us`` is when, ``how`` as in lifecycle."""

    post: str
    how: str


@fact
@dataclass(frozen=True, slots=True)
class AreaLate(_OfArea):
    """Nobody had answered when the first moment passed; told once. ``at_us`` is that moment."""


@fact
@dataclass(frozen=True, slots=True)
class AreaNotReached(_OfArea):
    """Nobody had answered when the last moment passed; told once. It goes on being called. ``at_us`` is that moment."""
