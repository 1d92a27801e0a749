"""Geotargeting against shapely's robust predicates, on the border itself too, and the odd places of the globe."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.geo.targeting import PointSet
from tocsin.terms.errors import BadValue

corner = st.tuples(st.integers(0, 8), st.integers(0, 8))


def star(count: int, random: np.random.Generator) -> list[tuple[float, float]]:
    """A simple outline: corners around a centre."""
    angles = np.sort(random.uniform(0, 2 * math.pi, count))
    radii = random.uniform(0.5, 4.0, count)
    return [(5 + r * math.cos(a), 5 + r * math.sin(a)) for a, r in zip(angles, radii, strict=True)]


@given(corners=st.lists(corner, min_size=3, max_size=9, unique=True))
@settings(max_examples=300, deadline=None)
def test_points_on_a_lattice_are_judged_as_shapely_does_border_included(corners):
    outline = shapely.Polygon(corners)
    if not outline.is_valid or outline.area == 0:
        return
    lon, lat = (
        column.ravel().astype(float) for column in np.meshgrid(np.arange(-1, 10) / 1.0, np.arange(-1, 10) / 1.0)
    )
    found = PointSet(lon, lat).inside([[corners]])
    assert np.array_equal(found, shapely.intersects(outline, shapely.points(lon, lat)))


@given(seed=st.integers(0, 10_000), count=st.integers(3, 200), points=st.integers(1, 3000))
@settings(max_examples=60, deadline=None)
def test_any_outline_with_a_hole_equals_shapely(seed, count, points):
    random = np.random.default_rng(seed)
    outline, hole = star(count, random), [(4.9, 4.9), (5.1, 4.9), (5.1, 5.1), (4.9, 5.1)]
    shape = shapely.Polygon(outline).symmetric_difference(shapely.Polygon(hole))
    if not shapely.Polygon(outline).is_valid or not shapely.Polygon(outline).contains(shapely.Polygon(hole)):
        return
    lon, lat = random.uniform(0, 10, points), random.uniform(0, 10, points)
    lon[: points // 4], lat[: points // 4] = (np.resize([c[k] for c in outline], points // 4) for k in (0, 1))
    found = PointSet(lon, lat).inside([[outline, hole]])
    assert np.array_equal(found, shapely.intersects(shape, shapely.points(lon, lat)))


def test_a_union_counts_nobody_twice_and_a_hole_is_not_warned():
    lon, lat = np.array([0.5, 1.5, 1.0, 3.0]), np.array([0.5, 0.5, 0.5, 0.5])
    left, right = [(0, 0), (1, 0), (1, 1), (0, 1)], [(1, 0), (2, 0), (2, 1), (1, 1)]
    assert PointSet(lon, lat).inside([[left], [right]]).tolist() == [True, True, True, False]
    hole = [(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]
    assert PointSet(lon, lat).inside([[left, hole]]).tolist() == [False, False, True, False]


@pytest.mark.parametrize("ring", [
    [(179, 0), (-179, 0), (-179, 2), (179, 2)],
    [(179, 0), (181, 0), (181, 2), (179, 2)],
    [(-181, 0), (-179, 0), (-179, 2), (-181, 2)],
])  # fmt: skip
def test_the_antimeridian_is_no_border(ring):
    lon, lat = np.array([179.5, -179.5, 180.0, -180.0, 178.5, -178.5, 0.0]), np.full(7, 1.0)
    assert PointSet(lon, lat).inside([[ring]]).tolist() == [True, True, True, True, False, False, False]


def test_one_point_no_point_and_points_all_in_one_place():
    square = [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]]
    assert PointSet(np.array([0.5]), np.array([0.5])).inside([square]).tolist() == [True]
    assert PointSet(np.array([]), np.array([])).inside([square]).tolist() == []
    assert PointSet(np.full(100, 1.0), np.full(100, 1.0)).inside([square]).all()
    assert not PointSet(np.full(100, 1.5), np.full(100, 1.0)).inside([square]).any()


@pytest.mark.parametrize("wrong", [
    lambda: PointSet(np.array([math.nan]), np.array([0.0])),
    lambda: PointSet(np.array([0.0]), np.array([91.0])),
    lambda: PointSet(np.array([0.0, 1.0]), np.array([0.0])),
    lambda: PointSet(np.array([0.0]), np.array([0.0])).inside([[[(0, 0), (1, 1)]]]),
    lambda: PointSet(np.array([0.0]), np.array([0.0])).inside([[[(0, 0), (1, 1), (math.nan, 2)]]]),
])  # fmt: skip
def test_what_is_no_position_or_no_area_is_refused(wrong):
    with pytest.raises(BadValue):
        wrong()
