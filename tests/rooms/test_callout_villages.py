"""Which villages a warning calls out: the smallest areas inside what it names, and of a drawn one those that it reaches."""

from __future__ import annotations

from itertools import pairwise

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tocsin.loop.warn.calling import villages
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.names import Names
from tocsin.records.places.services import Area

SIDE = 0.1


def square(x: int, y: int) -> list[list[list[float]]]:
    west, south = 120 + x * SIDE, 30 + y * SIDE
    ring = [(west, south), (west + SIDE, south), (west + SIDE, south + SIDE), (west, south + SIDE), (west, south)]
    return [[list(point) for point in ring]]


GRID = {f"county/town-{x // 2}/v{x}{y}": square(x, y) for x in range(4) for y in range(4)}


def names(*, bare: frozenset[str] = frozenset()) -> Names:
    whole = [[[120.0, 30.0], [120.4, 30.0], [120.4, 30.4], [120.0, 30.4], [120.0, 30.0]]]
    areas = [Area("county", {}, 3, "UTC", whole), *(Area(f"county/town-{n}", {}, 4, "UTC", []) for n in (0, 1))]
    areas += [Area(path, {}, 5, "UTC", [] if path in bare else border) for path, border in GRID.items()]
    return Names({area.path: area for area in areas}, {}, [])


def test_a_named_area_calls_everything_below_it() -> None:
    assert villages(Areas(("county",)), names()) == sorted(GRID)
    assert villages(Areas(("county/town-1",)), names()) == sorted(path for path in GRID if "town-1" in path)
    assert villages(Areas(("county/town-0/v00",)), names()) == ["county/town-0/v00"]


def test_an_area_that_nobody_registered_is_called_as_it_is_named() -> None:
    assert villages(Areas(("elsewhere",)), names()) == ["elsewhere"]


def test_a_village_without_a_border_is_called_rather_than_forgotten() -> None:
    ring = ((120.01, 30.01), (120.05, 30.01), (120.05, 30.05), (120.01, 30.05), (120.01, 30.01))
    drawn = Areas(("county",), polygons=(ring,))
    bare = frozenset({"county/town-1/v33"})
    assert villages(drawn, names(bare=bare)) == ["county/town-0/v00", "county/town-1/v33"]


def test_a_small_circle_in_a_large_village_calls_that_village() -> None:
    assert villages(Areas(("county",), circles=((30.15, 120.25, 0.2),)), names()) == ["county/town-1/v21"]


@given(st.lists(st.floats(119.95, 120.45), min_size=2, max_size=2, unique=True),
       st.lists(st.floats(29.95, 30.45), min_size=2, max_size=2, unique=True))  # fmt: skip
def test_a_drawn_area_calls_the_villages_that_a_slow_twin_names(xs: list[float], ys: list[float]) -> None:
    (west, east), (south, north) = sorted(xs), sorted(ys)
    if any(high - low < 0.005 for low, high in (*pairwise((west, east)), *pairwise((south, north)))):
        return
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    called = villages(Areas(("county",), polygons=(ring,)), names())
    drawn = shapely.box(west, south, east, north)
    shares = {path: shapely.Polygon(border[0]).intersection(drawn).area for path, border in GRID.items()}
    wanted = {path for path, area in shares.items() if max(area / SIDE**2, area / drawn.area) > 0.0101}
    perhaps = {path for path, area in shares.items() if max(area / SIDE**2, area / drawn.area) > 0.0099}
    if wanted:
        assert wanted <= set(called) <= perhaps


@pytest.mark.parametrize("count", [3000])
def test_many_villages_are_found_in_one_pass(count: int) -> None:
    areas = {f"county/t{n % 50}/v{n}": Area(f"county/t{n % 50}/v{n}", {}, 5, "UTC", []) for n in range(count)}
    areas |= {path: Area(path, {}, 3, "UTC", []) for path in ("county", *(f"county/t{n}" for n in range(50)))}
    assert len(villages(Areas(("county",)), Names(areas, {}, []))) == count
