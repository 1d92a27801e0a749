"""Facts that cases give. Each names the case, its kind and its area; what was written stays in the case."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["CalendarLoaded", "CaseChanged", "CaseMoved", "CaseOpened", "ClockNearing", "ClockRunOut"]


@dataclass(frozen=True, slots=True)
class _OfCase:
    case: str
    kind: str
    jurisdiction: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class CaseOpened(_OfCase):
    """A case was opened in the state ``state``."""

    state: str


@fact
@dataclass(frozen=True, slots=True)
class CaseMoved(_OfCase):
    """A move was made."""

    move: str
    before: str
    after: str


@fact
@dataclass(frozen=True, slots=True)
class CaseChanged(_OfCase):
    """Something else of it changed: ``what`` is the verb of its ledger entry."""

    what: str


@fact
@dataclass(frozen=True, slots=True)
class ClockNearing(_OfCase):
    """The warning point of a clock has passed; told once. ``due_us``: its deadline; ``clock_id``: its row."""

    clock: str
    due_us: int
    owner: str
    clock_id: int = 0


@fact
@dataclass(frozen=True, slots=True)
class ClockRunOut(_OfCase):
    """A deadline has passed; told once for each deadline. ``due_us``: the deadline; ``clock_id``: the row of the clock."""

    clock: str
    due_us: int
    owner: str
    clock_id: int = 0


@fact
@dataclass(frozen=True, slots=True)
class CalendarLoaded:
    """Years of a working calendar were loaded; running clocks of cases have been computed again."""

    calendar: str
    at_us: int
