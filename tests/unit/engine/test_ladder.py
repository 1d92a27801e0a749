"""Hold, clear, ladder and three-valued logic, as a pack author would expect them."""

from __future__ import annotations

import math

import numpy as np

from tests.unit.engine.series import MINUTE, Play, stream, town
from tocsin.engine.language.rule import Clear, Hold, Rule, Rung
from tocsin.engine.language.tree import And, Attribute, Compare, Constant, Not, Or, Previous, Truth, Value, Window
from tocsin.engine.operators.ladder import Ladder

LEVEL = {"property": ("level",)}


def above(x: float) -> Truth:
    return Compare(">=", Value(), Constant(x), "value", "m")


def rule(*rungs: Rung, clear: Clear | None = None, **more: object) -> Rule:
    return Rule("t/r", 1, "flood", LEVEL, rungs, clear or Clear(), **more)  # type: ignore[arg-type]


def test_raises_at_the_first_reading_at_the_threshold_and_clears_after_two_below() -> None:
    play = Play([rule(Rung(2, above(5.0)), clear=Clear(hold=Hold(0, 2)))])
    play.rows((0, 4.9), (1, 5.0), (2, 4.0), (3, 5.5), (4, 4.0), (5, 4.0), (6, 4.0))
    assert play.story == [(1, "raised", 2), (5, "cleared", 0)]


def test_hold_needs_every_reading_for_that_long() -> None:
    play = Play([rule(Rung(1, above(5.0), Hold(3 * MINUTE, 1)))])
    play.rows((0, 6), (1, 6), (2, 4), (3, 6), (4, 6), (5, 6), (6, 6), (7, 6))
    assert play.story == [(6, "raised", 1)]


def test_ladder_goes_up_at_once_and_down_step_by_step_when_the_present_rank_is_false() -> None:
    play = Play([rule(Rung(2, above(3)), Rung(3, above(4)), Rung(4, above(6)), clear=Clear(hold=Hold(0, 2)))])
    play.rows((0, 3), (1, 7), (2, 4.5), (3, 4.5), (4, 1), (5, 3.5), (6, 1), (7, 1))
    assert play.story == [
        (0, "raised", 2), (1, "changed", 4), (3, "changed", 3), (5, "changed", 2), (7, "cleared", 0),
    ]  # fmt: skip
    assert len({x.signal for x in play.said}) == 1  # one signal from onset to clearance


def test_explicit_clear_condition_is_hysteresis() -> None:
    below = Compare("<=", Value(), Constant(3.0), "value", "m")
    play = Play([rule(Rung(1, above(5)), clear=Clear(below, Hold(2 * MINUTE, 1)))])
    play.rows((0, 5), (1, 4), (2, 3.5), (3, 3), (4, 4), (5, 3), (6, 2), (7, 2), (8, 2))
    assert play.story == [(0, "raised", 1), (7, "cleared", 0)]


def test_not_known_neither_raises_nor_clears() -> None:
    """A gauge without a stage is never compared with it, not even by ``not``."""
    over = Compare(">=", Value(), Attribute("alert_level"), "value", "m")
    catalogue = town(stream("with", stages={"alert_level": 2.0}), stream("without"))
    for truth in (over, Not(over), Or(over, Not(over)), And(over, above(0))):
        play = Play([rule(Rung(1, truth))], catalogue).rows((0, 9), (1, 9), stream=1)
        assert play.story == []
    assert Play([rule(Rung(1, over))], catalogue).rows((0, 9)).story == [(0, "raised", 1)]


def test_previous_is_not_known_at_the_first_observation() -> None:
    step = Compare(">=", Previous(), Constant(0.0), "previous", "m")
    assert Play([rule(Rung(1, step))]).rows((0, 1), (1, 1)).story == [(1, "raised", 1)]


def test_window_is_open_at_its_old_end_and_empties_to_exactly_nothing() -> None:
    """Ten values of 0.1 and one of 49.0: the sum is 50 where doubles added up would say 49.99999999999999."""
    total = Compare(">=", Window("sum", 11 * MINUTE), Constant(50.0), "sum(11min)", "m")
    play = Play([rule(Rung(1, total))]).rows(*((m, 0.1) for m in range(10)), (10, 49.0), (11, 0.0), (12, 0.0))
    assert play.story == [(10, "raised", 1), (11, "cleared", 0)]
    assert play.said[0].evidence[0].value == 50.0
    rows = [(20.0 + m, math.pi * 10**m) for m in range(8)] + [(60.0, 0.0)]
    nothing = Compare("==", Window("sum", 11 * MINUTE), Constant(0.0), "sum(11min)", "m")
    assert Play([rule(Rung(1, nothing))]).rows(*rows).story == [(60, "raised", 1)]


def test_coverage_keeps_a_gap_from_reading_as_all_clear() -> None:
    """After a gap the 3 h sum looks small only because data are missing: it must not clear."""
    high = Compare(">=", Window("sum", 60 * MINUTE), Constant(30.0), "sum(1h)", "m")
    low = Compare("<", Window("sum", 60 * MINUTE), Constant(5.0), "sum(1h)", "m")
    for coverage, cleared in ((0.0, True), (0.7, False)):
        play = Play([rule(Rung(1, high), clear=Clear(low), coverage=coverage)], town(stream(low=0.0)))
        play.rows(*((m, 1.0) for m in range(60))).rows((180, 0.0), (181, 0.0))
        assert [x[1] for x in play.story] == (["raised", "cleared"] if cleared else ["raised"])
    play.rows(*((182 + m, 0.0) for m in range(60)))
    assert play.story[-1][1] == "cleared"


def test_an_incomplete_window_decides_what_more_could_not_change() -> None:
    """Ten minutes of a whole hour seen: 60 mm are at least 50 mm, but 20 mm are not known to be below 50 mm."""
    rain = stream(low=0.0)
    fifty = Compare(">=", Window("sum", 60 * MINUTE), Constant(50.0), "sum(1h)", "m")
    play = Play([rule(Rung(1, fifty), coverage=0.7)], town(rain)).rows(*((m, 6.0) for m in range(10)))
    assert play.story == [(8, "raised", 1)]
    play.rows((200, 1.0), (201, 1.0))  # the rain before is out of the window, but nobody looked in between
    assert play.story == [(8, "raised", 1)]
    play.rows(*((202 + m, 0.0) for m in range(60)))
    assert play.story[-1] == (241, "cleared", 0)  # 42 of 60 minutes seen
    raised, cleared = (said.evidence[0] for said in play.said[:2])
    assert (raised.value, raised.comparison, raised.threshold) == (54.0, ">=", 50.0)  # what was seen decided it
    assert (cleared.value, cleared.threshold) == (2.0, 50.0)
    signed = Play([rule(Rung(1, fifty), coverage=0.7)], town(stream())).rows(*((m, 6.0) for m in range(10)))
    assert signed.story == []  # values may be negative there: a sum of a part says nothing of the whole


def test_coming_down_a_lower_rung_is_not_asked_to_hold_again() -> None:
    play = Play([rule(Rung(1, above(1), Hold(0, 3)), Rung(2, above(5)))]).rows((0, 5), (1, 2), (2, 2), (3, 0))
    assert play.story == [(0, "raised", 2), (1, "changed", 1), (3, "cleared", 0)]


def test_evidence_says_what_was_compared() -> None:
    said = Play([rule(Rung(4, above(5.0)))]).rows((0, 7.25)).said[0]
    assert [(m.what, m.value, m.unit, m.comparison, m.threshold) for m in said.evidence] == [
        ("value", 7.25, "m", ">=", 5.0)
    ]


def test_a_ladder_at_rest_says_nothing_to_rows_of_which_none_rises_and_is_not_moved_by_them() -> None:
    ladder = Ladder(np.array([1], np.int8), np.array([2], np.int64), np.array([1], np.int32), 0, 1, False)
    ladder.grow(3)
    slot, t, none = np.array([0, 0, 2], np.int32), np.array([1, 2, 3]), np.zeros((1, 3), np.bool_)

    def run(rise: np.ndarray) -> int:
        return len(ladder.run(slot, t, rise, ~rise, np.zeros(0, np.bool_))[0])

    assert ladder.rests(len(slot))
    before = {name: array.copy() for name, array in ladder.state().items()}
    assert run(none) == 0
    for name, array in ladder.state().items():
        np.testing.assert_array_equal(array, before[name], name)
    run(np.array([[False, True, False]]))  # a streak that has not held for long enough is no rank, yet no rest
    assert not ladder.level.any()
    assert not ladder.rests(len(slot))
    run(none)
    assert ladder.rests(len(slot))
    assert not ladder.rests(0)  # with more slots than rows it is not worth asking
