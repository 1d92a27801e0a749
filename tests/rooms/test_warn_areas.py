"""Where a warning holds: areas, cells, circles, outlines; what is drawn wrongly is refused in words; what is inside counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import shapely

from tests.rooms.test_warn import TABLE, drafted, edited, line, signed
from tests.rooms.test_warn_pages import browser, composed, fields, text
from tocsin.doors.console.sketch import sketch_of
from tocsin.formats.cap import check, read
from tocsin.geo import cell_of, cell_ring, cells_touching
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.authority import AuthorityLine, touched_paths
from tocsin.loop.warn.cap_message import our_producer
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.reach import reach
from tocsin.loop.warn.shapes import CELLS_AT_MOST
from tocsin.records.audience import services as audience
from tocsin.records.audience.models import SubscriberRow
from tocsin.records.audience.selection import seal
from tocsin.records.audience.services import Subscription, Target
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import services as places
from tocsin.terms.errors import BadValue, NotAllowed, TooBig
from tocsin.testing.town import AREAS, CITY, EAST, WEST, Town

pytestmark = pytest.mark.django_db

SQUARE = ((120.6, 30.1), (120.8, 30.1), (120.8, 30.3), (120.6, 30.3), (120.6, 30.1))
NEAR = ((120.7, 30.2), (120.9, 30.2), (120.9, 30.4), (120.7, 30.4), (120.7, 30.2))
BOW = ((120.6, 30.1), (120.8, 30.3), (120.8, 30.1), (120.6, 30.3), (120.6, 30.1))
LINE = ((120.6, 30.1), (120.7, 30.2), (120.8, 30.3), (120.6, 30.1))
DOT = ((120.6, 30.1), (120.6, 30.1), (120.6, 30.1), (120.6, 30.1))
CELL = cell_of(120.75, 30.25)


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


@pytest.mark.parametrize(("areas", "said"), [
    (Areas((EAST,), polygons=(BOW,)), "crosses or touches itself near 30.2000, 120.7000"),
    (Areas((EAST,), polygons=(LINE,)), "crosses or touches itself|encloses nothing"),
    (Areas((EAST,), polygons=(DOT,)), "less than three different points"),
    (Areas((EAST,), polygons=(SQUARE, NEAR)), "two of its parts overlap"),
    (Areas((EAST,), circles=((30.2, 120.7, 5),), polygons=(SQUARE,)), "two of its parts overlap"),
    (Areas((EAST,), cells=(CELL, cell_of(120.75, 30.25, 7))), "two of its parts overlap"),
    (Areas((CITY, EAST)), "lies in Simcity, which is chosen too"),
    (Areas((WEST,), polygons=(SQUARE,)), "outside the chosen areas"),
    (Areas(("elsewhere",)), "nobody registered it"),
])  # fmt: skip
def test_what_is_drawn_wrongly_is_refused_in_words(town: Town, areas: Areas, said: str) -> None:
    warning = drafted(town)
    with pytest.raises((BadValue, NotAllowed), match=said) as refused:
        edited(town, warning, areas=areas)
    assert refused.value.remedy
    assert line(town, warning).version == 1


def test_cells_that_are_none_and_too_many_are_refused(town: Town) -> None:
    warning = drafted(town)
    with pytest.raises(BadValue, match="not an H3 cell"):
        edited(town, warning, areas=Areas((EAST,), cells=("88no",)))
    many = tuple(sorted(cells_touching(SQUARE, 9)))[: CELLS_AT_MOST + 1]
    with pytest.raises(TooBig, match="501"):
        edited(town, warning, areas=Areas((EAST,), cells=many))


def test_cells_outside_the_authority_are_refused(town: Town) -> None:
    services.put_authority([AuthorityLine("emergency", "*", EAST, 1, 4, "test")], actor=SYSTEM, now=town.now)
    warning = drafted(town)
    edited(town, warning, areas=Areas((EAST,), cells=(cell_of(120.5, 30.25, 5),)))
    with pytest.raises(NotAllowed, match="West district") as refused:
        services.submit(warning, version=line(town, warning).version, actor=town.as_("duty"), now=town.now)
    assert refused.value.remedy


def test_cells_side_by_side_go_out_as_one_outline_that_holds_all_of_them(town: Town) -> None:
    chosen = tuple(sorted(cells_touching(((120.7, 30.2), (120.75, 30.2), (120.75, 30.25), (120.7, 30.2)), 8)))
    assert len(chosen) > 10
    warning = drafted(town)
    edited(town, warning, areas=Areas((EAST,), cells=chosen))
    message = read(queries.alert(signed(town, warning)).document).alert
    assert message is not None
    [polygon] = message.infos[1].areas[0].polygons
    assert len(polygon) <= 100
    out = shapely.Polygon([(lon, lat) for lat, lon in polygon]).buffer(1e-6)
    assert all(out.contains(shapely.Polygon(cell_ring(cell))) for cell in chosen)
    assert [f for f in check(message, producer=our_producer(Names.read())) if f.grade == "error"] == []
    assert touched_paths(line(town, warning).content.areas, Names.read()) == [EAST]


def test_what_it_reaches_stands_in_figures(town: Town) -> None:
    peopled = [AREAS[0], *(replace(area, population=80_000) for area in AREAS[1:])]
    places.put_jurisdictions(peopled, actor="test", now=town.now)
    audience.put_targets(
        [Target("siren", {"en": "s"}, "mqtt", "simcity/siren", "en", [EAST])], actor=SYSTEM, now=town.now
    )
    for number in range(6):
        audience.ask(
            Subscription("mail", f"p{number}@mail.example", "en", [EAST] if number < 5 else [WEST]), now=town.now
        )
    for row in SubscriberRow.objects.all():
        audience.confirm(row.id, seal().proof("confirm", row.id), now=town.now)
    whole = reach(line(town, drafted(town)).content)
    assert (whole.subscribers, whole.targets, whole.facilities, whole.people) == (5, 1, 2, 80_000)
    city = drafted(town, areas=Areas((CITY,)))
    assert reach(line(town, city).content).people == 160_000  # of the districts together
    half = drafted(town)
    ring = ((120.5, 30.0), (120.75, 30.0), (120.75, 30.5), (120.5, 30.5), (120.5, 30.0))
    edited(town, half, areas=Areas((EAST,), polygons=(ring,)))
    inside = reach(line(town, half).content)
    assert inside.facilities == 1  # the old mill; the underpass lies east of it
    assert inside.people == 40_000
    near = drafted(town)
    edited(town, near, areas=Areas((EAST,), circles=((30.26, 120.76, 0.5),)))
    assert reach(line(town, near).content).facilities == 1
    drill = reach(line(town, drafted(town, exercise=True, exercise_note="Drill")).content)
    assert (drill.subscribers, drill.targets) == (0, 0)  # an exercise reaches nobody of the public
    page = text(browser(town, "duty").get(f"/console/warnings/{half}"))
    assert "5 subscribers" in page or "subscribers" in page
    assert "1 facility inside" in page
    assert "about 40,000 people live there" in page


# ---------------------------------------------------------------- the form
@pytest.mark.parametrize(("typed", "cells"), [
    (CELL, 1), (f"{CELL} {CELL}", 1), ("30.25,120.75", 1), ("30.25，120.75\n30.25, 120.80", 2), ("nowhere", 0), ("", 0),
    ("91,120", 0),
])  # fmt: skip
def test_cells_are_chosen_by_name_or_by_a_point_in_each(town: Town, typed: str, cells: int) -> None:
    duty = browser(town, "duty")
    address = composed(town, duty)
    posted = fields(text(duty.get(address))) | {"do": "save", "mode": "cells", "cells": typed, "cell_size": "8"}
    saved = duty.post(f"{address}/save", posted)
    assert saved.status_code == (302 if cells else 422), text(saved)
    chosen = queries.warning(EVERYWHERE, address.rpartition("/")[2]).content.areas.cells
    assert len(chosen) == cells
    if typed.startswith("30"):
        assert CELL in chosen
    else:
        assert cells or 'href="#cells"' in text(saved)
    if cells:
        assert fields(text(duty.get(address)))["cells"] == [" ".join(chosen)]


def test_the_sketch_turns_into_degrees_and_back(town: Town) -> None:
    """What the script is told of the drawing gives the corner of a border back, to a metre."""
    names = Names.read()
    sketch: dict[str, Any] = sketch_of(Areas((EAST,)), names, [CITY, EAST, WEST])
    west, north, across, down = (float(sketch[name]) for name in ("west", "north", "across", "down"))
    x, y = map(float, sketch["chosen"].removeprefix("M").partition("L")[0].split())
    lon, lat = names.areas[EAST].boundary[0][0]
    assert (west + x * across, north - y * down) == pytest.approx((lon, lat), abs=0.1 * across)
    assert 1 <= len(sketch["cells"]) <= 300
    assert sketch_of(Areas(()), Names({}, {}, []), []) == {}
