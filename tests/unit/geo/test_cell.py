"""Cells: what a point's cell is, and who its neighbours are."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.geo import cell_centroid, cell_of, distance_km, neighbours
from tocsin.terms.errors import BadValue


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_a_point_lies_in_its_cell(lon, lat):
    cell = cell_of(lon, lat)
    centre = cell_centroid(cell)
    assert distance_km(lon, lat, *centre) < 1.0  # resolution 8: mean edge 0.53 km
    assert cell_of(*centre) == cell


@given(st.floats(-180, 180), st.floats(-89, 89))
def test_neighbours_are_the_cells_around(lon, lat):
    cell = cell_of(lon, lat)
    around = neighbours(cell)
    assert len(around) in (5, 6)  # five at the twelve pentagons
    assert cell not in around
    assert all(cell in neighbours(other) for other in around)
    assert len(neighbours(cell, 2)) > len(around)


def test_no_place_has_no_cell():
    assert cell_of(math.nan, 1.0) == ""


@pytest.mark.parametrize(("lon", "lat", "resolution"), [(181, 0, 8), (0, -91, 8), (39.9, 116.4, 8), (0, 0, 16)])
def test_impossible_points_are_refused(lon, lat, resolution):
    with pytest.raises(BadValue):
        cell_of(lon, lat, resolution)


def test_text_that_is_no_cell_is_refused():
    with pytest.raises(BadValue, match="nonsense"):
        cell_centroid("nonsense")
