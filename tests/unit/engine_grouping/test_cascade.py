"""Heavy rain proposes floods in low tunnels; gauges there confirm them, or the rain's end ends them."""

import pytest

from tocsin.engine.cascade import proposed_event_id
from tocsin.engine.grouping import Grouper
from tocsin.engine.hazard import Cascade
from tocsin.terms.errors import UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.ids import event_id
from tocsin.terms.level import CHINA_FOUR_COLOUR

from .street import HAZARDS, RAIN_FLOODS, S, Street, changed, cleared, facility, raised

RAIN_EVENT = event_id(raised("1", 0).signal)


def street(*tunnels):
    return Street([RAIN_FLOODS], list(tunnels) or [facility("low", 3, depth="low")], independent_of=str)


def heavy(gauge="1", at=0):
    """Two gauges, so that certainty takes nothing away."""
    return raised(gauge, at, 4), raised(f"{gauge}b", at, 4)


def test_proposed_once_where_kind_labels_distance_and_rank_match():
    town = street(
        facility("low", 3, depth="low"), facility("high", 3, depth="high"), facility("far", 9, depth="low"),
        facility("shop", 3, "shop", depth="low"),
    )  # fmt: skip
    assert "proposed" not in town.feed(raised("1", 0, 1), raised("1b", 0, 1)).said
    town.feed(changed("1", 1, 3, onset=0), changed("1b", 2, 3, onset=0), changed("1", 3, 1, onset=0))
    town.feed(changed("1", 4, 4, onset=0), raised("2", 5, 4))
    child = town.only(EventState.PROPOSED)
    assert child.id == proposed_event_id(RAIN_EVENT, "low", "flood")
    assert (child.hazard, child.level, child.parent, child.place) == ("flood", 2, RAIN_EVENT, "The low")
    assert (child.began_us, child.signals, child.jurisdiction) == (1 * S, (), "town/street")
    assert town.said.count("proposed") == 1


def test_a_new_member_brings_its_own_neighbourhood():
    town = street(facility("a", 4, depth="low"), facility("b", 6, depth="low")).feed(*heavy())
    assert town.said.count("proposed") == 1
    assert town.feed(raised("3", 1, 1)).said.count("proposed") == 2


def test_a_signal_there_confirms_it_and_it_outlives_its_parent():
    town = street().feed(*heavy()).feed(raised("4", 5, 1, hazard="flood"))
    child = town.events[proposed_event_id(RAIN_EVENT, "low", "flood")]
    assert (child.state, child.parent, child.level) == (EventState.OPEN, RAIN_EVENT, 1)
    assert child.signals == (raised("4", 5, hazard="flood").signal,)
    assert child.began_us == 5 * S
    assert town.said == ["opened", "proposed", "opened"]
    town.feed(cleared("1", 6, onset=0), cleared("1b", 6, onset=0)).advance(100)
    assert town.events[RAIN_EVENT].state is EventState.ENDED
    assert town.only(EventState.OPEN).id == child.id


def test_unconfirmed_children_end_with_their_parent():
    town = street().feed(*heavy(), cleared("1", 6, onset=0), cleared("1b", 6, onset=0)).advance(100)
    assert town.states() == ["ended", "ended"]
    assert {event.ended_us for event in town.events.values()} == {16 * S}


def test_a_signal_confirms_the_nearest_proposal_and_leaves_the_next():
    town = street(facility("a", 2, depth="low"), facility("b", 3, depth="low")).feed(*heavy())
    town.feed(raised("3", 1, hazard="flood"))
    assert town.only(EventState.PROPOSED).id == proposed_event_id(RAIN_EVENT, "a", "flood")
    town.feed(raised("2", 2, hazard="flood"))
    assert town.only(EventState.MERGED).id == proposed_event_id(RAIN_EVENT, "a", "flood")


def test_what_is_observed_is_not_proposed():
    town = street().feed(raised("3", 0, hazard="flood")).feed(*heavy())
    assert "proposed" not in town.said


def test_when_parents_merge_the_children_follow():
    town = street(facility("low", 8, depth="low")).feed(*heavy("1", 0)).feed(*heavy("6", 1))
    assert town.only(EventState.PROPOSED).parent == event_id(raised("6", 1).signal)
    town.feed(raised("3", 2), raised("4", 3))
    assert town.only(EventState.PROPOSED).parent == RAIN_EVENT
    town.feed(
        *[cleared(gauge, 4, onset=on) for gauge, on in (("1", 0), ("1b", 0), ("6", 1), ("6b", 1), ("3", 2), ("4", 3))]
    )
    assert town.advance(99).states() == ["ended", "ended", "merged"]


def test_one_facility_has_one_proposal_and_the_other_parent_takes_over():
    town = street(facility("low", 4, depth="low")).feed(*heavy("1", 0)).feed(*heavy("7", 1))
    assert town.said.count("proposed") == 1
    town.feed(cleared("1", 2, onset=0), cleared("1b", 2, onset=0)).advance(20)
    assert town.only(EventState.PROPOSED).parent == event_id(raised("7", 1).signal)
    assert town.only(EventState.PROPOSED).began_us == 12 * S


def test_a_cascade_of_undeclared_hazards_is_refused():
    with pytest.raises(UnknownName, match="meteor"):
        Grouper(HAZARDS, [Cascade("rain", 1, "meteor", ("tunnel",), 1)], [], CHINA_FOUR_COLOUR)
