"""Talks: many targets asked side by side, so that a slow one delays nobody.

A call of ``ask_all`` comes back after ``patience_s`` at the latest. What has no answer by then goes on talking: its letter is
"not yet handed over", and when the sender brings the same letter again it gets the answer that came meanwhile, without a
second call. A target is asked one letter after another (a cancel never overtakes its alert); a target that fails rests
(``breaker``). Nothing of this outlives the process: after a crash a letter in the air is sent again with the same key.
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
        self._pool = ThreadPoolExecutor(side_by_side, thread_name_prefix="talk")
        self._lock = threading.Lock()
        self._air: OrderedDict[str, Future[Outcome]] = OrderedDict()  # by key of the letter
        self._busy: set[str] = set()  # targets that are being talked to
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
                    futures.append(future)
                if letter.key not in outcomes:
                    turns.add(target)
            waiting = [letter for letter in waiting if letter.key not in outcomes]
            left = ends - self._clock()
            if not futures or left <= 0:
                break
            wait(futures, timeout=left, return_when="FIRST_COMPLETED")
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
                return next((f for f in self._air.values() if not f.done()), None)
            breaker = self._breaker(target)
            if not breaker.may_ask(self._clock()):
                outcomes[letter.key] = Outcome(letter.key, False, "the target did not answer lately and rests")
                return None
            self._busy.add(target)
            made = self._air[letter.key] = self._pool.submit(self._talk, letter, target)
            while len(self._air) > KEPT and next(iter(self._air.values())).done():
                self._air.popitem(last=False)
            return made

    def _talk(self, letter: Letter, target: str) -> Outcome:
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
            self._busy.discard(target)
            breaker = self._breaker(target)
            if answered:
                breaker.answered()
            else:
                breaker.failed(self._clock())
        return outcome

    def _breaker(self, target: str) -> Breaker:
        breaker = self._breakers.setdefault(target, Breaker())
        self._breakers.move_to_end(target)
        while len(self._breakers) > _TARGETS:
            self._breakers.popitem(last=False)
        return breaker
