"""Facts that dispatch gives."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["DeliveryReturned", "DispatchSettled", "LetterAnswered"]


@fact
@dataclass(frozen=True, slots=True)
class DispatchSettled:
    """Every delivery of a dispatch has its end: how many were ``accepted`` by the next hop, ``failed`` for good, were
    ``too_late``, ``superseded`` by a newer message of the thread before they went, or went ``bundled``."""

    dispatch: str
    kind: str
    about: str
    event: str
    accepted: int
    failed: int
    too_late: int
    superseded: int = 0
    bundled: int = 0


@fact
@dataclass(frozen=True, slots=True)
class DeliveryReturned:
    """A letter that the next hop had accepted came back: its recipient was not reached. As DispatchSettled, of one."""

    dispatch: str
    kind: str
    about: str
    event: str
    failed: int = 1
    too_late: int = 0


@fact
@dataclass(frozen=True, slots=True)
class LetterAnswered:
    """A recipient said "heard" to a letter, told once: which dispatch and recipient (``post:duty-east``), what the letter was
    (``kind``, ``about``, ``event``), ``via`` link, code or digit."""

    dispatch: str
    recipient: str
    kind: str
    about: str
    event: str
    via: str
    at_us: int
