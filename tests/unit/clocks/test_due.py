"""Statutory periods: vectors of the facts base, the statute's odd cases, and a slow twin that walks minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.clocks import Extension, Pause, Period, Unit, due, read_calendar
from tocsin.terms.errors import BadForm, BadTime, BadValue, UnknownName

ZONE = "Asia/Shanghai"
SHANGHAI = ZoneInfo(ZONE)
CN = read_calendar("cn")

# start, n, unit, last day strict, last day rolled: facts/calendars.yaml, test_vectors
VECTORS = [
    ("2026-02-13", 15, "calendar_day", "2026-02-28", "2026-02-28"),
    ("2026-08-02", 60, "calendar_day", "2026-10-01", "2026-10-08"),
    ("2026-09-10", 15, "calendar_day", "2026-09-25", "2026-09-28"),
    ("2026-01-19", 30, "calendar_day", "2026-02-18", "2026-02-24"),
    ("2026-04-20", 15, "calendar_day", "2026-05-05", "2026-05-06"),
    ("2026-09-18", 5, "working_day", "2026-09-24", "2026-09-24"),
    ("2026-02-12", 5, "working_day", "2026-02-26", "2026-02-26"),
    ("2026-04-30", 3, "working_day", "2026-05-08", "2026-05-08"),
    ("2026-09-24", 15, "working_day", "2026-10-22", "2026-10-22"),
    ("2026-02-13", 7, "working_day", "2026-03-02", "2026-03-02"),
    ("2025-12-31", 1, "working_day", "2026-01-04", "2026-01-04"),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def last_day(moment: datetime) -> str:
    """The civil day that a period ends with (its 24:00 is the next day's 00:00)."""
    return str((moment.astimezone(SHANGHAI) - timedelta(microseconds=1)).date())


@pytest.mark.parametrize(("start", "n", "unit", "strict", "rolled"), VECTORS)
@pytest.mark.parametrize("hour", ["00:00", "09:30", "23:59"])
def test_vectors_of_the_facts_base(start, n, unit, strict, rolled, hour):
    found = due(Period(n, Unit(unit)), at(f"{start}T{hour}"), calendar=CN, zone=ZONE)
    assert (last_day(found.strict), last_day(found.rolled)) == (strict, rolled)
    assert not found.provisional


def test_working_days_of_2026():
    assert CN.working_days(date(2026, 1, 1), date(2026, 12, 31)) == 248


@pytest.mark.parametrize(
    ("day", "worked"),
    [("2026-02-14", True), ("2026-02-28", True), ("2026-10-10", True), ("2026-09-20", True), ("2026-01-04", True),
     ("2026-02-16", False), ("2026-02-24", True), ("2026-10-07", False), ("2026-10-08", True), ("2026-06-20", False),
     ("2026-11-28", False), ("2026-11-27", True)],
)  # fmt: skip
def test_these_days_are_worked_and_these_are_not(day, worked):
    assert CN.is_working(date.fromisoformat(day)) is worked


def test_beyond_the_loaded_year_a_due_date_is_provisional():
    found = due(Period(60, Unit.CALENDAR_DAY), at("2026-11-26T10:00"), calendar=CN, zone=ZONE)
    assert found.provisional
    assert last_day(found.strict) == "2027-01-25"
    within = due(Period(30, Unit.CALENDAR_DAY), at("2026-11-26T10:00"), calendar=CN, zone=ZONE)
    assert not within.provisional


def test_loading_a_year_makes_it_certain_and_names_the_version():
    from tocsin.clocks import CalendarYear

    new_year = frozenset({date(2027, 1, 1), date(2027, 1, 25)})
    loaded = CN.with_year(CalendarYear(2027, new_year, frozenset(), "a notice", True), "cn-2027.1")
    found = due(Period(60, Unit.CALENDAR_DAY), at("2026-11-26T10:00"), calendar=loaded, zone=ZONE)
    assert (found.provisional, found.calendar, last_day(found.rolled)) == (False, "cn-2027.1", "2027-01-26")


def test_hours_run_through_nights_and_holidays_and_never_roll():
    found = due(Period(24, Unit.HOUR), at("2026-09-30T22:10"), calendar=CN, zone=ZONE)
    assert found.strict == found.rolled == at("2026-10-01T22:10")


@pytest.mark.parametrize(
    ("start", "n", "unit", "end"),
    [("2026-01-31", 1, "month", "2026-02-28"), ("2026-01-30", 1, "month", "2026-02-28"),
     ("2024-02-29", 1, "year", "2025-02-28"), ("2026-03-15", 12, "month", "2027-03-15"),
     ("2025-08-31", 6, "month", "2026-02-28")],
)  # fmt: skip
def test_months_and_years_end_on_the_same_numbered_day_or_the_last(start, n, unit, end):
    assert last_day(due(Period(n, Unit(unit)), at(f"{start}T12:00"), calendar=CN, zone=ZONE).strict) == end


def test_a_hearing_does_not_count():
    pause = Pause(at("2026-03-10T09:00"), at("2026-03-20T09:00"), clause="hearing")
    found = due(Period(30, Unit.CALENDAR_DAY), at("2026-03-01T10:00"), calendar=CN, zone=ZONE, pauses=[pause])
    assert last_day(found.strict) == "2026-04-10"  # ten days stood still


def test_a_pause_and_its_end_on_one_day_cost_nothing():
    pause = Pause(at("2026-03-10T09:00"), at("2026-03-10T17:00"))
    found = due(Period(30, Unit.CALENDAR_DAY), at("2026-03-01T10:00"), calendar=CN, zone=ZONE, pauses=[pause])
    assert last_day(found.strict) == "2026-03-31"


def test_sixty_days_and_thirty_more_are_counted_on():
    extension = Extension(Period(30, Unit.CALENDAR_DAY), clause="head of the organ")
    both = due(Period(60, Unit.CALENDAR_DAY), at("2026-03-01T10:00"), calendar=CN, zone=ZONE, extensions=[extension])
    once = due(Period(90, Unit.CALENDAR_DAY), at("2026-03-01T10:00"), calendar=CN, zone=ZONE)
    assert both == once


def test_a_clock_that_stands_still_says_so():
    found = due(Period(15, Unit.CALENDAR_DAY), at("2026-03-01T10:00"), calendar=CN, zone=ZONE,
                pauses=[Pause(at("2026-03-05T10:00"))])  # fmt: skip
    assert found.standing


def test_days_are_civil_days_also_where_clocks_jump():
    found = due(Period(1, Unit.CALENDAR_DAY), datetime(2026, 3, 28, 12, tzinfo=UTC), calendar=CN, zone="Europe/Berlin")
    assert found.strict == datetime(2026, 3, 29, 22, tzinfo=UTC)  # 24:00 CEST: that day had 23 hours


@pytest.mark.parametrize(
    "wrong",
    [lambda: due(Period(1, Unit.HOUR), datetime(2026, 1, 1), calendar=CN, zone=ZONE),  # noqa: DTZ001
     lambda: Pause(at("2026-01-02T00:00"), at("2026-01-01T00:00")),
     lambda: due(Period(1, Unit.HOUR), at("2026-01-01T00:00"), calendar=CN, zone=ZONE,
                 pauses=[Pause(at("2026-01-01T00:10")), Pause(at("2026-01-01T00:20"), at("2026-01-01T00:30"))])],
)  # fmt: skip
def test_moments_that_cannot_be_are_refused(wrong):
    with pytest.raises(BadTime):
        wrong()


def test_absurd_periods_and_unknown_calendars_are_refused():
    for n in (-1, 10**9):
        with pytest.raises(BadValue):
            Period(n, Unit.WORKING_DAY)
    for code in ("xx", "../secret", ""):
        with pytest.raises(UnknownName):
            read_calendar(code)
    with pytest.raises(BadForm):
        read_calendar("cn", {"version": "1", "year": [{"year": "x"}]})


# ---------------------------------------------------------------- the slow twin: a pencil, a wall calendar, no arithmetic
def twin(n: int, unit: Unit, start: datetime, pauses: list[tuple[datetime, datetime]]) -> datetime:
    if unit in (Unit.MINUTE, Unit.HOUR):
        left, now = n * (60 if unit is Unit.HOUR else 1), start
        while left or any(a <= now < b for a, b in pauses):
            if not any(a <= now < b for a, b in pauses):
                left -= 1
            now += timedelta(minutes=1)
        return now
    day, left = start.astimezone(SHANGHAI).date(), n
    while left:
        day += timedelta(days=1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=1)
        stood = any(a < midnight <= b for a, b in pauses)
        rest = unit is Unit.WORKING_DAY and not CN.is_working(day)
        left -= not (stood or rest)
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=1)


minutes = st.integers(0, 60 * 24 * 60)


@settings(deadline=None)
@given(
    n=st.integers(1, 60), unit=st.sampled_from([Unit.MINUTE, Unit.HOUR, Unit.CALENDAR_DAY, Unit.WORKING_DAY]),
    start=minutes, cuts=st.lists(minutes, max_size=6, unique=True),
)  # fmt: skip
def test_equals_the_slow_twin(n, unit, start, cuts):
    began = at("2026-02-01T00:00") + timedelta(minutes=start)
    ordered = sorted(cuts)[: len(cuts) // 2 * 2]
    moments = [at("2026-02-01T00:00") + timedelta(minutes=cut) for cut in ordered]
    pauses = list(zip(moments[::2], moments[1::2], strict=True))
    found = due(Period(n, unit), began, calendar=CN, zone=ZONE, pauses=[Pause(a, b) for a, b in pauses])
    expected = twin(n, unit, began, pauses)
    # A pause that begins at the very minute of the end: the period had already run out.
    assert found.strict == expected or (unit in (Unit.MINUTE, Unit.HOUR) and any(a == found.strict for a, _ in pauses))


@settings(deadline=None)
@given(n=st.integers(1, 40), more=st.integers(1, 40), start=minutes, unit=st.sampled_from(list(Unit)[:4]))
def test_an_extension_counts_on_from_where_the_period_ended(n, more, start, unit):
    began = at("2026-02-01T00:00") + timedelta(minutes=start)
    extended = due(Period(n, unit), began, calendar=CN, zone=ZONE, extensions=[Extension(Period(more, unit))])
    assert extended.strict == due(Period(n + more, unit), began, calendar=CN, zone=ZONE).strict


@settings(deadline=None)
@given(n=st.integers(0, 60), start=minutes)
def test_rolled_is_never_before_strict_and_ends_a_working_day(n, start):
    began = at("2026-02-01T00:00") + timedelta(minutes=start)
    found = due(Period(n, Unit.CALENDAR_DAY), began, calendar=CN, zone=ZONE)
    assert found.rolled >= found.strict
    assert CN.is_working(date.fromisoformat(last_day(found.rolled)))
