"""Where a message is about: nobody inside is left out."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.formats.cap import Area, Circle, Info, Pair
from tocsin.geo import cell_of, is_inside
from tocsin.loop.observe.bulletins.placing import MOST_CELLS, Border, place

TOWN = Border("town", "3301", shapely.box(120.0, 30.0, 121.0, 30.5))
EAST = Border("town/east", "330102", shapely.box(120.5, 30.0, 121.0, 30.5))
WEST = Border("town/west", "330103", shapely.box(120.0, 30.0, 120.5, 30.5))
BARE = Border("town/hill", "330104", None)
ALL = (TOWN, EAST, WEST, BARE)


def info(*areas: Area) -> Info:
    return Info("en", ("Met",), "e", "Immediate", "Severe", "Observed", areas=areas)


def ring(west: float, south: float, east: float, north: float) -> Area:
    return Area("a", polygons=(((south, west), (south, east), (north, east), (north, west), (south, west)),))


def test_a_jurisdiction_that_is_covered_counts_as_a_whole() -> None:
    placed = place([info(ring(120.49, 29.9, 121.1, 30.6))], ALL, ("town",))
    assert "town/east" in placed.whole
    assert (place([info(ring(119, 29, 122, 31))], ALL, ("",)).whole, placed.known) == (("town",), True)


def test_a_part_of_it_counts_by_cells() -> None:
    placed = place([info(ring(120.6, 30.1, 120.7, 30.2))], ALL, ("town",))
    assert (placed.paths, placed.whole) == (("town/east",), ())
    assert cell_of(120.65, 30.15) in placed.cells
    assert cell_of(120.9, 30.4) not in placed.cells


def test_a_feed_speaks_only_where_it_is_declared() -> None:
    across = info(ring(120.4, 30.1, 120.6, 30.2))
    placed = place([across], ALL, ("town/east",))
    assert placed.paths == ("town/east",)
    assert all(cell not in placed.cells for cell in (cell_of(120.42, 30.15),))
    assert place([info(ring(100, 10, 101, 11))], ALL, ("",)).paths == ()


def test_without_any_border_a_feed_for_everywhere_still_speaks_of_cells() -> None:
    small = info(ring(120.6, 30.1, 120.62, 30.12))
    assert cell_of(120.61, 30.11) in place([small], (), ("",)).cells
    assert place([small], (), ("town",)).cells == ()
    assert place([info(ring(100, 10, 120, 30))], (), ("",)).cells == ()  # too many, and no border to stand for them


def test_a_code_names_a_place_also_without_an_outline() -> None:
    def coded(code: str) -> Info:
        return info(Area("a", geocodes=(Pair("whatever", code),)))

    assert place([coded("330104")], ALL, ("town",)).whole == ("town/hill",)
    assert place([coded("3301")], ALL, ("town/east", "town/west")).whole == ("town/east", "town/west")
    assert place([coded("999999")], ALL, ("",)).known is False
    assert place([info()], ALL, ("",)).known is False


def test_a_circle_and_a_point_are_placed() -> None:
    placed = place([info(Area("a", circles=(Circle(30.25, 120.75, 2.0),)))], ALL, ("",))
    assert cell_of(120.75, 30.25) in placed.cells
    point = place([info(Area("a", circles=(Circle(30.25, 120.75, 0.0),)))], ALL, ("",))
    assert point.cells == (cell_of(120.75, 30.25),)


def test_too_many_cells_become_whole_jurisdictions() -> None:
    big = (Border("land", "", shapely.box(100, 10, 120, 30)),)
    placed = place([info(ring(101, 11, 119, 29))], big, ("",))
    assert (placed.whole, placed.cells) == (("land",), ())
    assert MOST_CELLS < 10_000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(119.9, 121.1), st.floats(29.9, 30.6)), min_size=3, max_size=7),
    st.tuples(st.floats(120.01, 120.99), st.floats(30.01, 30.49)),
)
def test_whoever_is_inside_is_reached(corners: list[tuple[float, float]], point: tuple[float, float]) -> None:
    """Against the plain question: is the point in the polygon? Then its cell counts, or its jurisdiction as a whole."""
    outline = shapely.make_valid(shapely.Polygon(corners))
    told = Area("a", polygons=(tuple((lat, lon) for lon, lat in [*corners, corners[0]]),))
    placed = place([info(told)], ALL, ("",))
    if not shapely.contains_properly(outline, shapely.Point(point)):
        return
    homes = [border.path for border in (EAST, WEST) if shapely.covers(border.shape, shapely.Point(point))]
    assert cell_of(*point) in placed.cells or any(is_inside(home, path) for home in homes for path in placed.whole)


@pytest.mark.parametrize("times", [1, 3])
def test_several_infos_are_one_area(times: int) -> None:
    infos = [info(ring(120.6, 30.1, 120.7, 30.2)), info(ring(120.1, 30.1, 120.2, 30.2))] * times
    assert set(place(infos, ALL, ("town",)).paths) == {"town/east", "town/west"}
