"""Distances against formulas that are slower and plainer than ours."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.geo import EARTH_RADIUS_KM, PointIndex, centroid, distance_km, distances_km, unit_vector, within_km

lons = st.floats(-180, 180)
lats = st.floats(-90, 90)
points = st.tuples(lons, lats)
keys = st.sampled_from("abcdefgh")


def by_angle(a, b):
    """The same distance from the angle between two vectors (Kahan's stable form), without haversine."""
    u, v = np.array(unit_vector(*a)), np.array(unit_vector(*b))
    return 2 * EARTH_RADIUS_KM * math.atan2(float(np.linalg.norm(u - v)), float(np.linalg.norm(u + v)))


@given(points, points)
def test_agrees_with_the_angle_between_vectors(a, b):
    # Half a metre: at nearly opposite points the arcsine of haversine loses digits.
    assert distance_km(*a, *b) == pytest.approx(by_angle(a, b), abs=5e-4)
    assert distance_km(*a, *b) == distance_km(*b, *a)


@given(st.lists(points, min_size=1, max_size=20), points, st.floats(0, 20100))
def test_columns_agree_with_single_points(rows, centre, km):
    column = np.array(rows)
    one_by_one = [distance_km(*centre, *row) for row in rows]
    assert distances_km(*centre, column[:, 0], column[:, 1]) == pytest.approx(one_by_one, abs=1e-6)
    clear_of_edge = [abs(away - km) > 1e-6 for away in one_by_one]
    expected = np.array([away <= km for away in one_by_one])
    assert (within_km(column, centre, km) == expected)[clear_of_edge].all()


def test_known_distances():
    assert distance_km(116.40, 39.90, 121.47, 31.23) == pytest.approx(1068, abs=2)  # Beijing to Shanghai
    assert distance_km(179.9, -17.0, -179.9, -17.0) == pytest.approx(21.27, abs=0.01)  # across the antimeridian
    assert distance_km(0, 90, 123, 90) == pytest.approx(0, abs=1e-9)  # the pole is one point
    assert math.isnan(distance_km(math.nan, 0, 1, 1))
    assert not within_km(np.array([[math.nan, 0.0]]), (0.0, 0.0), 1e6).any()


@given(points, points)
def test_centroid_of_two_lies_halfway(a, b):
    if by_angle(a, b) > 20000:
        return  # opposite points have no middle
    middle = centroid([a, b])
    assert distance_km(*a, *middle) == pytest.approx(distance_km(*b, *middle), abs=0.01)


def test_centroid_of_nothing_is_nowhere():
    assert all(math.isnan(x) for x in centroid([]))
    assert centroid([(179, 0), (-179, 0)])[0] in (pytest.approx(180), pytest.approx(-180))


@given(
    st.lists(st.tuples(keys, lons | st.sampled_from([180.0, -180.0, 179.999]), lats), max_size=30),
    keys, points, st.sampled_from([0.0, 0.001, 1.0, 50.0, 900.0, 20100.0]),
)  # fmt: skip
def test_index_finds_what_looking_at_everyone_finds(added, gone, centre, km):
    index, plain = PointIndex(km), {}
    for key, lon, lat in added:
        index.add(key, lon, lat)
        plain[key] = (lon, lat)
    index.discard(gone)
    plain.pop(gone, None)
    assert len(index) == len(plain)
    assert gone not in index
    for at in [centre, *plain.values()]:
        near = {key: distance_km(*at, *point) for key, point in plain.items() if distance_km(*at, *point) <= km}
        assert {key: away for away, key in index.near(*at)} == near
