"""Facts that verify gives. ``level`` is a rank; moments are microseconds since 1970 UTC."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = [
    "EventAcknowledged", "EventClosed", "EventConfirmed", "EventRefuted", "VerificationAnswered", "VerificationAsked",
    "VerificationOverdue", "VerificationWaiting",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OfVerification:
    verification: str
    event: str
    post: str
    level: int
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class VerificationAsked(_OfVerification):
    """A post was asked to go and look, until ``due_us``."""

    due_us: int


@fact
@dataclass(frozen=True, slots=True)
class VerificationWaiting(_OfVerification):
    """Somebody should go and look, and nobody suitable is on duty (``post`` "")."""

    due_us: int


@fact
@dataclass(frozen=True, slots=True)
class VerificationAnswered(_OfVerification):
    """Whoever went has told: ``answer`` confirmed, refuted or cannot_tell."""

    answer: str


@fact
@dataclass(frozen=True, slots=True)
class VerificationOverdue(_OfVerification):
    """Its deadline passed without an answer; told once. ``at_us`` is the deadline."""


@dataclass(frozen=True, slots=True)
class _OfEvent:
    event: str
    hazard: str
    level: int
    jurisdiction: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class EventConfirmed(_OfEvent):
    """Somebody looked: it is so. ``verification`` "" where it met a confirmed event."""

    verification: str


@fact
@dataclass(frozen=True, slots=True)
class EventRefuted(_OfEvent):
    """Somebody looked: it is not so."""

    verification: str


@fact
@dataclass(frozen=True, slots=True)
class EventAcknowledged(_OfEvent):
    """A duty officer has it in hand."""

    post: str


@fact
@dataclass(frozen=True, slots=True)
class EventClosed(_OfEvent):
    """The file is closed; ``verdict`` as it stood."""

    verdict: str
