"""Order, lateness, duplicates, silence, areas, pairs, days: engine.md section 2 and 3."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.engine.series import MINUTE, START, Play, stream, town
from tocsin.engine.language.rule import Rule, Rung
from tocsin.engine.language.tree import (
    And,
    AreaNumber,
    Attribute,
    Civil,
    Compare,
    ConsecutiveDays,
    Constant,
    Silent,
    Sister,
    Spike,
    Stuck,
    Truth,
    Value,
)  # fmt: skip
from tocsin.engine.runner import Engine
from tocsin.terms.errors import Damaged
from tocsin.terms.record import Record, RecordKind

LEVEL = {"property": ("level",)}


def rule(truth: Truth, **more: object) -> Rule:
    return Rule("t/r", 1, "flood", LEVEL, (Rung(1, truth),), **more)  # type: ignore[arg-type]


HIGH = Compare(">=", Value(), Constant(5.0), "value", "m")


def test_lateness_puts_rows_in_their_place_and_counts_what_is_older() -> None:
    play = Play([rule(HIGH)], town(lateness_min=3))
    play.rows((0, 1), (2, 6), (1, 1), (5, 1))  # frontier is minute 2 now
    play.rows((1.5, 9), (2, 1), (9, 1))
    assert play.story == [(2, "raised", 1), (5, "cleared", 0)]
    counters = play.engine.counters
    assert (counters.late.tolist(), counters.duplicate.tolist()) == ([1], [1])


def test_redelivery_changes_nothing() -> None:
    once = Play([rule(HIGH)]).rows((0, 1), (1, 6), (2, 1))
    twice = Play([rule(HIGH)]).rows((0, 1), (1, 6)).rows((0, 1), (1, 6)).rows((2, 1), (2, 9))
    assert twice.story == once.story
    assert twice.engine.counters.accepted.tolist() == [3]


def test_missing_is_kept_apart_from_observed() -> None:
    play = Play([rule(HIGH), Rule("t/s", 1, "flood", LEVEL, (Rung(1, Silent(10 * MINUTE)),))])
    play.rows((0, 6), (5, None), (10, None)).tick(20)  # type: ignore[arg-type]
    assert play.story == [(0, "raised", 1), (10, "raised", 1)]  # silent 10 min after the last *good* one; not cleared
    assert play.engine.counters.missing.tolist() == [2]


def test_silence_is_stamped_when_it_fell_due_whatever_noticed_it() -> None:
    quiet = rule(Silent(10 * MINUTE))
    by_tick = Play([quiet], town(delay_min=2)).rows((0, 1)).tick(30).rows((40, 1))
    by_row = Play([quiet], town(delay_min=2)).rows((0, 1)).rows((40, 1))
    assert by_tick.story == by_row.story == [(12, "raised", 1), (40, "cleared", 0)]


def test_a_row_at_the_very_moment_prevents_silence_even_after_a_tick_of_that_moment() -> None:
    play = Play([rule(Silent(10 * MINUTE))]).rows((0, 1)).tick(10).rows((10, 1)).tick(20)
    assert play.story == []
    assert play.tick(20.5).story == [(20, "raised", 1)]


def test_silence_is_judged_against_the_register() -> None:
    never_heard = Play([rule(Silent(10 * MINUTE))], town(stream("a"), stream("b")), registered_min=0)
    never_heard.rows((3, 1), stream=0).tick(11)
    assert [(x.subject.key, x.change) for x in never_heard.said] == [("b", "raised")]


def test_silent_in_danger_looks_at_the_last_value() -> None:
    danger = rule(And(Silent(180 * MINUTE), Compare(">=", Value(), Attribute("alert_level"), "value", "m")))
    catalogue = town(stream("high", stages={"alert_level": 3.0}), stream("low", stages={"alert_level": 3.0}))
    play = Play([danger], catalogue).mixed((0, 0, 4.0), (1, 0, 1.0)).tick(200).mixed((0, 300, 1.0))
    assert [(x.subject.key, x.change.value) for x in play.said] == [("high", "raised"), ("high", "cleared")]
    assert play.story[0][0] == 180


def test_spike_returns_at_once_and_a_real_fall_does_not() -> None:
    play = Play([rule(Spike(2.0))]).rows((0, 7), (1, 1.5), (2, 7), (3, 7), (4, 2), (5, 1.9), (6, 2))
    assert play.story == [(2, "raised", 1), (3, "cleared", 0)]


def test_stuck_needs_time_and_three_equal_values() -> None:
    play = Play([rule(Stuck(5 * MINUTE))]).rows((0, 1), (9, 1), (10, 1), (11, 2))
    assert play.story == [(10, "raised", 1), (11, "cleared", 0)]


def test_sisters_meet_whichever_comes_first() -> None:
    catalogue = town(stream("a10", feature="f", property="pm10"), stream("a25", feature="f", property="pm25"))
    below = Rule("t/p", 1, "", {"property": ("pm10",)}, (Rung(1, Compare("<", Value(), Sister("pm25"), "value")),))
    first = Play([below], catalogue).mixed((0, 0, 5), (1, 0, 9)).mixed((1, 1, 1), (0, 1, 2)).mixed((0, 2, 1), (1, 3, 9))
    assert first.story == [(0, "raised", 1), (1, "cleared", 0)]


def test_area_counts_streams_once_and_judges_once_a_moment() -> None:
    streams = [stream(f"g{i}", cell="c", labels={"rain_group": "A" if i < 2 else "B"}) for i in range(3)]
    two = Compare(">=", AreaNumber("how_many", 5 * MINUTE, HIGH), Constant(2), "how_many", "1")
    rows = [(0, 0, 6), (1, 0, 6), (2, 0, 1), (0, 1, 1), (1, 1, 1), (2, 1, 6), (0, 20, 1), (1, 20, 1), (2, 20, 1)]
    plain = Play([rule(two, per="cell")], town(*streams)).mixed(*rows[:6]).tick(1).mixed(*rows[6:]).tick(20)
    assert plain.story == [(0, "raised", 1), (20, "cleared", 0)]
    once = Play([rule(two, per="cell", distinct="rain_group")], town(*streams)).mixed(*rows).tick(20)
    assert once.story == [(1, "raised", 1), (20, "cleared", 0)]


def test_a_silent_member_holds_its_area_back_only_until_it_is_idle() -> None:
    streams = [stream("a", cell="c"), stream("b", cell="c")]
    one = Compare(">=", AreaNumber("how_many", 5 * MINUTE, HIGH), Constant(1), "how_many", "1")
    play = Play([rule(one, per="cell")], town(*streams)).mixed((0, 0, 1), (1, 0, 1)).mixed((0, 1, 6)).tick(1)
    assert play.story == []  # b has not passed minute 1 yet
    assert play.tick(4).story == [(1, "raised", 1)]


def test_share_highest_and_average() -> None:
    streams = [stream(f"g{i}", jurisdiction="city") for i in range(4)]
    rows = [(i, 0, 2.0 * i) for i in range(4)]  # 0 2 4 6
    for function, threshold, true in (
        (AreaNumber("share", MINUTE, HIGH), 25.0, True), (AreaNumber("share", MINUTE, HIGH), 26.0, False),
        (AreaNumber("highest", MINUTE, number=Value()), 6.0, True), (AreaNumber("average", MINUTE, number=Value()), 3.0, True),
        (AreaNumber("average", MINUTE, number=Value()), 3.1, False),
    ):  # fmt: skip
        check = rule(Compare(">=", function, Constant(threshold), "x"), per="jurisdiction")
        assert bool(Play([check], town(*streams)).mixed(*rows).tick(0).story) is true


def test_days_in_a_row_are_local_days() -> None:
    """35 degrees on three local days; in UTC the same readings would fall on two."""
    day = 24 * 60
    heat = rule(Compare(">=", ConsecutiveDays("max", ">=", 35.0), Constant(3), "days", "1"))
    zone = town(stream(zone="Asia/Shanghai"))
    midnight = day - ((START // MINUTE + 8 * 60) % day)
    rows = [(midnight + d * day + 30, 36.0) for d in range(3)]
    play = Play([heat], zone).rows(*rows, (midnight + 3 * day + 30, 20.0), (midnight + 4 * day + 30, 20.0))
    assert play.story == [(rows[2][0], "raised", 1), (midnight + 4 * day + 30, "cleared", 0)]


def test_mean_of_a_day_is_known_only_when_the_day_is_complete_enough() -> None:
    day = 24 * 60
    midnight = day - (START // MINUTE) % day
    heavy = rule(Compare(">", Civil("mean", "day"), Constant(150.0), "mean(day)"), coverage=0.75)
    hourly = town(stream(cadence_s=3600.0))
    full = Play([heavy], hourly).rows(*((midnight + 60 * h, 200.0) for h in range(24)), (midnight + day, 0.0))
    half = Play([heavy], hourly).rows(*((midnight + 60 * h, 200.0) for h in range(12)), (midnight + day, 0.0))
    assert (full.story, half.story) == ([(midnight + day, "raised", 1)], [])


def test_snapshot_refuses_torn_and_foreign_bytes() -> None:
    data = Play([rule(HIGH)]).rows((0, 6)).engine.snapshot()
    assert Engine.restore([rule(HIGH)], data).standing("t/r") == {"stream:g": 1}
    for bad in (data[:-1], b"PNG" + data[3:], data[:40] + bytes([data[40] ^ 1]) + data[41:]):
        with pytest.raises(Damaged):
            Engine.restore([rule(HIGH)], bad)


def test_editing_a_rule_resets_only_that_rule() -> None:
    low = Rule("t/low", 1, "flood", LEVEL, (Rung(1, Compare(">=", Value(), Constant(1.0), "value")),))
    engine = Play([rule(HIGH), low]).rows((0, 6)).engine
    edited = Rule("t/low", 2, "flood", LEVEL, (Rung(1, Compare(">=", Value(), Constant(2.0), "value")),))
    again = Engine.restore([rule(HIGH), edited], engine.snapshot())
    assert again.standing("t/r") == {"stream:g": 1}
    assert again.standing("t/low") == {}


def test_records_must_come_in_order_and_once() -> None:
    play = Play([rule(HIGH)]).rows((0, 6))
    play.engine.next_seq = 0
    play.rows((1, 6))
    with pytest.raises(ValueError, match="expects record"):
        play.engine.feed(Record(7, RecordKind.TICK, 0))


def test_many_streams_share_arrays_that_grow() -> None:
    streams = [stream(f"g{i}") for i in range(500)]
    total = rule(Compare(">=", AreaNumber("how_many", MINUTE, HIGH), Constant(500), "n"), per="property")
    play = Play([total], town(*streams))
    rng = np.random.default_rng(1)
    for minute in range(3):
        play.mixed(*((int(i), minute, 6.0) for i in rng.permutation(500))).tick(minute)
    assert play.story == [(0, "raised", 1)]
