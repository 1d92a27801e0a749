"""When somebody is warned that a period is about to end. Pure.

A warning belongs into working time: of a period in days it comes when the office opens, never at midnight and never on a rest
day; it is moved earlier, not later. Minutes and hours of safety reporting run through the night, and so does their warning.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.clocks.calendar import Calendar
from tocsin.clocks.due import Due
from tocsin.clocks.period import Period, Unit

__all__ = ["OPENS", "is_exact", "warning_point"]

OPENS = time(9)  # our own choice of when an office opens
_EXACT = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1)}


def is_exact(unit: Unit) -> bool:
    """Whether a unit is counted from the moment itself (minutes, hours) rather than by whole days."""
    return unit in _EXACT


def warning_point(before: Period, due: Due, start: datetime, *, calendar: Calendar, zone: str) -> datetime:
    """The moment, aware, UTC, at which ``before`` is left until the strict end; at the start where the period is shorter.

    ``before`` in minutes or hours: exactly so long before. In working or calendar days: as many such days lie between the day
    of the warning and the last day (0: on the last day itself), when the office opens, on a working day.
    """
    if before.unit in _EXACT:
        return max(due.strict - before.n * _EXACT[before.unit], start.astimezone(UTC))
    local = ZoneInfo(zone)
    day = (due.strict - timedelta(microseconds=1)).astimezone(local).date()
    if before.unit is Unit.CALENDAR_DAY:
        day -= timedelta(days=before.n)
    left = before.n if before.unit is Unit.WORKING_DAY else 0
    while left or not calendar.is_working(day):
        left -= bool(left and calendar.is_working(day))
        day -= timedelta(days=1)
    return max(datetime.combine(day, OPENS, local).astimezone(UTC), start.astimezone(UTC))
