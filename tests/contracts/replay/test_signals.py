"""Transitions folded into spans."""

from tocsin.app.replay.signals import level_at, of_rule, spans
from tocsin.terms.signal import Change, Subject, Transition

GAUGE = Subject("stream", "g1")


def move(change, level, previous, at, onset, rule="p/stage"):
    return Transition(rule, 1, "flood", GAUGE, change, level, previous, at, onset, 0)


STORY = [
    move(Change.RAISED, 1, 0, 10, 10),
    move(Change.CHANGED, 3, 1, 20, 10),
    move(Change.CHANGED, 2, 3, 30, 10),
    move(Change.CLEARED, 0, 2, 40, 10),
    move(Change.RAISED, 2, 0, 50, 50),
]


def test_a_signal_runs_from_onset_to_clearance():
    first, second = spans(reversed(STORY))
    assert first.steps == ((10, 1), (20, 3), (30, 2))
    assert (first.onset_us, first.cleared_us, first.level) == (10, 40, 3)
    assert (first.first_at(2), first.first_at(4)) == (20, None)
    assert (second.onset_us, second.cleared_us) == (50, None)


def test_level_at_counts_a_change_at_its_own_moment():
    held = of_rule(spans(STORY), "p/stage")["g1"]
    expected = {9: 0, 10: 1, 19: 1, 20: 3, 30: 2, 39: 2, 40: 0, 49: 0, 50: 2, 999: 2}
    assert {at: level_at(held, at) for at in expected} == expected


def test_rules_are_kept_apart():
    other = move(Change.RAISED, 1, 0, 10, 10, rule="p/other")
    assert of_rule(spans([*STORY, other]), "p/other")["g1"][0].steps == ((10, 1),)
