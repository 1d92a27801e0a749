"""Declared rules: what is read, and what is refused about the rule as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from tocsin.engine.language.parse import RuleFault, parse_rule
from tocsin.engine.language.rule import Hold
from tocsin.terms.errors import BadRule
from tocsin.terms.level import CHINA_FOUR_COLOUR

UNITS = {"precipitation": "mm", "river_stage": "m", "pm25": "ug/m3", "pm10": "ug/m3"}


def entry(**changes: Any) -> dict[str, Any]:
    """A good rule with changes; None takes a key away."""
    good = {
        "id": "rainstorm", "version": 2, "hazard": "rainstorm", "streams": {"property": "precipitation"},
        "level": {"yellow": "sum(6h) >= 50 mm", "red": "sum(3h) >= 100 mm"}, "hold": "10min",
        "clear": "sum(3h) < 30 mm for 1h", "coverage": 0.7, "source": "own: test of the reader", "verified": False,
    } | changes  # fmt: skip
    return {key: value for key, value in good.items() if value is not None}


def read(**changes: Any) -> list[RuleFault]:
    faults: list[RuleFault] = []
    parse_rule(entry(**changes), pack="p", scheme=CHINA_FOUR_COLOUR, units=UNITS, faults=faults,
               nonnegative=frozenset({"precipitation"}))  # fmt: skip
    return faults


def test_a_good_rule() -> None:
    rule = parse_rule(
        entry(), pack="p", scheme=CHINA_FOUR_COLOUR, units=UNITS, nonnegative=frozenset({"precipitation"})
    )
    assert (rule.name, rule.version, rule.per, rule.coverage) == ("p/rainstorm", 2, "stream", 0.7)
    assert rule.select == {"property": ("precipitation",)}
    assert [(rung.rank, rung.hold) for rung in rule.rungs] == [(2, Hold(600_000_000)), (4, Hold(600_000_000))]
    assert rule.clear.hold == Hold(3_600_000_000)
    assert read() == []


def test_the_first_fault_is_raised_without_a_list() -> None:
    with pytest.raises(BadRule, match="no level 'pink'"):
        parse_rule(entry(level={"pink": "value > 1 mm"}), pack="p", scheme=CHINA_FOUR_COLOUR, units=UNITS)


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"id": "Rain Storm"}, ("id",), "small letters"),
        ({"version": "2"}, ("version",), "a whole number"),
        ({"version": True}, ("version",), "a whole number"),
        ({"streams": None}, ("streams",), "at least one label"),
        ({"streams": {"property": 5}}, ("streams", "property"), "a word or a list"),
        ({"streams": {"property": "precipitaton"}}, ("streams", "property"), "no property 'precipitaton'"),
        ({"level": None}, ("level",), "at least one level"),
        ({"level": {"yelow": "value > 1 mm"}}, ("level", "yelow"), "no level 'yelow'"),
        ({"level": {"yellow": 5}}, ("level", "yellow"), "written as text"),
        ({"level": {"flag": "value > 1 mm"}}, ("level", "flag"), "no level 'flag'"),
        ({"level": {"flag": "value > 1 mm", "red": "value > 2 mm"}, "quality": True}, ("level", "flag"), "stands alone"),
        ({"level": {"yellow": "sum(3h) >= 50 mm", "red": "sum(6h) >= 50 mm"}}, ("level", "red"), "not monotone"),
        ({"level": {"yellow": "sum(3h) >= 100 mm", "red": "sum(3h) >= 50 mm"}}, ("level", "red"), "not monotone"),
        ({"level": {"yellow": "value > 9 mm", "red": "value > 9 mm"}}, ("level", "red"), "yellow can never be seen"),
        ({"hold": {"orange": "1h"}}, ("hold", "orange"), "belongs to no level"),
        ({"hold": "soon"}, ("hold",), "no hold"),
        ({"hold": 5}, ("hold",), "written as text"),
        ({"level": {"red": "spike(5 mm)"}, "hold": "2 obs", "clear": None}, ("hold",), "true at one observation only"),
        ({"level": {"red": "silent(3h)"}, "hold": "2 obs", "clear": None}, ("hold",), "no observations while"),
        ({"level": {"red": "silent(3h)"}, "clear": None, "clear_after": "2 obs"}, ("clear_after",), "first observation"),
        ({"per": "cell", "level": {"red": "how_many(value > 5 mm, 1h) >= 2"}, "hold": "2 obs", "clear": None},
         ("hold",), "no observations of its own"),
        ({"clear_after": "2 obs"}, ("clear_after",), "exclude each other"),
        ({"clear": "sum(6h) >= 10 mm"}, ("clear",), "nothing could stay raised"),
        ({"clear": "sum(3h) < 30 Cel"}, ("clear",), "a temperature"),
        ({"coverage": 70}, ("coverage",), "between 0 and 1"),
        ({"verified": "yes"}, ("verified",), "true or false"),
        ({"title": "Rain"}, ("title",), "one text for each language"),
        ({"streams": {"property": ["precipitation", "river_stage"]}, "level": {"red": "value > 1 mm"}, "clear": None},
         ("level", "red"), "do not share one unit"),
    ],
)  # fmt: skip
def test_refused(changes: dict[str, Any], key: tuple[str, ...], said: str) -> None:
    faults = read(**changes)
    assert [fault.key for fault in faults if not fault.note and said in fault.error.rule] == [key], [
        str(f.error) for f in faults
    ]


def test_properties_of_one_unit_may_share_a_rule() -> None:
    assert read(streams={"property": ["pm25", "pm10"]}, level={"red": "value > 500 ug/m3"}, clear=None) == []


def test_what_cannot_be_decided_is_noted() -> None:
    faults = read(streams={"property": "river_stage"}, clear=None,
                  level={"yellow": "value >= @alert_level", "red": "value >= @major_flood_level"})  # fmt: skip
    assert [(fault.key, fault.note) for fault in faults] == [(("level", "red"), True)]


def test_the_same_condition_with_longer_holds_is_a_ladder() -> None:
    levels = dict.fromkeys(("yellow", "orange", "red"), "sum(6h) >= 50 mm")
    assert read(level=levels, hold={"orange": "1d", "red": "2d"}) == []


def test_all_faults_are_found_at_once() -> None:
    faults = read(id="X", hazard="?", level={"yellow": "valu > 1 mm", "pink": "value > 1 mm"}, coverage=3, version=0.5)
    assert {fault.key for fault in faults} == {
        ("id",),
        ("hazard",),
        ("level", "yellow"),
        ("level", "pink"),
        ("coverage",),
        ("version",),
    }
