"""Small stories of provisional judgement: what is said at once, and what late data make of it."""

from __future__ import annotations

from tocsin.engine.language import tree
from tocsin.engine.language.rule import Clear, Hold, Rule, Rung
from tocsin.engine.provisional.engine import ProvisionalEngine
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Finality, Transition
from tocsin.terms.stream import Catalogue

from .series import MINUTE, START, batch, stream, town


def at_least(limit: float) -> tree.Compare:
    return tree.Compare(">=", tree.Value(), tree.Constant(limit, "m"), "value", "m")


HIGH = Rule("t/high", 1, "flood", {}, (Rung(1, at_least(1.0)), Rung(2, at_least(2.0))))
HELD = Rule("t/held", 1, "flood", {}, (Rung(1, at_least(1.0), Hold(2 * MINUTE, 1)),))
QUIET = Rule("t/quiet", 1, "flood", {}, (Rung(2, tree.Silent(2 * MINUTE)),))


class Day:
    """An engine with a hand on the log; ``story`` is (minute, finality, change, level) of everything said."""

    def __init__(self, rule: Rule, catalogue: Catalogue | None = None) -> None:
        self.engine = ProvisionalEngine([rule], catalogue or town(stream(), lateness_min=3))
        self.said: list[Transition] = []

    def rows(self, *rows: tuple[float, float]) -> Day:
        for minute, value in rows:
            data = batch([(0, minute, value)])  # type: ignore[list-item]
            self.said += self.engine.feed(Record(self.engine.next_seq, RecordKind.OBSERVATIONS, 0, data))
        return self

    def tick(self, minute: float) -> Day:
        self.said += self.engine.feed(Record(self.engine.next_seq, RecordKind.TICK, START + round(minute * MINUTE)))
        return self

    @property
    def story(self) -> list[tuple[float, str, str, int]]:
        return [((t.at_us - START) / MINUTE, str(t.finality), str(t.change), t.level) for t in self.said]


def test_a_raise_is_said_at_once_and_confirmed_when_its_moment_is_final():
    day = Day(HIGH).rows((0, 0.0), (1, 1.5), (2, 1.5), (3, 1.5), (4, 1.5))
    assert day.story == [(1, "provisional", "raised", 1), (1, "final", "raised", 1)]
    first, final = day.said
    assert first.episode == final.episode == final.known_as
    assert final.amends == 1
    assert first.awaited_us == 3 * MINUTE


def test_a_higher_level_is_said_ahead_of_the_same_signal():
    day = Day(HIGH).rows((0, 1.5), (1, 2.5), (3, 2.5), (4, 2.5))
    assert day.story[:2] == [(0, "provisional", "raised", 1), (1, "provisional", "changed", 2)]
    assert day.story[2:] == [(0, "final", "raised", 1), (1, "final", "changed", 2)]
    assert len({t.known_as for t in day.said}) == 1


def test_nothing_is_cleared_ahead():
    day = Day(HIGH).rows((0, 1.5), (1, 0.0), (2, 0.0))
    assert day.story == [(0, "provisional", "raised", 1)]
    day.rows((4, 0.0))
    assert day.story[1:] == [(0, "final", "raised", 1), (1, "final", "cleared", 0)]


def test_late_data_that_break_a_streak_retract_what_was_said():
    day = Day(HELD).rows((0, 1.5), (2, 1.5))
    assert day.story == [(2, "provisional", "raised", 1)]
    day.rows((1, 0.0), (4, 0.0), (8, 0.0)).tick(8)
    assert day.story[1:] == [(2, "provisional", "retracted", 0)]
    assert day.said[0].known_as == day.said[1].known_as


def test_late_data_that_move_the_onset_amend_the_same_signal():
    day = (
        Day(HELD).rows((0, 1.5), (2, 1.5)).rows((1, 0.0)).tick(2).rows((3, 1.5), (4, 1.5), (5, 1.5), (7, 1.5), (8, 1.5))
    )
    assert [line for line in day.story if line[1] == "final"] == [(4, "final", "raised", 1)]
    assert len({t.known_as for t in day.said}) == 1


def test_silence_is_said_when_it_falls_due_and_retracted_when_the_late_row_comes():
    day = Day(QUIET).rows((0, 1.0)).tick(1).tick(3)
    assert day.story == [(2, "provisional", "raised", 2)]
    day.rows((1.5, 1.0), (3, 1.0), (4.5, 1.0), (6, 1.0)).tick(6)
    assert day.story[1:] == [(2, "provisional", "retracted", 0)]


def test_a_source_that_is_on_time_is_judged_finally_only():
    day = Day(HIGH, town(stream())).rows((0, 1.5), (1, 0.0))
    assert {t.finality for t in day.said} == {Finality.FINAL}
    assert day.engine.lead is None


def test_a_rule_that_ends_takes_back_what_it_said():
    day = Day(HIGH).rows((0, 1.5))
    (gone,) = day.engine.end_rule("t/high", {}, START + MINUTE, 9)
    assert (gone.change, gone.level, gone.known_as) == ("retracted", 0, day.said[0].known_as)


def test_a_clear_condition_that_holds_on_late_data_waits_for_them():
    rule = Rule("t/c", 1, "flood", {}, (Rung(1, at_least(1.0)),), Clear(None, Hold(0, 2)))
    day = Day(rule).rows((0, 1.5), (1, 0.0), (2, 0.0), (3, 0.0), (4, 0.0), (5, 0.0))
    assert day.story[-1] == (2, "final", "cleared", 0)
