"""Facts that dispatch gives."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["DispatchSettled"]


@fact
@dataclass(frozen=True, slots=True)
class DispatchSettled:
    """Every delivery of a dispatch has its end."""

    dispatch: str
    kind: str
    about: str
    event: str
    accepted: int
    failed: int
    too_late: int
