"""Statutory clocks: working calendars as versioned data, and the arithmetic of legal periods. Pure.

A clock's unit belongs to the clock, never to the platform: the same word for "day" means working days in one statute and
calendar days in the next. Both ends of a period are kept: strict (the last day as counted) and rolled (moved off rest days).
"""

from tocsin.clocks.calendar import Calendar, CalendarYear, read_calendar
from tocsin.clocks.due import Due, due
from tocsin.clocks.period import Extension, Pause, Period, Unit
from tocsin.clocks.warn import warning_point

__all__ = ["Calendar", "CalendarYear", "Due", "Extension", "Pause", "Period", "Unit", "due", "read_calendar",
           "warning_point"]  # fmt: skip
