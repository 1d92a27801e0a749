"""The warning point: inside working time, never at midnight, never after the end; against a slow twin."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.clocks import Period, Unit, due, read_calendar, warning_point

CN = read_calendar("cn")
ZONE = "Asia/Shanghai"
SHANGHAI = ZoneInfo(ZONE)


def test_an_hour_before_is_an_hour_before():
    start = datetime(2026, 9, 30, 22, tzinfo=SHANGHAI)
    answer = due(Period(2, Unit.HOUR), start, calendar=CN, zone=ZONE)
    assert warning_point(Period(30, Unit.MINUTE), answer, start, calendar=CN, zone=ZONE) == start + timedelta(
        minutes=90
    )
    assert (
        warning_point(Period(3, Unit.HOUR), answer, start, calendar=CN, zone=ZONE) == start
    )  # shorter than the warning


@pytest.mark.parametrize(
    ("before", "expected"),
    [((0, "calendar_day"), "2026-09-30"), ((1, "calendar_day"), "2026-09-30"), ((8, "calendar_day"), "2026-09-30"),
     ((9, "calendar_day"), "2026-09-29"), ((1, "working_day"), "2026-09-30"), ((3, "working_day"), "2026-09-28")],
)  # fmt: skip
def test_before_the_national_day_the_warning_comes_before_the_holiday(before, expected):
    start = datetime(2026, 9, 8, 10, tzinfo=SHANGHAI)
    answer = due(Period(30, Unit.CALENDAR_DAY), start, calendar=CN, zone=ZONE)  # its last day is 8 October
    n, unit = before
    found = warning_point(Period(n, Unit(unit)), answer, start, calendar=CN, zone=ZONE)
    local = found.astimezone(SHANGHAI)
    assert local.time() == time(9)
    assert CN.is_working(local.date())
    if before == (0, "calendar_day"):
        assert str(local.date()) == "2026-10-08"
    else:
        assert str(local.date()) == expected


def slow(before: Period, last: date) -> date:
    """Walk back day by day from the last day."""
    day, left = last, before.n
    while left:
        if before.unit is Unit.CALENDAR_DAY or CN.is_working(day):
            left -= 1
        day -= timedelta(days=1)
    while not CN.is_working(day):
        day -= timedelta(days=1)
    return day


@given(
    st.datetimes(datetime(2026, 1, 5), datetime(2026, 10, 1)),  # noqa: DTZ001 - a civil time, zoned below
    st.integers(1, 60), st.integers(0, 10), st.sampled_from([Unit.CALENDAR_DAY, Unit.WORKING_DAY]),
)  # fmt: skip
def test_it_is_that_of_the_slow_twin_and_lies_in_working_time(start, days, n, unit):
    began = start.replace(tzinfo=SHANGHAI)
    answer = due(Period(days, Unit.CALENDAR_DAY), began, calendar=CN, zone=ZONE)
    found = warning_point(Period(n, unit), answer, began, calendar=CN, zone=ZONE)
    last = (answer.strict - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    expected = datetime.combine(slow(Period(n, unit), last), time(9), SHANGHAI).astimezone(UTC)
    assert found == max(expected, began.astimezone(UTC))
    assert found <= answer.strict
