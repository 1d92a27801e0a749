"""What makes a backtest of a month fast, against slow readable twins; cells, blocks and rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from tocsin.measure.blocks import block_interval, ratio_interval
from tocsin.measure.cells import covered_cells
from tocsin.measure.episode import Episode
from tocsin.measure.matching import match
from tocsin.measure.rate import poisson_interval
from tocsin.terms.errors import BadValue, TooBig

episodes = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 15), st.sampled_from(["", "x", "y"])).map(
        lambda s: Episode(s[0], s[0] + s[1], 0, s[2])
    ),
    max_size=14,
)


@given(episodes, episodes, st.integers(0, 9), st.integers(0, 9))
def test_found_by_two_searches_is_what_every_pair_says(events, warnings, before, after):
    found = match(events, warnings, before, after)
    for e, event in enumerate(events):
        assert set(found.touching[e]) == {
            w for w, warning in enumerate(warnings) if warning.touches(event, before, after)
        }
        starts = [warnings[w].start_us for w in found.touching[e]]
        assert starts == sorted(starts)
    credited = [w for w in found.credit if w is not None]
    assert len(credited) == len(set(credited))
    assert found.verified + len(found.false_alarms) == len(warnings)


def test_credit_moves_along_a_chain_of_thousands_without_recursion():
    n = 3000
    events = [Episode(10 * k, 10 * k + 9) for k in range(n)]
    warnings = [Episode(10 * k + 8, 10 * k + 12) for k in range(n - 1)] + [Episode(0, 1)]
    assert match(events, warnings).table.hits == n


@given(episodes, st.integers(1, 7))
def test_a_cell_is_covered_where_an_episode_lasts_in_any_part_of_it(found, size):
    places, began, ended = ["x", "y"], 5, 60
    cells = covered_cells(found, places, began, ended, size)
    for row, place in enumerate(places):
        for column in range(cells.shape[1]):
            first, last = began + column * size, began + (column + 1) * size - 1
            wanted = any(e.place in ("", place) and e.start_us <= last and e.end_us >= first for e in found)
            assert cells[row, column] == wanted


def test_cells_that_are_none_or_too_many_are_refused():
    with pytest.raises(BadValue):
        covered_cells([], ["x"], 0, 10, 0)
    with pytest.raises(TooBig):
        covered_cells([], ["x"] * 1000, 0, 10**9, 1)


@given(st.integers(0, 400), st.sampled_from([0.8, 0.95, 0.99]))
@settings(deadline=None)
def test_the_exact_interval_of_a_rate_is_that_of_chi_squared(count, confidence):
    tail = (1 - confidence) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    assert poisson_interval(count, confidence) == pytest.approx((low, chi2.ppf(1 - tail, 2 * count + 2) / 2), rel=1e-6)


def test_blocks_drawn_again_cover_a_known_ratio():
    """Of 100 histories of 40 weeks with a ratio of 0.3 between clustered counts the interval covers it in most."""
    covered = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        storms = random.poisson(random.gamma(1.0, 5.0, 40))
        hits = random.binomial(storms, 0.3)
        low, high = ratio_interval(hits, storms, np.random.default_rng(seed))
        covered += low <= 0.3 <= high
    assert 85 <= covered <= 100
    assert all(math.isnan(end) for end in block_interval(1, lambda drawn: 1.0, np.random.default_rng(0)))
