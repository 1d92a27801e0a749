"""Sparklines keep gaps as gaps and stay inside their frame."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from tocsin.doors.console.sparkline import Sparkline

MINUTE = 60_000_000


def strokes(points: list[tuple[int, float]]) -> str:
    return re.search(r'class="values" d="([^"]*)"', Sparkline(points).svg())[1]  # type: ignore[index]


def test_missing_values_and_silence_break_the_line():
    steady = [(k * MINUTE, float(k)) for k in range(10)]
    assert strokes(steady).count("M") == 1
    missing = [(at, math.nan if k == 5 else value) for k, (at, value) in enumerate(steady)]
    assert strokes(missing).count("M") == 2
    assert strokes(missing).count("L") == 7
    silent = [*steady, *((at + 60 * MINUTE, value) for at, value in steady)]
    assert strokes(silent).count("M") == 2


def test_nothing_is_drawn_of_nothing():
    assert Sparkline([]).svg() == ""
    assert Sparkline([(0, 1.0)]).svg() == ""
    assert Sparkline([(0, math.nan), (1, math.nan)]).svg() == ""


@given(st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(math.nan)), min_size=2, max_size=50), st.floats(-1e9, 1e9))
def test_every_point_is_inside(values: list[float], threshold: float):
    svg = Sparkline([(k * MINUTE, value) for k, value in enumerate(values)], threshold, "<title>").svg()
    assert "<title>" not in svg
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", svg):
        assert 0 <= float(x) <= 320
        assert 0 <= float(y) <= 72


def test_the_title_is_said_in_words():
    assert "&lt;b&gt;" in Sparkline([(0, 1.0), (MINUTE, 2.0)], title="<b>").svg()
