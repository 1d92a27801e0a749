"""Our measures against the package ``scores`` (Apache-2.0), which serves as their oracle, on random tables and columns."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scores.categorical import BinaryContingencyManager, firm, relative_economic_value_from_rates
from scores.probability import brier_score, roc_auc

from tocsin.measure.contingency import Contingency, contingency_of_cells
from tocsin.measure.level_error import level_errors
from tocsin.measure.probability import brier, reliability, roc_area
from tocsin.terms.errors import BadValue

cells = st.integers(1, 200)
NAMES = {
    "pod": "probability_of_detection", "far": "false_alarm_ratio", "csi": "critical_success_index", "bias": "bias_score",
    "pofd": "probability_of_false_detection", "hss": "heidke_skill_score", "peirce": "peirce_skill_score",
    "sedi": "symmetric_extremal_dependence_index",
}  # fmt: skip


def columns(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.random(n) < 0.4, random.random(n) < 0.3


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(20, 400))
@settings(max_examples=60, deadline=None)
def test_every_figure_of_the_table_equals_the_oracle(seed, n):
    warned, happened = columns(seed, n)
    ours = contingency_of_cells(warned, happened)
    oracle = BinaryContingencyManager(xr.DataArray(warned.astype(float)), xr.DataArray(happened.astype(float)))
    for name, its_name in NAMES.items():
        theirs, mine = float(getattr(oracle, its_name)()), getattr(ours, name)
        if math.isnan(mine) or not math.isfinite(theirs):
            continue  # a zero denominator: they may say infinity where we say "not known"
        assert mine == pytest.approx(theirs, abs=1e-12), name


def test_the_oracle_knows_all_figures_that_are_compared():
    oracle = BinaryContingencyManager(xr.DataArray([1.0, 0.0]), xr.DataArray([1.0, 1.0]))
    assert [name for name in NAMES.values() if not hasattr(oracle, name)] == []


@given(a=cells, b=cells, c=cells, d=cells, ratio=st.floats(0.01, 0.99))
@settings(deadline=None)
def test_economic_value_equals_the_oracle(a, b, c, d, ratio):
    table = Contingency(a, b, c, d)
    base = (a + c) / (a + b + c + d)
    theirs = relative_economic_value_from_rates(
        pod=xr.DataArray(table.pod),
        pofd=xr.DataArray(table.pofd),
        base_rate=xr.DataArray(base),
        cost_loss_ratios=[ratio],
    )
    assert table.value(ratio) == pytest.approx(float(theirs.squeeze()), abs=1e-9)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(10, 300), steps=st.integers(2, 50))
@settings(max_examples=60, deadline=None)
def test_brier_and_roc_equal_the_oracle(seed, n, steps):
    random = np.random.default_rng(seed)
    probability, happened = np.round(random.random(n) * steps) / steps, random.random(n) < 0.4
    ours = brier(probability, happened)
    assert ours.score == pytest.approx(
        float(brier_score(xr.DataArray(probability), xr.DataArray(happened.astype(float))))
    )
    assert ours.score == pytest.approx(ours.reliability - ours.resolution + ours.uncertainty)
    if 0 < happened.sum() < n:
        theirs = roc_auc(xr.DataArray(probability, dims="t"), xr.DataArray(happened.astype(float), dims="t"))
        assert roc_area(probability, happened) == pytest.approx(float(theirs))


def test_the_reliability_diagram_counts_everything_once():
    probability, happened = [0.0, 0.05, 0.1, 0.95, 1.0, 1.0], [False, False, True, True, True, False]
    bins = reliability(probability, happened)
    assert [(b.low, b.n) for b in bins] == [(0.0, 2), (0.1, 1), (0.9, 3)]
    assert bins[-1].observed == pytest.approx(2 / 3)


def test_the_extremal_dependence_index_by_hand():
    table = Contingency(28, 72, 23, 2680)  # Finley's tornadoes; H = 28/51, F = 72/2752
    h, f = math.log(28 / 51), math.log(72 / 2752)
    assert table.edi == pytest.approx((f - h) / (f + h))


def test_what_nobody_knows_is_not_a_number():
    assert math.isnan(brier([], []).score)
    assert math.isnan(roc_area([0.1, 0.2], [True, True]))
    assert math.isnan(Contingency(1, 2, 3).value(0.1))
    assert math.isnan(Contingency(1, 0, 1, 9).sedi)


@pytest.mark.parametrize("wrong", [
    lambda: brier([0.5, 1.5], [True, False]), lambda: brier([0.5], [True, False]),
    lambda: brier([math.nan], [True]), lambda: Contingency(1, 1, 1, 1).value(0.0), lambda: Contingency(1, 1, 1, 1).value(1),
])  # fmt: skip
def test_probabilities_and_ratios_that_cannot_be_are_refused(wrong):
    with pytest.raises(BadValue):
        wrong()


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), share=st.floats(0.05, 0.95))
@settings(max_examples=60, deadline=None)
def test_the_penalty_of_level_errors_is_the_fixed_risk_score(seed, n, share):
    """FIRM with a threshold between every two ranks, all of weight 1: a rank too low costs ``share``, one too high the rest."""
    random = np.random.default_rng(seed)
    given_, deserved = random.integers(0, 5, n), random.integers(0, 5, n)
    theirs = firm(
        xr.DataArray(given_.astype(float), dims="t"), xr.DataArray(deserved.astype(float), dims="t"),
        risk_parameter=share, categorical_thresholds=[0.5, 1.5, 2.5, 3.5], threshold_weights=[1, 1, 1, 1],
    )  # fmt: skip
    ours = level_errors(given_, deserved.tolist()).penalty(too_low=share, too_high=1 - share)
    assert ours == pytest.approx(float(theirs))
