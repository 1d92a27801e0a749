"""Facts that observe gives."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["CatalogueChanged", "StreamFellSilent", "StreamWasHeard"]


@fact
@dataclass(frozen=True, slots=True)
class CatalogueChanged:
    """The catalogue has a new version, from the log record ``seq``."""

    version: int
    seq: int


@fact
@dataclass(frozen=True, slots=True)
class StreamFellSilent:
    """A stream that should report does not. ``since_us``: when its silence fell due (event time)."""

    stream: str
    since_us: int


@fact
@dataclass(frozen=True, slots=True)
class StreamWasHeard:
    """A silent stream reports again. ``at_us``: event time."""

    stream: str
    at_us: int
