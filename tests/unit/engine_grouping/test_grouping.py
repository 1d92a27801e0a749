"""Stories of grouping: who joins whom, when an event ends, what merges."""

import math

import pytest

from tocsin.engine.grouping import Grouper, no_data_rules
from tocsin.engine.language.rule import Rule, Rung
from tocsin.engine.language.tree import And, Attribute, Compare, Silent, Value
from tocsin.terms.errors import Damaged, UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.ids import event_id
from tocsin.terms.level import CHINA_FOUR_COLOUR

from .street import HAZARDS, KM, S, Street, changed, cleared, place_of, raised


def test_neighbours_share_an_event_and_strangers_do_not():
    street = Street().feed(raised("1", 0), raised("3", 1), raised("8", 2))
    near, far = sorted(street.events.values(), key=lambda event: event.began_us)
    assert near.id == event_id(raised("1", 0).signal)
    assert near.signals == (raised("1", 0).signal, raised("3", 1).signal)
    assert near.lon == pytest.approx(2 * KM)
    assert far.signals == (raised("8", 2).signal,)
    assert street.said == ["opened", "changed", "opened"]


def test_events_grow_by_their_members_not_from_their_middle():
    street = Street().feed(*[raised(str(km), km) for km in range(0, 10, 2)])
    assert len(street.only().signals) == 5
    assert street.only().jurisdiction == "town"


def test_other_hazards_stay_apart():
    assert len(Street().feed(raised("1", 0), raised("1", 0, hazard="flood")).events) == 2


def test_an_event_ends_a_gap_after_its_last_member_cleared_stamped_when_due():
    street = Street().feed(raised("1", 0), raised("2", 1), cleared("1", 5, onset=0), cleared("2", 7, onset=1))
    assert street.advance(17).only().state is EventState.OPEN
    event = street.advance(400).only()
    assert (event.state, event.ended_us) == (EventState.ENDED, 17 * S)
    assert street.said.count("ended") == 1


def test_a_signal_back_within_the_gap_continues_the_event():
    street = Street().feed(raised("1", 0), cleared("1", 5, onset=0)).advance(15).feed(raised("1", 15))
    assert len(street.only().signals) == 2
    assert street.advance(1000).only().state is EventState.OPEN


def test_a_signal_after_the_gap_is_a_new_event_whether_or_not_a_tick_came_between():
    start = [raised("1", 0), cleared("1", 5, onset=0)]
    with_tick = Street().feed(*start).advance(15.5).feed(raised("1", 16))
    without = Street().feed(*start).feed(raised("1", 16)).advance(16)
    assert with_tick.events == without.events
    assert with_tick.states() == ["ended", "open"]


def test_a_signal_between_two_events_makes_them_one_and_keeps_both_histories():
    street = Street().feed(raised("4", 0), raised("0", 1), raised("2", 2, 3))
    assert street.said == ["opened", "opened", "merged", "changed"]
    survivor = street.only(EventState.OPEN)
    merged = street.only(EventState.MERGED)
    assert survivor.id == event_id(raised("4", 0).signal)
    assert merged.merged_into == survivor.id
    assert merged.signals == (raised("0", 1).signal,)
    assert survivor.signals == tuple(raised(km, at).signal for km, at in (("4", 0), ("0", 1), ("2", 2)))
    assert survivor.level == 3
    assert street.feed(cleared("4", 5, onset=0), cleared("2", 5, onset=2)).advance(100).only(EventState.OPEN)
    assert street.feed(cleared("0", 101, onset=1)).advance(112).only(EventState.ENDED).ended_us == 111 * S


def test_an_event_never_splits_when_its_bridge_clears():
    street = Street().feed(raised("0", 0), raised("2", 0), raised("4", 0), cleared("2", 1, onset=0)).advance(100)
    assert len(street.only().signals) == 3


def test_the_level_follows_the_members_that_hold_and_stays_when_all_cleared():
    street = Street(independent_of=lambda subject: "all")  # one source: certainty -1
    assert street.feed(raised("1", 0, 4)).only().level == 3
    assert street.feed(raised("2", 1, 2), cleared("1", 2, onset=0)).only().level == 1
    assert street.feed(changed("2", 3, 3, onset=1)).only().level == 2
    assert street.feed(cleared("2", 4, onset=1)).only().level == 2


def test_quality_never_makes_an_event():
    assert Street().feed(raised("1", 0, quality=True, hazard="sensor")).events == {}


def test_no_data_in_danger_is_said_and_keeps_the_event_open():
    street = Street(no_data_rules={"pack/silent"}).feed(raised("1", 0, 2), raised("1", 3, 1, rule="pack/silent"))
    assert street.only().no_data
    assert street.feed(cleared("1", 5, onset=0)).advance(1000).only().state is EventState.OPEN
    assert street.only().no_data
    event = street.feed(cleared("1", 1001, onset=3, rule="pack/silent")).only()
    assert (event.state, event.no_data) == (EventState.OPEN, False)
    assert street.advance(1012).only().state is EventState.ENDED


def test_rules_that_ask_for_silence_are_the_no_data_rules():
    def rule(name: str, when: object, quality: bool = False) -> Rule:
        return Rule(name, 1, "flood", {}, (Rung(1, when),), quality=quality)  # type: ignore[arg-type]

    above = Compare(">=", Value(), Attribute("alert_level"))
    rules = [rule("p/stage", above), rule("p/silent", And(Silent(S), above)), rule("p/feed", Silent(S), quality=True)]
    assert no_data_rules(rules) == {"p/silent"}


def test_a_gauge_without_place_is_near_itself_only():
    street = Street().feed(raised("lost1", 0), raised("lost2", 0), raised("1", 0), cleared("lost1", 1, onset=0))
    street.feed(raised("lost1", 5))
    assert sorted(len(event.signals) for event in street.events.values()) == [1, 1, 2]
    assert all(math.isnan(event.lon) for event in street.events.values() if event.place == "lost")


def test_changes_of_one_record_at_one_moment_are_said_once():
    together = Street().feed(raised("1", 0), raised("2", 0), raised("3", 0))
    assert together.said == ["opened"]
    assert Street().feed(raised("1", 0), raised("2", 0, seq=1)).said == ["opened", "changed"]


def test_an_undeclared_hazard_is_refused_before_anything_is_taken():
    street = Street()
    with pytest.raises(UnknownName, match="meteor"):
        street.feed(raised("1", 0), raised("1", 0, hazard="meteor"))
    assert street.grouper.live == []


def test_a_foreign_snapshot_is_refused():
    grouper = Grouper(HAZARDS, [], [], CHINA_FOUR_COLOUR)
    grouper.feed([raised("1", 0)], place_of)
    good = grouper.snapshot()
    for bad in (b"", good[:-3], b"\xff\xfe" + good, good.replace(b"\xa4form\x01", b"\xa4form\x63")):
        with pytest.raises(Damaged, match="grouping"):
            Grouper.restore(HAZARDS, [], [], CHINA_FOUR_COLOUR, bad)
