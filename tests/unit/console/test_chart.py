"""Charts keep gaps as gaps, stay inside their frame, and say in a table what they draw."""

from __future__ import annotations

import math
import re
from datetime import UTC, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from tocsin.doors.console.chart import HEIGHT, WIDTH, Chart, ticks

MINUTE = 60_000_000


def chart(points: list[tuple[int, float]], **named: object) -> Chart:
    return Chart(points, "mm", UTC, **named)  # type: ignore[arg-type]


def strokes(points: list[tuple[int, float]]) -> str:
    return re.search(r'class="values" d="([^"]*)"', chart(points).svg())[1]  # type: ignore[index]


def test_missing_values_and_silence_break_the_line():
    steady = [(k * MINUTE, float(k)) for k in range(10)]
    assert strokes(steady).count("M") == 1
    missing = [(at, math.nan if k == 5 else value) for k, (at, value) in enumerate(steady)]
    assert strokes(missing).count("M") == 2
    assert strokes(missing).count("L") == 7
    silent = [*steady, *((at + 60 * MINUTE, value) for at, value in steady)]
    assert strokes(silent).count("M") == 2


def test_nothing_is_drawn_of_nothing():
    assert chart([]).svg() == ""
    assert chart([(0, 1.0)]).svg() == ""
    assert chart([(0, math.nan), (1, math.nan)]).svg() == ""


@given(st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(math.nan)), min_size=2, max_size=50), st.floats(-1e9, 1e9))
def test_every_point_is_inside(values: list[float], threshold: float):
    drawn = chart([(k * MINUTE, value) for k, value in enumerate(values)], threshold=threshold, title="<title>").svg()
    assert "<title>" not in drawn
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", drawn):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_and_within(low: float, span: float):
    found = ticks(low, low + span)
    assert 1 <= len(found) <= 7
    assert all(low - 1e-6 * span <= value <= low + span * (1 + 1e-6) for value in found)


def test_hours_are_civil_hours_of_the_zone():
    kolkata = timezone(timedelta(hours=5, minutes=30))
    points = [(k * 30 * MINUTE, float(k)) for k in range(11)]  # five hours
    words = re.findall(r"<text class=\"tick middle\"[^>]*>([^<]*)", Chart(points, "mm", kolkata).svg())
    assert words == ["06:00", "07:00", "08:00", "09:00", "10:00"]


def test_the_table_says_the_same_newest_first():
    points = [(0, 1.0), (MINUTE, math.nan), (2 * MINUTE, 3.0)]
    assert chart(points).rows() == [(2 * MINUTE, 3.0), (MINUTE, None), (0, 1.0)]
    assert "&lt;b&gt;" in chart([(0, 1.0), (MINUTE, 2.0)], title="<b>").svg()
