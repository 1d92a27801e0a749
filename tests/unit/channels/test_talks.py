"""Talks: a slow target delays nobody, nothing is sent twice, a target that fails rests. Time and threads are held in hand."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from tocsin.doors.channels.breaker import FAILURES, FIRST_S, LONGEST_S, Breaker
from tocsin.doors.channels.talks import Talks
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import BadValue, Unavailable


def letter(number: int, address: str) -> Letter:
    return Letter(f"dsp-{number}", "post:x", address, "subject", "body", "en")


class Other:
    """Targets: ``slow`` ones answer when let go, ``dead`` ones never; everything asked is kept."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_go = threading.Event()
        self.dead: set[str] = set()

    def __call__(self, one: Letter) -> Outcome:
        self.asked.append(one.key)
        if one.address in self.dead:
            raise Unavailable(one.address, "does not answer", "wait")
        if one.address.startswith("slow"):
            assert self.let_go.wait(30)
        if one.address == "wrong":
            raise BadValue("address wrong", "leads nowhere", "correct it")
        return Outcome(one.key, True, "taken")


def test_a_slow_target_delays_nobody_and_is_not_asked_twice() -> None:
    other = Other()
    talks = Talks(other, patience_s=0.05)
    letters = [letter(0, "slow"), *(letter(n, f"quick{n}") for n in range(1, 20))]
    first = talks.ask_all(letters)
    assert [o.accepted for o in first] == [False] + [True] * 19
    assert not first[0].final
    assert not talks.ask_all(letters[:1])[0].accepted  # the sender brings it again: still talking
    other.let_go.set()
    later = Talks.ask_all(talks, letters[:1])
    while not later[0].accepted:
        later = talks.ask_all(letters[:1])
    assert other.asked.count("dsp-0") == 1
    talks.close()


def test_the_patience_is_spent_once_a_target_and_its_threads_are_its_own() -> None:
    """Twenty slow targets, then letters to them and to a quick one: no call waits for the slow again, and they take no thread
    from the quick, although there are more of them than threads."""
    now = [0.0]
    other = Other()
    talks = Talks(other, patience_s=0.05, side_by_side=4, clock=lambda: now[0])
    slow = [letter(n, f"slow{n}") for n in range(20)]
    for one in slow[:8]:
        begun = now[0]
        assert not _with_the_clock_running(talks, [one], now)[0].accepted
        assert now[0] - begun >= 0.05, "the first time it is waited for"
    begun = now[0]
    outcomes = talks.ask_all([letter(100, "slow0"), letter(101, "slow7"), letter(102, "quick")])
    assert [outcome.accepted for outcome in outcomes] == [False, False, True]
    assert now[0] == begun, "nobody waited"
    other.let_go.set()
    while not talks.ask_all([slow[0]])[0].accepted:
        continue
    talks.close()


def _with_the_clock_running(talks: Talks, letters: list[Letter], now: list[float]) -> list[Outcome]:
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.001):
            now[0] += 0.01

    thread = threading.Thread(target=run)
    thread.start()
    try:
        return talks.ask_all(letters)
    finally:
        stop.set()
        thread.join()


def test_letters_to_one_target_go_one_after_another_in_order() -> None:
    other = Other()
    talks = Talks(other, patience_s=5)
    letters = [letter(n, "one") for n in range(20)]
    assert all(outcome.accepted for outcome in talks.ask_all(letters))
    assert other.asked == [one.key for one in letters]
    talks.close()


def test_a_dead_target_rests_and_is_asked_once_after_its_rest() -> None:
    now = [0.0]
    other = Other()
    other.dead.add("dead")
    talks = Talks(other, patience_s=5, clock=lambda: now[0])
    for number in range(10):
        assert not talks.ask_all([letter(number, "dead")])[0].accepted
    assert len(other.asked) == FAILURES
    assert talks.resting() == ["dead"]
    now[0] = FIRST_S
    talks.ask_all([letter(11, "dead"), letter(12, "dead")])
    assert len(other.asked) == FAILURES + 1
    other.dead.clear()
    now[0] = 10 * FIRST_S
    assert talks.ask_all([letter(13, "dead")])[0].accepted
    assert talks.resting() == []
    talks.close()


def test_an_address_that_can_never_be_right_is_final_and_no_failure_of_its_host() -> None:
    other = Other()
    talks = Talks(other, patience_s=5)
    outcomes = [talks.ask_all([letter(n, "wrong")])[0] for n in range(2 * FAILURES)]
    assert all(outcome.final for outcome in outcomes)
    assert len(other.asked) == 2 * FAILURES
    talks.close()


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 400)), max_size=60))
def test_a_breaker_rests_longer_and_longer_and_never_too_long(story: list[tuple[bool, float]]) -> None:
    breaker, now, in_a_row = Breaker(), 0.0, 0
    for answers, pause in story:
        now += pause
        may = breaker.may_ask(now)
        assert may == (in_a_row < FAILURES or now >= breaker.rests_until)
        if not may:
            continue
        if answers:
            breaker.answered()
            in_a_row = 0
        else:
            breaker.failed(now)
            in_a_row += 1
            expected = min(LONGEST_S, FIRST_S * 2 ** (in_a_row - FAILURES)) if in_a_row >= FAILURES else 0
            assert breaker.rests_until - now <= max(expected, 0) + 1e-9 or in_a_row < FAILURES
