"""The circuit breaker of one target (M. Nygard, Release It!, 2007): a target that failed several times in a row is left
alone for a while, then asked once; an answer closes the circuit. Time is an argument."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Breaker"]

FAILURES = 3  # in a row, that open the circuit
FIRST_S, LONGEST_S = 5.0, 300.0


@dataclass(slots=True)
class Breaker:
    """``rests_until``: moment (s, any steady clock) before which the target is not asked."""

    failures: int = 0
    rests_until: float = 0.0
    asked: bool = False  # the one trial after a rest is on its way

    def may_ask(self, now: float) -> bool:
        """Whether the target may be asked now; True marks the one trial of a target that rested."""
        if self.failures < FAILURES:
            return True
        if now < self.rests_until or self.asked:
            return False
        self.asked = True
        return True

    def answered(self) -> None:
        """It answered, whatever it said: the circuit is closed."""
        self.failures, self.asked = 0, False

    def failed(self, now: float) -> None:
        """No answer. Each failure beyond the limit doubles the rest."""
        self.failures += 1
        self.asked = False
        beyond = self.failures - FAILURES
        if beyond >= 0:
            self.rests_until = now + min(LONGEST_S, FIRST_S * 2.0 ** min(beyond, 10))
