"""The rota against a twin that asks minute by minute who is there, also in nights when clocks are put forward or back."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.clocks import read_calendar
from tocsin.clocks.rota import Override, Rotation, Turn, empty_parts, moment_of, turns

CALENDAR = read_calendar("cn")
MINUTE = timedelta(minutes=1)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
# The days on which these zones leap in 2026, and the weeks around; and a holiday week with worked weekends in China.
DAYS = [date(2026, 3, 7), date(2026, 3, 28), date(2026, 4, 4), date(2026, 10, 3), date(2026, 10, 24), date(2026, 10, 31),
        date(2026, 2, 13), date(2026, 9, 29)]  # fmt: skip
PEOPLE = ("ann", "bo", "chen")

times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 5, 30, 59]))


@st.composite
def rotations(draw: st.DrawFn, day: date) -> Rotation:
    return Rotation(
        draw(st.sampled_from(["day", "night"])), tuple(draw(st.permutations(PEOPLE))[: draw(st.integers(1, 3))]),
        day - timedelta(days=draw(st.integers(-2, 12))), tuple(draw(st.lists(st.tuples(times, times), min_size=1, max_size=2))),
        draw(st.sampled_from(ZONES)), draw(st.integers(0, 3)),
        frozenset(draw(st.sets(st.integers(0, 6), min_size=1))), draw(st.sampled_from(["all", "working", "rest"])),
        draw(st.none() | st.just(day + timedelta(days=1))),
    )  # fmt: skip


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Rotation], list[Override], datetime, datetime]:
    day = draw(st.sampled_from(DAYS))
    begin = datetime.combine(day, time(12), UTC) + draw(st.integers(0, 36 * 60)) * MINUTE
    end = begin + draw(st.integers(1, 24 * 60)) * MINUTE
    overrides = []
    for _ in range(draw(st.integers(0, 3))):
        start = begin + draw(st.integers(-300, 1500)) * MINUTE
        who = st.sampled_from(["", *PEOPLE])
        overrides.append(Override(start, start + draw(st.integers(1, 900)) * MINUTE, draw(who), draw(who)))
    return draw(st.lists(rotations(day), min_size=1, max_size=2)), overrides, begin, end


def first_minute(day: date, at: time, zone: str) -> datetime:
    """The twin of ``moment_of``: look at the clock every minute."""
    wanted, moment = datetime.combine(day, at), datetime.combine(day, time(0), UTC) - timedelta(hours=15)
    while moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wanted:
        moment += MINUTE
    return moment


def there(plan: list[Rotation], overrides: list[Override], moment: datetime) -> list[str]:
    """Who is there in this minute: every rotation's every day asked by itself; then the overrides, one after the other."""
    found = []
    for rotation in plan:
        held = 0
        for n in range(60):
            day = rotation.start + timedelta(days=n)
            if day.weekday() not in rotation.weekdays or (rotation.end is not None and day > rotation.end):
                continue
            if rotation.days != "all" and CALENDAR.is_working(day) != (rotation.days == "working"):
                continue
            for starts, ends in rotation.shifts:
                turn = n // rotation.turn_days if rotation.turn_days else held
                held += 1
                if not abs(datetime.combine(day, starts, UTC) - moment) < timedelta(days=3):
                    continue
                last = day if ends > starts else day + timedelta(days=1)
                if first_minute(day, starts, rotation.zone) <= moment < first_minute(last, ends, rotation.zone):
                    found.append(rotation.accounts[turn % len(rotation.accounts)])
    for override in overrides:
        if override.from_at <= moment < override.until_at:
            found = [override.instead if one and override.absent in ("", one) else one for one in found]
    return sorted(found)


@settings(max_examples=60, deadline=None)
@given(plan=plans(), data=st.data())
def test_who_is_there_minute_by_minute(
    plan: tuple[list[Rotation], list[Override], datetime, datetime], data: st.DataObject
) -> None:
    """N7: rota, override, holiday and summer time, against the twin; minutes at every edge are among those asked."""
    declared, overrides, begin, end = plan
    made = turns(declared, overrides, begin, end, CALENDAR)
    edges = {at + n * MINUTE for turn in made for at in (turn.from_at, turn.until_at) for n in (-1, 0)}
    asked = {at for at in edges if begin <= at < end} | {begin, end - MINUTE}
    asked |= {begin + data.draw(st.integers(0, int((end - begin) / MINUTE) - 1)) * MINUTE for _ in range(5)}
    for moment in asked:
        held = sorted(turn.account for turn in made if turn.from_at <= moment < turn.until_at)
        assert held == there(declared, overrides, moment), moment
    assert len({turn.key for turn in made}) == len(made) or len({r.id for r in declared}) < len(declared)


@given(day=st.sampled_from(DAYS), shift=st.integers(0, 2), at=times, zone=st.sampled_from(ZONES))
@settings(deadline=None)
def test_a_clock_time_is_its_first_minute(day: date, shift: int, at: time, zone: str) -> None:
    day += timedelta(days=shift)
    assert moment_of(day, at, zone) == first_minute(day, at, zone)


def test_nights_of_summer_time_are_an_hour_shorter_or_longer() -> None:
    night = Rotation("n", ("ann",), date(2026, 1, 1), ((time(20), time(8)),), "Europe/Berlin")
    for day, hours in ((date(2026, 3, 28), 11), (date(2026, 10, 24), 13), (date(2026, 6, 1), 12)):
        begin = moment_of(day, time(21), "Europe/Berlin")
        (turn,) = turns([night], [], begin, begin + MINUTE, CALENDAR)
        assert turn.until_at - turn.from_at == timedelta(hours=hours)


@given(
    wanted=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=4),
    held=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=4),
)
def test_empty_parts_minute_by_minute(wanted: list[tuple[int, int]], held: list[tuple[int, int]]) -> None:
    zero = datetime(2026, 11, 26, tzinfo=UTC)

    def at(n: int) -> datetime:
        return zero + n * MINUTE

    turns_ = [Turn(str(n), "", at(first), at(first + length)) for n, (first, length) in enumerate(wanted)]
    spans = [(at(first), at(first + length)) for first, length in held]
    found = empty_parts(turns_, spans, at(5), at(50))
    for n in range(70):
        is_empty = (
            5 <= n < 50 and any(f <= n < f + size for f, size in wanted) and not any(f <= n < f + s for f, s in held)
        )
        assert is_empty == any(first <= at(n) < last for first, last in found)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))
