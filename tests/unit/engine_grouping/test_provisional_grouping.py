"""Events that rest on provisional signals: marked so, confirmed or retracted, and nothing irreversible before that."""

from __future__ import annotations

from dataclasses import replace

from tocsin.terms.event import EventState
from tocsin.terms.signal import Change, Finality, Transition

from .street import Street, cleared, raised


def said(gauge: str, at: float, level: int = 1) -> Transition:
    return replace(raised(gauge, at, level), finality=Finality.PROVISIONAL, episode=f"eps_{gauge}")


def borne_out(gauge: str, at: float, level: int = 1, *, amends: int = 1) -> Transition:
    return replace(raised(gauge, at, level), episode=f"eps_{gauge}", amends=amends)


def retracted(gauge: str, at: float, level: int = 0) -> Transition:
    return replace(said(gauge, at, level), change=Change.RETRACTED)


def test_an_event_is_provisional_until_a_signal_of_it_is_final():
    street = Street().feed(said("1", 0, 2))
    assert (street.only().finality, street.only().ahead) == (Finality.PROVISIONAL, True)
    street.feed(borne_out("1", 0, 2, amends=2))
    assert (street.only().finality, street.only().ahead) == (Finality.FINAL, False)
    assert street.said == ["opened", "changed"]
    assert street.only().signals == ("eps_1",)


def test_an_event_without_other_ground_ends_as_retracted():
    street = Street().feed(said("1", 0), retracted("1", 0))
    assert (street.only().state, street.only().finality) == (EventState.ENDED, Finality.RETRACTED)
    assert street.grouper.live == []


def test_an_event_with_other_ground_goes_on():
    street = Street().feed(raised("1", 0), said("1b", 1, 3))
    assert (street.only().finality, street.only().ahead) == (Finality.FINAL, True)
    before = street.only().level
    street.feed(retracted("1b", 1))
    assert (street.only().state, street.only().ahead) == (EventState.OPEN, False)
    assert street.only().level < before


def test_a_level_that_is_not_borne_out_goes_back_to_the_final_one():
    street = Street().feed(said("1", 0, 3), borne_out("1", 0, 1, amends=0))
    assert street.only().ahead
    high = street.only().level
    street.feed(retracted("1", 0, 1))
    assert not street.only().ahead
    assert street.only().level < high


def test_a_provisional_signal_makes_no_two_events_one_until_it_is_final():
    street = Street().feed(raised("0", 0), raised("4", 0))
    assert street.states() == ["open", "open"]
    street.feed(said("2", 1))
    assert street.states() == ["open", "open"]
    street.feed(borne_out("2", 1))
    assert street.states() == ["merged", "open"]


def test_a_restart_between_the_two_words_changes_nothing():
    whole, again = Street(), Street()
    over = replace(cleared("1", 9, onset=0), episode="eps_1")
    day = (said("1", 0, 2), said("1b", 1, 3), borne_out("1", 0, 2, amends=2), retracted("1b", 1), over)
    for one in day:
        whole.feed(one)
        again.feed(one).restart()
    assert again.events == whole.events
    assert again.grouper.snapshot() == whole.grouper.snapshot()
