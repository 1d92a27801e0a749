"""Talks: many targets asked side by side, so that a slow one delays nobody.

A call of ``ask_all`` comes back after ``patience_s`` at the latest. What has no answer by then goes on talking: its letter is
"not yet handed over", and when the sender brings the same letter again it gets the answer that came meanwhile, without a
second call. A target is asked one letter after another (a cancel never overtakes its alert); a target that fails rests
(``breaker``). Whoever was slow once is waited for no more, and takes no place among the ``side_by_side``, until it answers in
time again: the patience is spent once a target, not once a letter. Nothing of this outlives the process: after a crash a letter
in the air is sent again with the same key.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from tocsin.doors.channels.breaker import Breaker
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import Refused, Unavailable

__all__ = ["Talks"]

SIDE_BY_SIDE = 16
PATIENCE_S = 1.0
SLOW_AT_MOST = 64  # talks with slow targets
KEPT = 10_000  # answers that nobody fetched
_TARGETS = 50_000

Ask = Callable[[Letter], Outcome]


class Talks:
    """``ask`` hands one letter to its target: an Outcome, or Unavailable where nobody answered, or Refused where the
    address can never be right."""

    def __init__(
        self, ask: Ask, *, target_of: Callable[[Letter], str] = lambda letter: letter.address,
        side_by_side: int = SIDE_BY_SIDE, patience_s: float = PATIENCE_S, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._ask, self._target_of, self._patience_s, self._clock = ask, target_of, patience_s, clock
        self._side_by_side = side_by_side
        self._quick = 0  # talks that go on with targets that are not slow
        self._pool = ThreadPoolExecutor(side_by_side + SLOW_AT_MOST, thread_name_prefix="talk")
        self._lock = threading.Lock()
        self._air: OrderedDict[str, Future[Outcome]] = OrderedDict()  # by key of the letter
        self._busy: dict[str, Future[Outcome]] = {}  # targets that are being talked to
        self._slow: set[str] = set()  # targets that did not answer within the patience, the last time
        self._breakers: OrderedDict[str, Breaker] = OrderedDict()

    def ask_all(self, letters: Sequence[Letter]) -> list[Outcome]:
        """One outcome a letter, in order."""
        ends = self._clock() + self._patience_s
        outcomes: dict[str, Outcome] = {}
        waiting = list(letters)
        while waiting:
            futures, turns = [], set()
            for letter in waiting:  # in order: once a letter waits its turn, later ones to its target do too
                target = self._target_of(letter)
                if target not in turns and (future := self._begin(letter, outcomes)) is not None:
                    futures += [future] if target not in self._slow else []
                if letter.key not in outcomes:
                    turns.add(target)
            waiting = [letter for letter in waiting if letter.key not in outcomes]
            left = ends - self._clock()
            if not futures or left <= 0:
                break
            wait(futures, timeout=left, return_when="FIRST_COMPLETED")
        self._note_slow({self._target_of(letter) for letter in waiting})
        return [outcomes.get(one.key) or Outcome(one.key, False, "the target has not answered yet") for one in letters]

    def resting(self) -> list[str]:
        """Targets that are left alone now."""
        now = self._clock()
        with self._lock:
            return [name for name, one in self._breakers.items() if one.failures and now < one.rests_until]

    def close(self) -> None:
        """Take nothing more; who still talks is left."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, letter: Letter, outcomes: dict[str, Outcome]) -> Future[Outcome] | None:
        """The talk about a letter, begun if its target is free; None where it has its outcome or must wait its turn."""
        target = self._target_of(letter)
        with self._lock:
            if (going := self._air.get(letter.key)) is not None:
                if not going.done():
                    return going
                del self._air[letter.key]
                outcomes[letter.key] = going.result()
                return None
            if target in self._busy:
                return self._busy[target]
            if target in self._slow:
                if len(self._busy) - self._quick >= SLOW_AT_MOST:
                    outcomes[letter.key] = Outcome(
                        letter.key, False, "the target was slow and waits for other slow ones"
                    )
                    return None
            elif self._quick >= self._side_by_side:
                return None
            breaker = self._breaker(target)
            if not breaker.may_ask(self._clock()):
                outcomes[letter.key] = Outcome(letter.key, False, "the target did not answer lately and rests")
                return None
            self._quick += target not in self._slow
            made = self._air[letter.key] = self._busy[target] = self._pool.submit(self._talk, letter, target)
            while len(self._air) > KEPT and next(iter(self._air.values())).done():
                self._air.popitem(last=False)
            return made

    def _talk(self, letter: Letter, target: str) -> Outcome:
        begun = self._clock()
        try:
            outcome = self._ask(letter)
            answered = True
        except Unavailable as error:
            outcome, answered = Outcome(letter.key, False, f"{error.thing} {error.rule}"[:300]), False
        except Refused as error:
            outcome, answered = Outcome(letter.key, False, f"{error.thing} {error.rule}"[:300], final=True), True
        except Exception as error:  # a fault of ours must not keep the target busy for ever
            outcome, answered = Outcome(letter.key, False, f"{type(error).__name__}: {error}"[:300]), False
        with self._lock:
            self._busy.pop(target, None)
            self._quick -= target not in self._slow
            if answered and self._clock() - begun <= self._patience_s:
                self._slow.discard(target)
            breaker = self._breaker(target)
            if answered:
                breaker.answered()
            else:
                breaker.failed(self._clock())
        return outcome

    def _note_slow(self, targets: set[str]) -> None:
        with self._lock:
            fresh = (self._busy.keys() & targets) - self._slow
            self._quick -= len(fresh)
            self._slow |= fresh

    def _breaker(self, target: str) -> Breaker:
        breaker = self._breakers.setdefault(target, Breaker())
        self._breakers.move_to_end(target)
        while len(self._breakers) > _TARGETS:
            name, _gone = self._breakers.popitem(last=False)
            if name not in self._busy:
                self._slow.discard(name)
        return breaker
