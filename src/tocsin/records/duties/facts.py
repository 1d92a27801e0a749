"""Facts that duty lists give."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["DutyChanged"]


@fact
@dataclass(frozen=True, slots=True)
class DutyChanged:
    """A line was entered (``ended`` False), or its end was. Moments in microseconds."""

    line: int
    facility: str
    matter: str
    jurisdiction: str
    at_us: int
    ended: bool
