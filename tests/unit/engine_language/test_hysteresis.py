"""at_least and cool_down: read, refused where they cannot be, and what they do over minutes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.engine.series import MINUTE, Play

from tocsin.engine.language.parse import parse_rule
from tocsin.engine.language.rule import Clear, Rule, Rung
from tocsin.engine.language.tree import Compare, Constant, Value
from tocsin.terms.errors import BadRule
from tocsin.terms.level import CHINA_FOUR_COLOUR

LEVEL = {"property": ("level",)}


def read(**more: Any) -> Rule:
    entry = {"id": "r", "hazard": "flood", "streams": {"property": "level"},
             "level": {"yellow": "value >= 5 m", "red": "value >= 9 m"}, **more}  # fmt: skip
    return parse_rule(entry, pack="t", scheme=CHINA_FOUR_COLOUR, units={"level": "m"})


def above(x: float) -> Compare:
    return Compare(">=", Value(), Constant(x), "value", "m")


def test_both_are_read_by_level_and_for_all() -> None:
    rule = read(at_least={"yellow": "10min"}, cool_down="1h")
    assert [rung.at_least_us for rung in rule.rungs] == [10 * MINUTE, 0]
    assert (rule.cool_down_us, rule.never_held_back) == (60 * MINUTE, 4)
    assert [rung.at_least_us for rung in read(at_least="5min").rungs] == [5 * MINUTE] * 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"at_least": "2 obs"}, "a level is kept for a time"),
        ({"cool_down": "3 obs"}, "a cool-down is a time"),
        ({"at_least": {"yelow": "5min"}}, "belongs to no level"),
        ({"cool_down": "9000d"}, "at most 366 d"),
        ({"cool_down": "1h", "level": {"red": "value >= 9 m"}}, "red is never held back"),
        ({"at_least": "1h", "level": {"yellow": "silent(3h)"}}, "would stay so"),
        ({"cool_down": "1h", "level": {"yellow": "silent(3h)"}}, "would stay so"),
        ({"hold": "10min", "level": {"yellow": "silent(3h)"}}, "can never be raised"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRule) as caught:
        read(**more)
    assert said in str(caught.value)
    assert caught.value.remedy


def test_a_level_is_kept_for_its_time_and_rises_at_once() -> None:
    rule = Rule("t/r", 1, "flood", LEVEL, (Rung(2, above(5), at_least_us=3 * MINUTE), Rung(4, above(9))))
    play = Play([rule]).rows((0, 5), (1, 1), (2, 9), (2.5, 6), (3, 1), (4, 1), (5.5, 1), (6, 1))
    assert play.story == [(0, "raised", 2), (2, "changed", 4), (2.5, "changed", 2), (5.5, "cleared", 0)]


def test_a_cool_down_holds_back_the_same_level_but_nothing_higher() -> None:
    rungs = (Rung(2, above(5)), Rung(3, above(7)), Rung(4, above(9)))
    rule = Rule("t/r", 1, "flood", LEVEL, rungs, Clear(), cool_down_us=10 * MINUTE, never_held_back=4)
    play = Play([rule]).rows((0, 5), (1, 1), (2, 5), (3, 6), (11, 6), (12, 1), (13, 5), (14, 7), (15, 1))
    assert play.story == [(0, "raised", 2), (1, "cleared", 0), (11, "raised", 2), (12, "cleared", 0), (14, "raised", 3),
                          (15, "cleared", 0)]  # fmt: skip


def test_red_is_never_held_back() -> None:
    rule = Rule("t/r", 1, "flood", LEVEL, (Rung(4, above(9)),), Clear(), cool_down_us=10 * MINUTE, never_held_back=4)
    assert len(Play([rule]).rows((0, 9), (1, 1), (2, 9)).story) == 3
