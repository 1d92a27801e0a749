"""Facts that escalation gives."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["EscalationAcknowledged", "EscalationExhausted"]


@dataclass(frozen=True, slots=True)
class _OfEscalation:
    escalation: str
    kind: str
    about: str
    event: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class EscalationAcknowledged(_OfEscalation):
    """Somebody has it; ``by`` is a post or an actor."""

    by: str


@fact
@dataclass(frozen=True, slots=True)
class EscalationExhausted(_OfEscalation):
    """The whole chain was told in vain; told once. It stays open and on show."""
