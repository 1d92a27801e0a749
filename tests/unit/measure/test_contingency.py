"""The 2x2 table against Finley's tornado forecasts of 1884, worked by hand in every textbook."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.measure.contingency import Contingency, contingency_of_cells
from tocsin.terms.errors import BadValue

FINLEY = Contingency(hits=28, false_alarms=72, misses=23, quiet=2680)


def test_finley_1884():
    assert FINLEY.pod == pytest.approx(28 / 51)
    assert FINLEY.far == pytest.approx(0.72)
    assert FINLEY.csi == pytest.approx(28 / 123)
    assert FINLEY.bias == pytest.approx(100 / 51)
    assert FINLEY.pofd == pytest.approx(72 / 2752)
    assert FINLEY.hss == pytest.approx(0.3553, abs=5e-5)
    assert FINLEY.peirce == pytest.approx(0.5229, abs=5e-5)


def test_without_quiet_the_figures_that_need_it_are_unknown():
    table = Contingency(3, 1, 0)
    assert (table.pod, table.far, table.csi) == (1.0, 0.25, 0.75)
    assert math.isnan(table.pofd)
    assert math.isnan(table.hss)
    assert math.isnan(table.peirce)


def test_nothing_warned_and_nothing_happened_is_unknown_not_perfect():
    table = Contingency(0, 0, 0, 10)
    assert math.isnan(table.pod)
    assert math.isnan(table.far)
    assert math.isnan(table.csi)


def test_negative_counts_are_refused():
    with pytest.raises(BadValue, match="must not be negative"):
        Contingency(1, -1, 0)


def test_cells_of_two_shapes_are_refused():
    with pytest.raises(BadValue, match="shapes differ"):
        contingency_of_cells([True], [True, False])


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_cells_equal_counting_by_hand(pairs):
    table = contingency_of_cells([w for w, _ in pairs], np.array([h for _, h in pairs], dtype=bool))
    by_hand = [sum((w, h) == kind for w, h in pairs) for kind in ((1, 1), (1, 0), (0, 1), (0, 0))]
    assert [table.hits, table.false_alarms, table.misses, table.quiet] == by_hand
