"""Facts that consultations give. What was written stays in the consultation."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["ConsultationChanged"]


@fact
@dataclass(frozen=True, slots=True)
class ConsultationChanged:
    """``what`` is the verb of its ledger entry: asked, signed, decided, withdrawn, overdue (told once)."""

    consultation: str
    event: str
    case: str
    jurisdiction: str
    what: str
    at_us: int
