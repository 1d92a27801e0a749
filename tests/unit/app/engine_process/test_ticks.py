"""Ticks: at most one a second, monotone whatever the wall clock does."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tocsin.app.engine_process.ticks import IDLE_US, SECOND_US, TickClock

S = SECOND_US


def ticks(walls: list[int], *, needed: bool = True) -> list[int]:
    clock = TickClock(0)
    given = [clock.due(wall, lambda: needed) for wall in walls]
    return [tick for tick in given if tick is not None]


def test_one_a_second_on_the_whole_second() -> None:
    assert ticks([1_000_001, 1_200_000, 1_999_999, 2_000_000, 5_500_000]) == [S, 2 * S, 5 * S]


def test_one_a_minute_while_nothing_depends_on_them() -> None:
    assert ticks([n * S for n in range(1, 200)], needed=False) == [60 * S, 120 * S, 180 * S]


def test_a_clock_that_steps_back_gives_none_until_it_has_caught_up() -> None:
    assert ticks([100 * S, 40 * S, 99 * S, 100 * S, 101 * S]) == [100 * S, 101 * S]


def test_it_is_not_asked_whether_they_are_needed_when_the_second_is_not_over() -> None:
    asked = []
    clock = TickClock(S)
    clock.due(S + 5, lambda: bool(asked.append(1)))
    assert not asked


@given(st.lists(st.integers(0, 10 * IDLE_US), max_size=60), st.booleans())
def test_ticks_only_rise_by_whole_seconds(walls: list[int], needed: bool) -> None:
    given_out = ticks(walls, needed=needed)
    assert all(later - earlier >= S for earlier, later in pairwise(given_out))
    assert all(tick % S == 0 for tick in given_out)
