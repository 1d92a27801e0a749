"""Intervals against published figures and against their own definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.measure.intervals import clopper_pearson, wilson
from tocsin.terms.errors import BadValue


def test_newcombe_1998_table_one():
    # R. G. Newcombe, Statistics in Medicine 17 (1998): 81/263, 15/148, 0/20, 1/29
    for k, n, score, exact in [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ]:
        assert wilson(k, n) == pytest.approx(score, abs=6e-5)
        assert clopper_pearson(k, n) == pytest.approx(exact, abs=6e-5)


def test_no_trials_tell_nothing():
    assert all(math.isnan(x) for x in (*wilson(0, 0), *clopper_pearson(0, 0)))


@pytest.mark.parametrize(("k", "n", "c"), [(-1, 3, 0.9), (4, 3, 0.9), (1, 3, 1.0)])
def test_impossible_counts_are_refused(k, n, c):
    for interval in (wilson, clopper_pearson):
        with pytest.raises(BadValue):
            interval(k, n, c)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_exact_interval_leaves_two_and_a_half_percent_in_each_tail(kn):
    k, n = kn
    low, high = clopper_pearson(k, n)

    def mass(i, p):
        return math.comb(n, i) * p**i * (1 - p) ** (n - i)

    if k > 0:
        assert math.fsum(mass(i, low) for i in range(k, n + 1)) == pytest.approx(0.025, rel=1e-6)
    if k < n:
        assert math.fsum(mass(i, high) for i in range(k + 1)) == pytest.approx(0.025, rel=1e-6)
    assert low <= k / n <= high
    mirrored = clopper_pearson(n - k, n)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-9)
    assert wilson(k, n)[0] <= k / n <= wilson(k, n)[1]
