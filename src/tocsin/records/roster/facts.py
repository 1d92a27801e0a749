"""Facts that the roster gives."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["ShiftEmpty"]


@fact
@dataclass(frozen=True, slots=True)
class ShiftEmpty:
    """Nobody holds a post in a span of the coming days in which somebody should; told once. Moments in microseconds."""

    gap: int
    post: str
    jurisdiction: str
    from_us: int
    until_us: int
