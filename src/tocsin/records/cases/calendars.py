"""Working calendars in use: those that ship, with the years that were loaded since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.clocks import Calendar, read_calendar
from tocsin.records.cases.models import CalendarYearRow

__all__ = ["calendars_in_use", "one_year"]


class calendars_in_use:  # noqa: N801 - reads as what it gives
    """Calendars by code, each read once: ``calendars_in_use()["cn"]``. Make one a command, so that it sees what is loaded."""

    def __init__(self) -> None:
        self._read: dict[str, Calendar] = {}

    def __getitem__(self, code: str) -> Calendar:
        if code not in self._read:
            known = read_calendar(code)
            for row in CalendarYearRow.objects.filter(calendar=code).order_by("year"):
                known = one_year(known, row.body)
            self._read[code] = known
        return self._read[code]


def one_year(known: Calendar, body: Mapping[str, Any]) -> Calendar:
    """A calendar with one more year. Raises BadForm for a table that is none."""
    read = read_calendar(known.code, {"version": "", "year": [body]})
    year = next(iter(read.years.values()))
    return known.with_year(year, f"{known.version}+{year.year}")
