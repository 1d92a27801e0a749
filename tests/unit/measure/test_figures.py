"""Lead, level error and timeliness on cases worked by hand."""

import math

import pytest

from tocsin.measure.lead import leads
from tocsin.measure.level_error import level_errors
from tocsin.measure.timeliness import timeliness
from tocsin.terms.errors import BadValue


def test_leads_keep_misses_apart():
    got = leads([100, 100, 100, 100], [40, 90, None, 120])
    assert got.of_found == (-20, 10, 60)
    assert got.misses == 1
    assert got.median_us() == 10
    assert got.median_with_misses_us() == 5  # 60, 10, 0 (late), 0 (missed)
    assert got.share_with_at_least(10) == 0.5
    assert got.quantile_us(1.0) == 60


def test_no_events_no_lead():
    assert math.isnan(leads([], []).median_us())
    assert math.isnan(leads([], []).median_with_misses_us())


def test_level_errors_are_ordered_and_low_costs_more():
    got = level_errors([2, 3, 4, 1], [4, 3, 3, 2])
    assert got.errors == (-2, 0, 1, -1)
    assert got.counts == {-2: 1, -1: 1, 0: 1, 1: 1}
    assert got.exact == 0.25
    assert got.mean == -0.5
    assert got.mean_absolute == 1.0
    assert got.penalty() == (4 + 0 + 1 + 2) / 4
    with pytest.raises(BadValue):
        level_errors([1], [])


def test_timeliness_counts_the_undone_as_late():
    got = timeliness([10, 20, 30, None], limit_us=20)
    assert (got.n, got.in_time, got.open_over, got.share) == (4, 2, 1, 0.5)
    assert got.median_us == 20
    assert got.interval[0] < 0.5 < got.interval[1]
    assert math.isnan(timeliness([], 1).share)
