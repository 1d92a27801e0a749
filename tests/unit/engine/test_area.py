"""Rows of an area wait for its frontier and come out by area and moment, whatever the order they came in."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.operators.area import AreaStage, _by_area_and_time
from tocsin.engine.operators.ordering import NEVER

MOMENT = st.one_of(st.integers(0, 300), st.integers(-(2**50), 2**50))
ROWS = st.lists(st.tuples(st.integers(0, 4), MOMENT), max_size=60)


@settings(deadline=None)  # the first example waits for the compiler
@given(ROWS)
def test_the_order_is_that_of_a_stable_sort(rows):
    area, t = (np.array([row[n] for row in rows], np.int64) for n in (0, 1))
    assert _by_area_and_time(area, t, 5).tolist() == np.lexsort((t, area)).tolist()


@settings(deadline=None)  # the first example waits for the compiler
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 50)), max_size=40), st.lists(st.integers(0, 60), max_size=5)
)
def test_every_row_comes_out_once_or_waits_or_is_counted_late(rows, ticks):
    """Two areas of three streams; the seventh stream is in none. Lateness 0: the frontier is the newest moment said."""
    stage = AreaStage(1)
    area_of = np.array([0, 0, 0, 1, 1, 1, -1])
    stage.grow(area_of, np.arange(7), np.arange(7), 2)
    nothing, patient = np.zeros(7, np.int64), np.full(7, 10**9)
    waiting, late, frontier = [], [0, 0], NEVER
    for moment in [*ticks, 100]:
        part, rows = rows[:15], rows[15:]
        slot, t = (np.array([row[n] for row in part], np.int64) for n in (0, 1))
        stage.submit(slot, t)[:] = t
        for s, at in part:
            if area_of[s] >= 0 and at <= frontier:
                late[area_of[s]] += 1
            elif area_of[s] >= 0:
                waiting.append((int(area_of[s]), at, s))
        frontier = max(frontier, moment)
        front = stage.frontiers(moment, np.full(7, moment), nothing, patient)
        area, t, slot, column = stage.release(front, np.ones(2, np.bool_), np.zeros(0, np.int64))
        due = [row for row in waiting if row[1] <= moment]
        waiting = [row for row in waiting if row[1] > moment]
        assert list(zip(area.tolist(), t.tolist(), slot.tolist(), strict=True)) == sorted(due, key=lambda row: row[:2])
        assert column[0].tolist() == t.tolist()
        assert sorted(stage.state()["time"].tolist()) == sorted(row[1] for row in waiting)
        assert stage.late.tolist() == late
