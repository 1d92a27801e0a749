"""storm_day: same seed same day, clear margins at every seed, and instruments that stay within their stated errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.app.simulator.city import FACILITIES, RAIN_GAUGES, RIVER_GAUGES, SOURCES, streams
from tocsin.app.simulator.instruments import gas_shown, rain_shown, river_shown
from tocsin.app.simulator.physics import MINUTES, Storm, rain_mm, river_m
from tocsin.app.simulator.storm_day import storm_day
from tocsin.app.simulator.truth import GAS_ERROR, RAIN_ERROR, RIVER_ERROR_M, TIP_MM, TooClose, crossing, rolling_sum

MINUTE_US = 60_000_000


@pytest.fixture(scope="module")
def day():
    return storm_day()


def test_same_seed_gives_the_same_day_and_another_seed_another():
    assert storm_day(7) == storm_day(7)
    assert storm_day(7).deliveries != storm_day(8).deliveries


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_seed_plays_red_rain_red_river_and_a_leak(seed):
    day = storm_day(seed)
    highest = {}
    for due in day.truth.due:
        highest[due.hazard] = max(highest.get(due.hazard, 0), due.rank)
        assert due.earliest_us < due.latest_us
    assert highest == {"rainstorm": 4, "river_flood": 4, "gas_leak": 3}
    assert day.truth.proposed
    assert not {item.facility for item in day.truth.proposed} & set(day.truth.never_proposed)


def test_deliveries_come_in_order_of_arrival_and_never_before_they_were_observed(day):
    arrivals = [delivery.arrives_us for delivery in day.deliveries]
    assert arrivals == sorted(arrivals)
    for delivery in day.deliveries:
        for observed in delivery.observed_at:
            assert isinstance(observed, str) or observed <= delivery.arrives_us


def test_row_counts_of_the_truth_are_those_of_the_deliveries(day):
    truth = day.truth
    sent = sum(len(delivery.stream) for delivery in day.deliveries)
    assert sent == truth.accepted_rows + sum(refusal.rows for refusal in truth.refused)
    seen: set[tuple[str, int | str]] = set()
    twice = 0
    for delivery in day.deliveries:
        if delivery.why.startswith("seven bad"):
            continue
        for key in zip(delivery.stream, delivery.observed_at, strict=True):
            twice += key in seen
            seen.add(key)
    assert twice == truth.duplicate_rows == len(RAIN_GAUGES)


def test_the_silent_gauge_stops_above_a_stage_and_says_no_more(day):
    (silence,) = day.truth.silent
    rows = [
        (observed, value)
        for delivery in day.deliveries
        for name, observed, value in zip(delivery.stream, delivery.observed_at, delivery.value, strict=True)
        if name == silence.stream
    ]
    last_observed, last_value = max(rows)
    assert last_observed == silence.last_us
    stages = next(gauge for gauge in RIVER_GAUGES if gauge.spot.id == silence.stream)
    assert last_value > stages.major_m
    assert silence.latest_us < day.ends_us


def test_everything_is_labelled_synthetic_and_paths_have_five_levels(day):
    assert day.synthetic
    assert all(source.synthetic for source in SOURCES)
    assert all("synthetic" in facility.title["en"] and "模拟" in facility.title["zh-hans"] for facility in FACILITIES)
    assert all(stream.jurisdiction.count("/") == 4 for stream in streams())


def test_calls_are_counts_of_things_by_cell_and_nothing_else(day):
    calls = [stream for stream in day.streams if stream.source == "sim-hotline"]
    assert {stream.property for stream in calls} == {"reports_water_on_road", "reports_gas_smell", "reports_tree_down"}
    counted = [value for delivery in day.deliveries if delivery.source == "sim-hotline" for value in delivery.value]
    assert sum(counted) > 20
    assert all(value == int(value) >= 0 for value in counted)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(RAIN_GAUGES), st.sampled_from([180, 360, 720]))
def test_rain_gauges_stay_within_their_stated_error(seed, gauge, width):
    rain = rain_mm(Storm(95.0, 0.2), gauge)
    shown = np.zeros(len(MINUTES))
    shown[5::5] = rain_shown(rain, 5, np.random.default_rng(seed))
    exact, seen = rolling_sum(rain, width)[5::5], rolling_sum(shown, width)[5::5]
    # The minute at 00:00 falls in no interval of a reading; it never rains then.
    assert np.all(seen <= exact * (1 + RAIN_ERROR) + TIP_MM)
    assert np.all(seen >= exact * (1 - RAIN_ERROR) - TIP_MM)


@given(st.integers(0, 2**32 - 1))
def test_river_gauges_and_gas_sensors_stay_within_their_stated_error(seed):
    random = np.random.default_rng(seed)
    stage = river_m(Storm(95.0, 0.2), RIVER_GAUGES[1])
    assert np.abs(river_shown(stage, 10, random) - stage[10::10]).max() <= RIVER_ERROR_M
    plume = np.linspace(0, 30, len(MINUTES))
    assert np.abs(gas_shown(plume, 1, random) - plume[1:] - 1.5).max() <= GAS_ERROR


def test_a_river_follows_its_rain_later():
    storm = Storm(95.0, 0.0)
    for gauge in RIVER_GAUGES[:5]:
        rain = [rain_mm(storm, spot) for spot in RAIN_GAUGES if spot.id in gauge.catchment]
        assert np.argmax(river_m(storm, gauge)) > np.argmax(np.mean(rain, axis=0)) + 30


def test_crossing_refuses_a_peak_that_instruments_would_decide():
    exact = np.array([0.0, 1.0, 2.0, 1.0])
    assert crossing(exact + 0.1, exact - 0.1, 1.5, "x") == (2, 2)
    assert crossing(exact + 0.1, exact - 0.1, 3.0, "x") is None
    with pytest.raises(TooClose):
        crossing(exact + 0.1, exact - 0.1, 2.05, "x")
