"""The same hour of past days: by the local clock, over a clock change, with days that lack the hour; and scatter."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine.series import MINUTE, START, Play, stream, town
from tocsin.engine.language.rule import Rule, Rung
from tocsin.engine.language.tree import Arithmetic, Changed, Compare, Constant, SameHour, Value, Window
from tocsin.engine.operators.same_hour import SameHour as Operator
from tocsin.engine.operators.same_hour import local_hours
from tocsin.engine.operators.spread import Deviation
from tocsin.engine.operators.windows import History

LEVEL = {"property": ("level",)}


def minute_of(text: str) -> float:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6 - START) / MINUTE


def test_usual_is_what_the_local_clock_says() -> None:
    """New York left summer time on 2025-11-02: 08:30 there is 12:30 UTC before and 13:30 UTC after."""
    twice = Compare(">=", Value(), Arithmetic("*", SameHour(3), Constant(2.0)), "value", "m")
    play = Play([Rule("t/r", 1, "flood", LEVEL, (Rung(1, twice),))], town(stream(zone="America/New_York")))
    play.rows(*((minute_of(f"2025-{day} {hour}:30"), value) for day, hour, value in (
        ("10-31", 12, 1.0), ("11-01", 12, 1.5), ("11-02", 12, 9.0), ("11-02", 13, 2.0), ("11-03", 12, 2.9), ("11-03", 13, 3.0),
    )))  # fmt: skip
    # 07:30 on the 2nd has no past; 08:30 (13:30 UTC) on the 3rd meets the mean of 1, 1.5 and 2.
    assert [(at, change) for at, change, _ in play.story] == [(minute_of("2025-11-03 13:30"), "raised")]


def test_both_hours_of_one_name_are_one_hour() -> None:
    zone = "America/New_York"
    start = datetime(2025, 11, 2, 5, 30, tzinfo=UTC)  # 01:30 summer time, an hour later it is 01:30 again
    t = np.array([round((start + timedelta(hours=h)).timestamp() * 1e6) for h in (0, 1, 25)], np.int64)
    hours = local_hours(t, zone)
    assert (hours % 24).tolist() == [1, 1, 1]
    operator = Operator(1, "mean")
    operator.grow(1)
    usual, days = operator.run(np.zeros(3, np.int32), hours, np.array([2.0, 4.0, 0.0]))
    assert (usual[2], days.tolist()) == (3.0, [0.0, 0.0, 1.0])


def test_the_hour_left_out_is_a_day_less() -> None:
    t = [round(datetime(2025, 3, day, 7, 15, tzinfo=UTC).timestamp() * 1e6) for day in (8, 9, 10)]
    hours = local_hours(np.array(t, np.int64), "America/New_York")
    assert (hours % 24).tolist() == [2, 3, 3]  # 02:15 of the 9th does not exist


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 40 * 24), st.sampled_from([0.5, 1.0, 2.0])), min_size=1, max_size=60),
    st.integers(1, 9),
    st.sampled_from(["mean", "median"]),
)
def test_hours_over_weeks_equal_the_plain_reading(rows, days, how) -> None:
    rows = sorted(rows)
    operator = Operator(days, how)
    operator.grow(1)
    hour, value = np.array([h for h, _ in rows], np.int64), np.array([v for _, v in rows])
    usual, found = operator.run(np.zeros(len(rows), np.int32), hour, value)
    for i, (now, _) in enumerate(rows):
        means = []
        for day in range(now // 24 - days, now // 24):
            then = [v for h, v in rows[:i] if h == day * 24 + now % 24]
            means += [sum(then) / len(then)] if then else []
        assert found[i] == len(means)
        expected = math.nan if not means else float(np.median(means)) if how == "median" else sum(means) / len(means)
        assert usual[i] == expected or (math.isnan(usual[i]) and not means)


def test_changed_is_known_from_the_second_observation_on() -> None:
    play = Play([Rule("t/r", 1, "flood", LEVEL, (Rung(1, Changed()),))]).rows((0, 1), (1, 1), (2, 3), (3, 3))
    assert play.story == [(2, "raised", 1), (3, "cleared", 0)]
    assert (play.said[0].evidence[0].what, play.said[0].evidence[0].value) == ("changed", 2.0)


def test_a_small_scatter_is_not_drowned_by_a_wide_mean() -> None:
    calm = Compare("<", Window("stddev", 4 * MINUTE), Constant(0.6), "stddev(4min)", "m")
    play = Play([Rule("t/r", 1, "flood", LEVEL, (Rung(1, calm),))]).rows(*((m, 1e9 + m % 2) for m in range(6)))
    assert play.story == [(0, "raised", 1)]  # 0.5, where the textbook formula in doubles gives 0 or not a number


def test_squares_that_leave_the_doubles_are_not_known_and_leave_no_trace() -> None:
    history = History()
    operator = Deviation(history, 3)
    history.grow(1)
    operator.grow(1)
    v = np.array([1.0, 1e200, 1.0, 3.0, 1.0, 3.0, 1.0])
    slot, t = np.zeros(len(v), np.int32), np.arange(len(v), dtype=np.int64)
    out, _ = operator.run(slot, t, v, history.append(slot, t, v))
    assert np.isnan(out[1:4]).all()
    assert out[4] == math.sqrt(8 / 9)
