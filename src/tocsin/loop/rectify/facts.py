"""Facts that rectify gives. ``event`` "" where a finding was made without one; ``grade`` general or major."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = [
    "FindingClosed", "FindingFixed", "FindingOverdue", "FindingRecorded", "FindingRechecked", "FindingWithdrawn", "OrderServed",
    "PlanEntered",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OfFinding:
    finding: str
    event: str
    facility: str
    grade: str
    jurisdiction: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class FindingRecorded(_OfFinding):
    """A dangerous condition was found."""


@fact
@dataclass(frozen=True, slots=True)
class OrderServed(_OfFinding):
    """The facility was ordered to put it right until ``limit_us``."""

    limit_us: int


@fact
@dataclass(frozen=True, slots=True)
class PlanEntered(_OfFinding):
    """The facility entered the five implementations; it will be fixed until ``deadline_us``."""

    deadline_us: int


@fact
@dataclass(frozen=True, slots=True)
class FindingFixed(_OfFinding):
    """The facility says that it is put right."""


@fact
@dataclass(frozen=True, slots=True)
class FindingRechecked(_OfFinding):
    """Somebody else looked: ``said`` fixed or not_fixed."""

    said: str


@fact
@dataclass(frozen=True, slots=True)
class FindingLookedBack(_OfFinding):
    """Somebody looked once more at a closed one: ``said`` fixed or not_fixed."""

    said: str


@fact
@dataclass(frozen=True, slots=True)
class FindingClosed(_OfFinding):
    """It is closed, by the re-check or, a major one, by the authority's release."""


@fact
@dataclass(frozen=True, slots=True)
class FindingWithdrawn(_OfFinding):
    """It was recorded by mistake."""


@fact
@dataclass(frozen=True, slots=True)
class FindingOverdue(_OfFinding):
    """Its deadline passed before it was fixed; told once an order. ``at_us`` is the deadline."""
