"""The tree of jurisdictions, facilities, and scopes over them."""

from __future__ import annotations

import pytest

from tests.rooms.town import NOW, register
from tocsin.engine.hazard import Facility
from tocsin.loop.observe.models import StreamRow
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.places import queries, services
from tocsin.records.places.services import Area
from tocsin.terms.errors import BadValue, UnknownName

pytestmark = pytest.mark.django_db

CITY = Area("simcity", {"en": "Simcity", "zh-hans": "模拟市"}, 2, "Asia/Shanghai")
EAST_SIDE = Area("simcity/east", {"en": "East", "zh-hans": "东区"}, 3, "Asia/Shanghai")
HOSPITAL = Facility("h1", "hospital", {"en": "East hospital", "zh-hans": "东区医院"}, 120.5, 30.2, "simcity/east")


def put(*areas: Area) -> None:
    services.put_jurisdictions(areas, actor="account:ann", now=NOW)


def test_areas_come_parents_first_and_within_the_scope() -> None:
    put(EAST_SIDE, CITY)
    assert queries.jurisdictions(EVERYWHERE) == [CITY, EAST_SIDE]
    assert queries.jurisdictions(Scope("simcity/east", "duty_officer")) == [EAST_SIDE]
    put(Area("simcity/east", {"en": "Old East"}, 3))
    assert queries.jurisdictions(EVERYWHERE)[1].title == {"en": "Old East"}


@pytest.mark.parametrize("path", ["", "/simcity", "Simcity", "simcity//east", "simcity/", "sim city"])
def test_a_bad_path_is_refused(path: str) -> None:
    with pytest.raises(BadValue):
        put(Area(path))


def test_an_area_needs_its_parent() -> None:
    with pytest.raises(UnknownName, match="parent simcity"):
        put(EAST_SIDE)


def test_facilities_are_put_and_read_within_the_scope() -> None:
    services.put_facilities([HOSPITAL], actor="account:ann", now=NOW)
    services.put_facilities([HOSPITAL], actor="account:ann", now=NOW)
    assert queries.facilities(EVERYWHERE) == [HOSPITAL]
    assert queries.facilities(Scope("simcity/west", "duty_officer")) == []


@pytest.mark.parametrize(
    "kind", ["dwelling", "apartment", "person", "home", "family_home", "private_residence", "care_person"]
)
def test_where_people_live_is_no_facility(kind: str) -> None:
    with pytest.raises(BadValue, match="dwelling or a person"):
        services.put_facilities([HOSPITAL, Facility("x", kind, {}, 0, 0)], actor="account:ann", now=NOW)
    assert queries.facilities(EVERYWHERE) == []


@pytest.mark.parametrize("kind", ["", "住宅", "Hospital", "family home", "hospital/home"])
def test_a_kind_is_a_code(kind: str) -> None:
    with pytest.raises(BadValue, match="no code"):
        services.put_facilities([Facility("x", kind, {}, 0, 0)], actor="account:ann", now=NOW)


@pytest.mark.parametrize("kind", ["care_home", "nursing_home", "childrens_home", "warehouse"])
def test_a_home_with_an_operator_is_a_facility(kind: str) -> None:
    services.put_facilities([Facility("x", kind, {}, 0, 0)], actor="account:ann", now=NOW)
    assert [f.kind for f in queries.facilities(EVERYWHERE)] == [kind]


def test_the_filter_of_a_scope_says_what_covers_says() -> None:
    paths = ["", "simcity", "simcity/east", "simcity/east/street", "simcity2", "SIMCITY/east", "simcity_east", "Simcity",
             "simcity%", "sim", "simcity/West"]  # fmt: skip
    rows = [StreamRow(index=n, id=str(n), source_id="hydro", jurisdiction=path) for n, path in enumerate(paths)]
    register()
    StreamRow.objects.bulk_create(rows)
    for jurisdiction in [*paths, "simcity/west", "nowhere"]:
        scope = Scope(jurisdiction, "duty_officer")
        found = set(StreamRow.objects.filter(scope.rows()).values_list("jurisdiction", flat=True))
        assert found == {path for path in paths if scope.covers(path)}, jurisdiction
