"""The compact notation of series is that of Prometheus, where it has the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.packkit.series import read_series
from tocsin.terms.errors import Refused, TooBig


def unfolded(text: str) -> list[float | str | None]:
    """A list with None where nothing comes and "missing" where the source says so."""
    samples, length = read_series(text)
    out: list[float | str | None] = [None] * length
    for sample in samples:
        out[sample.place] = "missing" if math.isnan(sample.value) else sample.value
    return out


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 2 3.5", [1, 2, 3.5]),
        ("1+2x4", [1, 3, 5, 7, 9]),  # the examples of Prometheus' documentation
        ("1-2x4", [1, -1, -3, -5, -7]),
        ("1x4", [1, 1, 1, 1, 1]),
        ("-2+4x3", [-2, 2, 6, 10]),
        ("1 _x3 5", [1, None, None, None, 5]),
        ("_ 1", [None, 1]),
        ("0.1+0.1x3", [0.1, 0.2, 0.3, 0.4]),  # not 0.30000000000000004
        ("1e3 missing missingx2", [1000, "missing", "missing", "missing"]),
        ("", []),
    ],
)
def test_unfolded(text: str, values: list[object]) -> None:
    assert unfolded(text) == values


@pytest.mark.parametrize("text", ["stale", "1+2", "x3", "1xx3", "NaN", "1,2", "one", "1x-3", "1e400", "_y", "1+2x4x5"])
def test_what_is_no_sample_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_series(f"1 {text}")
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["1x999999999", "_x100000 _", " ".join(["1x9999"] * 11), "1+1x100000"])
def test_too_long_is_refused_before_it_is_unfolded(text: str) -> None:
    with pytest.raises(TooBig):
        read_series(text)


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), max_size=30))
def test_a_series_written_out_comes_back(values: list[int | None]) -> None:
    assert unfolded(" ".join("_" if value is None else str(value) for value in values)) == values
