"""Merging, matching and credit on small scores that can be drawn on paper, and against a brute-force twin."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.measure.episode import Episode, merge
from tocsin.measure.matching import match
from tocsin.terms.errors import BadTime


def at(start, end, key="", level=0, place=""):
    return Episode(start, end, level, place, key)


def test_merge_keeps_first_key_highest_level_and_all_members():
    merged = merge([at(30, 40, "c", 1), at(0, 10, "a", 2), at(12, 20, "b", 4)], gap_us=5)
    assert [(e.start_us, e.end_us, e.key, e.level, e.members) for e in merged] == [
        (0, 20, "a", 4, ("a", "b")),
        (30, 40, "c", 1, ("c",)),
    ]


def test_merge_keeps_places_apart_and_counts_a_gap_of_exactly_g_as_one():
    merged = merge([at(0, 1, "a", place="x"), at(2, 3, "b", place="y"), at(6, 7, "c", place="x")], gap_us=5)
    assert [e.members for e in merged] == [("a", "c"), ("b",)]


def test_merge_inside_a_longer_episode_does_not_shorten_it():
    assert merge([at(0, 100), at(10, 20), at(101, 102)], gap_us=1)[0].end_us == 102


def test_an_episode_cannot_end_before_it_starts():
    with pytest.raises(BadTime):
        at(2, 1)


def test_duplicates_add_no_hit_and_no_false_alarm():
    found = match([at(100, 200)], [at(90, 110), at(150, 160), at(400, 410)])
    assert found.credit == (0,)
    assert found.duplicates == (1,)
    assert found.false_alarms == (2,)
    assert (found.table.hits, found.table.false_alarms, found.table.misses) == (1, 1, 0)


def test_one_long_warning_is_credited_once_though_it_touches_two_events():
    found = match([at(0, 10), at(20, 30)], [at(5, 25)])
    assert found.found == (0, 1)
    assert found.credit == (0, None)
    assert found.table.misses == 1


def test_credit_moves_over_so_that_both_events_are_hit():
    # the early warning touches both, the late one only the first event
    found = match([at(0, 10), at(20, 30)], [at(2, 22), at(9, 11)])
    assert found.credit == (1, 0)


def test_windows_widen_the_warning_and_places_must_agree():
    event = [at(100, 200, place="x")]
    assert match(event, [at(90, 95, place="x")], after_us=5).found == (0,)
    assert match(event, [at(90, 95, place="x")], after_us=4).found == ()
    assert match(event, [at(201, 202, place="x")], before_us=1).found == (0,)
    assert match(event, [at(100, 200, place="y")]).found == ()
    assert match(event, [at(100, 200)]).found == (0,)


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda s: at(s[0], s[0] + s[1])), max_size=5)


@given(spans, spans)
def test_credit_is_a_largest_one_to_one_matching(events, warnings):
    found = match(events, warnings)
    slots = list(range(len(warnings))) + [None] * len(events)
    best = max(
        sum(w is not None and w in found.touching[e] for e, w in enumerate(choice))
        for choice in permutations(slots, len(events))
    )
    assert found.table.hits == best
    used = [w for w in found.credit if w is not None]
    assert len(used) == len(set(used))
    everything = sorted([*used, *found.duplicates, *found.false_alarms])
    assert everything == list(range(len(warnings)))
