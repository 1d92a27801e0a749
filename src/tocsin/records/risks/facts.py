"""Facts that the risk register gives."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["InspectionOverdue", "RiskChanged", "RiskReviewOverdue"]


@fact
@dataclass(frozen=True, slots=True)
class RiskChanged:
    """A risk was entered, assessed, handed on or closed: ``what`` is the verb of its ledger entry."""

    risk: str
    jurisdiction: str
    level: int
    what: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class RiskReviewOverdue:
    """The day by which a risk should have been assessed anew has passed; told once. ``at_us``: its end."""

    risk: str
    jurisdiction: str
    owner: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class InspectionOverdue:
    """The day by which a facility should have been inspected has passed; told once. ``at_us``: its end."""

    facility: str
    jurisdiction: str
    at_us: int
