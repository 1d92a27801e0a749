"""Simplified outwards: few points, nobody left out, little added; and where a message is about."""

from __future__ import annotations

import math
import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.cap.sample import RING, SENT, alert, area, english, with_area

from tocsin.formats.cap import (
    Area,
    Circle,
    Pair,
    Ring,
    check,
    ends_at,
    gravity,
    has_ended,
    holes,
    is_for_the_public,
    read,
    simplify_outwards,
    starts_at,
    target_shape,
)
from tocsin.formats.cap.codes import CERTAINTIES, SEVERITIES, URGENCIES
from tocsin.terms.errors import BadValue


def shape(ring: Ring) -> shapely.Polygon:
    return shapely.Polygon([(lon, lat) for lat, lon in ring])


def star(seed: int, points: int, lat: float, lon: float, size: float, depth: float) -> Ring:
    """A ragged outline round a centre."""
    chance = random.Random(seed)
    made = []
    for number in range(points):
        angle, reach = 2 * math.pi * number / points, size * (1 - depth * chance.random())
        made.append((round(lat + reach * math.sin(angle), 6), round(lon + reach * math.cos(angle), 6)))
    return (*made, made[0])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(100, 700), st.floats(-80, 80), st.floats(-170, 170), st.sampled_from((0.002, 0.1, 5.0)),
    st.floats(0, 0.9), st.sampled_from((8, 20, 100)),
)  # fmt: skip
def test_any_outline_is_contained_in_few_points(seed, points, lat, lon, size, depth, most):
    ring = star(seed, points, lat, lon, size, depth)
    made = simplify_outwards(ring, most)
    assert len(made) <= most
    assert made[0] == made[-1]
    assert shape(made).is_valid
    assert shape(made).covers(shapely.make_valid(shape(ring)))
    assert all(-90 <= y <= 90 and -180 <= x <= 180 for y, x in made)
    assert shape(made).area <= 1.05 * shapely.box(*shape(ring).buffer(2e-4).bounds).area


def test_a_short_ring_is_left_as_it_is():
    assert simplify_outwards(RING) is RING


def comb(teeth: int) -> Ring:
    """A comb: long narrow teeth, the worst for straightening."""
    edge = [(0.0, 0.0)]
    for number in range(teeth):
        edge += [
            (1.0, number / 100),
            (1.0, number / 100 + 0.004),
            (0.0, number / 100 + 0.005),
            (0.0, number / 100 + 0.009),
        ]
    return (*edge, (-0.1, teeth / 100), (-0.1, 0.0), (0.0, 0.0))


def spiral(turns: int, points: int) -> Ring:
    out = [((1 + n / points) * math.sin(2 * math.pi * turns * n / points) / 2,
            (1 + n / points) * math.cos(2 * math.pi * turns * n / points) / 2) for n in range(points)]  # fmt: skip
    back = [(0.97 * lat, 0.97 * lon) for lat, lon in reversed(out)]
    return (*out, *back, out[0])


@pytest.mark.parametrize(
    "ring", [comb(60), spiral(3, 300), star(1, 5000, 30, 110, 2, 0.2)], ids=["comb", "spiral", "long"]
)
@pytest.mark.parametrize("most", [8, 30, 100])
def test_awkward_outlines(ring: Ring, most: int):
    made = simplify_outwards(ring, most)
    assert len(made) <= most
    assert shape(made).covers(shapely.make_valid(shape(ring)))


def test_a_ring_that_crosses_itself_or_is_open_is_contained():
    crossing = tuple((math.sin(3 * n / 20), math.sin(2 * n / 20)) for n in range(126))
    made = simplify_outwards((*crossing, crossing[0]))
    assert shape(made).covers(shapely.make_valid(shape((*crossing, crossing[0]))))
    assert shape(made).is_valid
    assert simplify_outwards(RING[:-1])[0] == simplify_outwards(RING[:-1])[-1]


@pytest.mark.parametrize(
    ("ring", "most"),
    [(RING[:3], 100), (RING, 7), (((0, 179), (0, -179), (1, -179), (0, 179)), 100)],
)
def test_what_cannot_be_simplified_is_refused(ring: Ring, most: int):
    with pytest.raises(BadValue):
        simplify_outwards(ring, most)


@pytest.mark.data
def test_real_outlines_grow_little(corpus: Path):
    seen = 0
    for path in sorted([*(corpus / "real").glob("*.xml"), corpus / "signed" / "tg-valid.xml"]):
        for info in read(path.read_bytes()).require().infos[:1]:
            for ring in (ring for one in info.areas for ring in one.polygons if len(ring) > 100):
                made = simplify_outwards(ring)
                assert len(made) <= 100
                assert shape(made).covers(shapely.make_valid(shape(ring))), path.name
                assert shape(made).area < 1.08 * shape(ring).area, path.name
                seen += 1
    assert seen >= 6


@pytest.mark.data
def test_the_polygon_of_41009_points(corpus: Path):
    """R48: read in under a second and simplified, never dropped."""
    data = (corpus / "signed" / "bf-valid-41009pt-polygon.xml").read_bytes()
    begun = time.process_time()
    (ring,) = read(data).require().infos[0].areas[0].polygons
    assert time.process_time() - begun < 1.0
    assert len(ring) == 41_009
    made = simplify_outwards(ring)
    assert len(made) <= 100
    assert shape(made).covers(shapely.make_valid(shape(ring)))
    assert shape(made).area < 1.08 * shape(ring).area
    ours = with_area(polygons=(made,))
    assert [finding for finding in check(ours) if finding.rule in ("P4", "R41", "R39")] == []


# ------------------------------------------------------------ where
def about(*areas: Area) -> shapely.Geometry:
    return target_shape(english(areas=areas))


def test_the_target_is_the_union_of_all_areas():
    other = tuple((lat + 1, lon) for lat, lon in RING)
    made = about(area(), area(polygons=(other,)), area(polygons=(), circles=(Circle(39.0, 116.0, 10),)))
    assert made.area == pytest.approx(
        shape(RING).area * 2 + about(area(polygons=(), circles=(Circle(39, 116, 10),))).area
    )
    assert about(area(), area()).equals(about(area()))


def test_no_area_and_only_codes_are_not_everywhere():
    assert about().is_empty
    assert about(area(polygons=())).is_empty


@pytest.mark.parametrize(("lat", "lon", "radius"), [(39.9, 116.4, 5), (70, 20, 100), (-35, 150, 0.2), (0, 0, 500)])
def test_a_circle_holds_everything_within_its_radius(lat: float, lon: float, radius: float):
    made = about(Area("x", circles=(Circle(lat, lon, radius),)))
    for bearing in range(0, 360, 7):
        angle, arc = math.radians(bearing), radius * 0.9999 / 6371.0088
        up = math.asin(math.sin(math.radians(lat)) * math.cos(arc)
                       + math.cos(math.radians(lat)) * math.sin(arc) * math.cos(angle))  # fmt: skip
        aside = math.atan2(math.sin(angle) * math.sin(arc) * math.cos(math.radians(lat)),
                           math.cos(arc) - math.sin(math.radians(lat)) * math.sin(up))  # fmt: skip
        assert made.contains(shapely.Point(lon + math.degrees(aside), math.degrees(up)))
    assert about(Area("x", circles=(Circle(lat, lon, 0),))).equals(shapely.Point(lon, lat))


def test_holes_of_a_convention_are_cut_out():
    inner = "39.9,116.3 39.9,116.5 40.0,116.5 40.0,116.3 39.9,116.3"
    holed = area(
        geocodes=(Pair("EXCLUDE_POLYGON", inner), Pair("EXCLUDE_POLYGON", "no ring"), Pair("CPEAS", "1,1 1,2 2,2 1,1"))
    )
    assert len(holes(holed)) == 1
    assert not about(holed).contains(shapely.Point(116.4, 39.95))
    assert about(holed).contains(shapely.Point(116.25, 39.95))


@pytest.mark.data
def test_the_real_message_with_holes_warns_nobody_inside_them(corpus: Path):
    info = read((corpus / "real" / "de-dwd-8-languages-exclude-polygon.xml").read_bytes()).require().infos[0]
    cut = [ring for one in info.areas for ring in holes(one)]
    assert cut
    whole = target_shape(info)
    for ring in cut:
        assert not whole.contains(shape(ring).representative_point())


# ------------------------------------------------------------ when, and how grave
def test_what_is_absent_has_its_meaning():
    bare = english(effective=None, onset=None, expires=None)
    policy = timedelta(hours=12)
    assert starts_at(alert(), bare) == SENT
    assert starts_at(alert(), english(effective=SENT + policy)) == SENT + policy
    assert ends_at(alert(), bare, policy) == SENT + policy
    assert ends_at(alert(), english(onset=SENT + policy, expires=None), policy) == SENT + 2 * policy
    assert ends_at(alert(), english(), policy) == SENT + timedelta(hours=6)
    assert bare.spoken == "en-US"
    assert english(language="").spoken == "en-US"


def test_a_message_has_ended_when_all_its_infos_have():
    policy = timedelta(hours=1)
    made = alert(infos=(english(), english(expires=SENT + timedelta(hours=9))))
    assert not has_ended(made, SENT + timedelta(hours=7), policy)
    assert has_ended(made, SENT + timedelta(hours=9), policy)
    assert not has_ended(alert(infos=()), SENT + timedelta(days=999), policy)


def test_unknown_sorts_with_the_highest():
    assert gravity(english(severity="Unknown")) == gravity(english(severity="Extreme"))
    for name, levels in (("severity", SEVERITIES), ("urgency", URGENCIES), ("certainty", CERTAINTIES)):
        ranks = [gravity(english(**{name: level})) for level in levels]
        assert ranks[:-1] == sorted(ranks[:-1], reverse=True)
        assert ranks[-1] == ranks[0]


@pytest.mark.parametrize("status", ["Test", "Exercise", "System", "Draft"])
def test_only_actual_public_messages_are_for_the_public(status: str):
    assert is_for_the_public(alert())
    assert not is_for_the_public(alert(status=status))
    assert not is_for_the_public(alert(scope="Restricted", restriction="x"))
    assert not is_for_the_public(alert(msg_type="Ack"))


def test_an_onset_before_sent_is_no_defect_of_what_we_read():
    made = alert(infos=(english(onset=SENT - timedelta(hours=1)),))
    assert check(made, producing=False) == []
