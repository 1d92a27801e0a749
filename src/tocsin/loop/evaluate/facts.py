"""Facts that evaluate gives."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["IndicatorsComputed"]


@fact
@dataclass(frozen=True, slots=True)
class IndicatorsComputed:
    """The indicators were computed over the ledger up to a root, and kept."""

    computation: int
    root: int
    jurisdiction: str
    at_us: int
