"""Every operator over rows of streams, and every detector, under the battery."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.engine.detectors.cusum import Cusum
from tocsin.engine.operators.civil import CivilDays, DaysInARow, local_days
from tocsin.engine.operators.neighbours import Previous, Stuck
from tocsin.engine.operators.same_hour import SameHour, local_hours
from tocsin.engine.operators.spread import Deviation, Quantiles
from tocsin.engine.operators.windows import Extreme, First, History, Sum

from . import battery
from .battery import HOUR

relaxed = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
WIDTH = 3 * HOUR


class Plain:
    """An operator whose ``run`` needs no history; ``call`` says how."""

    def __init__(self, operator, call):
        self.operator, self.call = operator, call
        self.grow, self.state, self.load = operator.grow, operator.state, operator.load

    def rows(self, slot, t, v):
        out = self.call(self.operator, slot, t, v)
        out = tuple(out.values()) if isinstance(out, dict) else out if isinstance(out, tuple) else (out,)
        return tuple(np.asarray(column, np.float64) for column in out)


class Windowed:
    """An operator that shares a history, with that history."""

    def __init__(self, kind, call):
        self.history = History()
        self.operator, self.call = kind(self.history), call

    def grow(self, slots):
        self.history.grow(slots)
        self.operator.grow(slots)

    def rows(self, slot, t, v):
        entry = self.history.append(slot, t, v)
        out = self.call(self.operator, slot, t, v, entry)
        self.history.trim(slot, t)
        return tuple(row for column in out for row in np.atleast_2d(np.asarray(column, np.float64)))

    def state(self):
        own = {f"own.{name}": array for name, array in self.operator.state().items()}
        return own | {f"history.{name}": array for name, array in self.history.state().items()}

    def load(self, state):
        self.history.load({name[8:]: array for name, array in state.items() if name.startswith("history.")})
        self.operator.load({name[4:]: array for name, array in state.items() if name.startswith("own.")})


class Scored:
    """A detector as the battery takes it."""

    def __init__(self, detector):
        self.detector = detector
        self.grow, self.state, self.load = detector.grow, detector.state, detector.load

    def rows(self, slot, t, v):
        return (self.detector.step(slot, t, v),)


def quantiles(history):
    made = Quantiles(history, WIDTH)
    made.share(0.5)
    made.share(0.9)
    return made


class Days:
    """Days in a row on the civil days that they come from."""

    def __init__(self):
        self.days, self.row = CivilDays(), DaysInARow()

    def grow(self, slots):
        self.days.grow(slots)
        self.row.grow(slots)

    def run(self, slot, t, v):
        days = self.days.run(slot, local_days(t, "Asia/Shanghai"), v)
        done = (days["last_count"] > 0) & (days["last_high"] >= 2.0)
        return (self.row.run(slot, days["turn"], done, days["high"] >= 2.0),)

    def state(self):
        return {**self.days.state(), **self.row.state()}

    def load(self, state):
        self.days.load(state)
        self.row.load(state)


with_entry = lambda o, s, t, v, e: o.run(s, t, v, e)  # noqa: E731
with_value = lambda o, s, t, v: o.run(s, t, v)  # noqa: E731
OPERATORS = {
    "sum": lambda: Windowed(lambda h: Sum(h, WIDTH), with_entry),
    "first": lambda: Windowed(lambda h: First(h, WIDTH), lambda o, s, t, v, e: o.run(s, t, e)),
    "stddev": lambda: Windowed(lambda h: Deviation(h, WIDTH), with_entry),
    "quantile": lambda: Windowed(quantiles, with_entry),
    "min": lambda: Plain(Extreme("min", WIDTH), with_value),
    "max": lambda: Plain(Extreme("max", WIDTH), with_value),
    "previous": lambda: Plain(Previous(), lambda o, s, t, v: o.run(s, v)),
    "stuck": lambda: Plain(Stuck(), with_value),
    "civil": lambda: Plain(CivilDays(), lambda o, s, t, v: o.run(s, local_days(t, "Asia/Shanghai"), v)),
    "days": lambda: Plain(Days(), with_value),
    "same_hour": lambda: Plain(SameHour(3, "median"), lambda o, s, t, v: o.run(s, local_hours(t, "Asia/Shanghai"), v)),
}
DETECTORS = {"cusum": lambda: Scored(Cusum(2, zone="Asia/Shanghai"))}
ALL = OPERATORS | DETECTORS
VALUES = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 2.25, 3.0])


@st.composite
def rows(draw):
    """Rows of up to three slots over some days, in order of time."""
    found = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), VALUES), min_size=1, max_size=60,
                          unique_by=lambda row: row[:2]))  # fmt: skip
    return sorted(((slot, n * HOUR // 4 * 3, v) for slot, n, v in found), key=lambda row: row[1])


each = pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())


@each
@relaxed
@given(rows(), st.lists(st.integers(1, 60), max_size=4))
def test_any_batch_is_one_at_a_time(make, rows, cuts):
    battery.any_batch_is_one_at_a_time(make, rows, cuts)


@each
@relaxed
@given(rows(), st.integers(0, 60))
def test_a_snapshot_disturbs_nothing(make, rows, cut):
    battery.a_snapshot_disturbs_nothing(make, rows, min(cut, len(rows)))


@each
@relaxed
@given(rows())
def test_slots_do_not_touch_and_nothing_is_left_to_chance(make, rows):
    battery.slots_do_not_touch(make, rows)
    battery.the_same_again_is_the_same(make, rows)


@each
def test_memory_is_bounded(make):
    battery.memory_is_bounded(make)


@pytest.mark.parametrize("make", DETECTORS.values(), ids=DETECTORS.keys())
@relaxed
@given(rows())
def test_what_is_no_number_leaves_no_trace(make, rows):
    battery.what_is_no_number_leaves_no_trace(make, rows, (np.nan, np.inf, -np.inf))


def course(hours, noise, shift_at=None, shift=0.0):
    """A daily course with noise, and from some hour on a shift."""
    h = np.arange(hours)
    v = 10.0 + 3.0 * np.sin(2 * np.pi * h / 24) + noise
    if shift_at is not None:
        v[shift_at:] += shift
    return np.zeros(hours, np.int32), h.astype(np.int64) * HOUR, v


def test_cusum_finds_a_shift_that_no_single_value_shows_and_is_calm_before():
    noise = np.random.default_rng(7).normal(0.0, 0.5, 24 * 40)
    calm, shifted = Cusum(7), Cusum(7)
    for one in (calm, shifted):
        one.grow(1)
        one.fit(*(column[: 24 * 20] for column in course(24 * 40, noise)))
    quiet = calm.step(*(column[24 * 20 :] for column in course(24 * 40, noise)))
    loud = shifted.step(*(column[24 * 20 :] for column in course(24 * 40, noise, 24 * 30, 1.0)))
    assert np.array_equal(quiet[: 24 * 10], loud[: 24 * 10])
    assert np.nanmax(loud[24 * 10 : 24 * 10 + 24]) > 8.0  # found within a day of a shift of two usual sizes
    assert np.nanmax(loud[24 * 10 : 24 * 10 + 24]) > 2 * np.nanmax(quiet[: 24 * 10])
    shifted.reset(np.array([0]))
    assert shifted.up[0] == shifted.down[0] == 0.0


def test_what_a_detector_says_of_itself():
    detector = Cusum(7)
    detector.grow(3)
    assert sum(array.nbytes for array in detector.state().values()) <= 3 * detector.bytes_a_slot
    assert len(detector.assumptions) > 40
