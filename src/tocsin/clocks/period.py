"""Period, pause and extension: what a statute grants, and what stops or lengthens it. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from tocsin.terms.errors import BadTime, BadValue

__all__ = ["Extension", "Pause", "Period", "Unit"]

_MOST = {"minute": 5_256_000, "hour": 87_600, "calendar_day": 36_500, "working_day": 10_000, "month": 1200, "year": 100}


class Unit(enum.StrEnum):
    """In what a period is counted. Minutes and hours run through nights and holidays; days, months and years end with a
    civil day and do not count the day on which they start (Civil Code, arts 200-204)."""

    MINUTE = "minute"
    HOUR = "hour"
    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """``n`` of a unit. Raises BadValue for a negative or absurd number."""

    n: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 0 <= self.n <= _MOST[self.unit]:
            raise BadValue(f"period of {self.n} {self.unit}", f"must be 0 to {_MOST[self.unit]}", "correct the number")


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands still from ``from_at`` until ``until_at`` (None: it still does). ``clause`` and ``actor`` say by which
    rule and who: a pause is an act. Raises BadTime for a pause that ends before it begins or has no zone."""

    from_at: datetime
    until_at: datetime | None = None
    clause: str = ""
    actor: str = ""

    def __post_init__(self) -> None:
        ends = self.until_at or self.from_at
        if self.from_at.tzinfo is None or ends.tzinfo is None:
            raise BadTime("pause", "a moment without a zone", "give the moment with its zone")
        if ends < self.from_at:
            raise BadTime("pause", "ends before it begins", "correct one of the two moments")


@dataclass(frozen=True, slots=True)
class Extension:
    """A period granted on top, with its clause and who granted it; counted from where the one before it ends."""

    period: Period
    clause: str = ""
    actor: str = ""
