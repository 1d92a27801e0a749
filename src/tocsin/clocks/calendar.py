"""Working calendars: which days are working days, as yearly tables with their source. Pure.

Working days cannot be computed from law alone: a yearly notice moves rest days and makes some weekends working days. So a
calendar says how far it is loaded; beyond that weekends alone are known and every answer is provisional.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from importlib.resources import files
from typing import Any

from tocsin.terms.errors import BadForm, UnknownName

__all__ = ["Calendar", "CalendarYear", "read_calendar"]

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """One year's notice: rest days beyond weekends, weekends that are worked, where it comes from and when it was issued."""

    year: int
    off: frozenset[date]
    worked: frozenset[date]
    source: str
    verified: bool


@dataclass(frozen=True)
class Calendar:
    """``version`` names the state of the tables, so that a due date says by which it was computed."""

    code: str
    version: str
    years: Mapping[int, CalendarYear] = field(default_factory=dict)

    @cached_property
    def _off(self) -> frozenset[date]:
        return frozenset(day for year in self.years.values() for day in year.off)

    @cached_property
    def _worked(self) -> frozenset[date]:
        return frozenset(day for year in self.years.values() for day in year.worked)

    def is_working(self, day: date) -> bool:
        """Whether a day is worked; beyond the loaded years only weekends are known."""
        if day in self._worked:
            return True
        return day.weekday() < _SATURDAY and day not in self._off

    def knows(self, day: date) -> bool:
        """Whether the table of the day's year is loaded."""
        return day.year in self.years

    def next_working(self, day: date) -> date:
        """The day itself if it is worked, else the first worked one after it."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def working_days(self, first: date, last: date) -> int:
        """How many days from ``first`` to ``last``, both included, are worked."""
        return sum(self.is_working(first + timedelta(days=n)) for n in range((last - first).days + 1))

    def with_year(self, year: CalendarYear, version: str) -> Calendar:
        """The calendar with a year loaded or replaced."""
        return Calendar(self.code, version, {**self.years, year.year: year})


def read_calendar(code: str, document: Mapping[str, Any] | None = None) -> Calendar:
    """A calendar from its document, by default the one that ships as ``clocks/calendars/<code>.toml``. Raises UnknownName
    where none ships, BadForm for a document that is not one."""
    if document is None:
        shipped = files("tocsin.clocks") / "calendars" / f"{code}.toml"
        if not (code.isidentifier() and shipped.is_file()):
            raise UnknownName(f"calendar {code}", "does not ship with Tocsin", "give its document, or use cn")
        document = tomllib.loads(shipped.read_text(encoding="utf-8"))
    try:
        years = {int(entry["year"]): _year(entry) for entry in document["year"]}
        return Calendar(code, str(document["version"]), years)
    except (KeyError, TypeError, ValueError) as error:
        raise BadForm(f"calendar {code}", f"is not laid out as one ({error})", "compare it with cn.toml") from error


def _year(entry: Mapping[str, Any]) -> CalendarYear:
    return CalendarYear(int(entry["year"]), frozenset(_days(entry["off"])), frozenset(_days(entry["worked"])),
                        str(entry["source"]), bool(entry["verified"]))  # fmt: skip


def _days(spans: Iterable[str]) -> Iterator[date]:
    """``2026-01-01`` or ``2026-01-01/2026-01-03``, both ends included."""
    for span in spans:
        first, _, last = span.partition("/")
        start, end = date.fromisoformat(first), date.fromisoformat(last or first)
        for n in range((end - start).days + 1):
            yield start + timedelta(days=n)
