"""A day that is lived: while it is played, its people look up every few minutes and do what waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from tocsin.app.demo.play import Player
from tocsin.app.demo.staff import ROUND, Staff
from tocsin.records import clock
from tocsin.records.dispatch.queries import undelivered
from tocsin.records.outbox.queries import waiting
from tocsin.terms.errors import Unavailable

__all__ = ["LivedDay"]

WAIT_S = 60.0
ROUNDS_AT_MOST = 40  # of acting at one moment: people answer each other, and then it is quiet


class LivedDay:
    """Hands the player's moments to the staff. ``told`` passes them on (a progress bar)."""

    def __init__(self, staff: Staff, told: Callable[[int], None] = lambda at_us: None) -> None:
        self.staff, self._told = staff, told
        self._next_us = 0
        self.player: Player | None = None

    def look_up(self, at_us: int) -> None:
        """What the player tells: from one round to the next the staff acts once everything is recorded and carried."""
        self._told(at_us)
        if at_us < self._next_us or self.player is None:
            return
        self._next_us = at_us + round(ROUND.total_seconds() * 1e6)
        self.player.caught_up()
        self._until_quiet(self.staff.work)

    def finish(self) -> None:
        """The end of the day: what still waits is done, then what is over is closed."""
        self._until_quiet(self.staff.work)
        self._until_quiet(self.staff.tidy_up)

    def _until_quiet(self, act: Callable[[datetime], int]) -> None:
        for _ in range(ROUNDS_AT_MOST):
            self._carried()
            if not act(clock.now()):
                return
        raise Unavailable("the demo's staff", "never comes to rest", "read serve.log")

    def _carried(self) -> None:
        """Wait until the worker has carried every fact (mail may go on its way meanwhile)."""
        deadline = time.monotonic() + WAIT_S
        while (found := waiting(now=clock.now())).facts > found.failing:
            if time.monotonic() > deadline:
                raise Unavailable("the worker", f"{found.facts} facts wait since {WAIT_S:.0f} s", "read serve.log")
            time.sleep(0.01)

    @staticmethod
    def mail_settled() -> bool:
        """Wait for the post office; whether everything went."""
        deadline = time.monotonic() + WAIT_S
        while undelivered(now=clock.now()).dispatches:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True
