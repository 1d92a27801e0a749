"""CUSUM on what is left when the usual value of the hour is taken away (Page 1954).

A small lasting shift that no single observation shows adds up: S = max(0, S + z - slack) upward, the same downward, where z
is the residual in units of its own usual size. The score is the larger of the two; 5 with slack 0.5 is the common choice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tocsin.engine.operators.adding_up import add_up
from tocsin.engine.operators.same_hour import SameHour, local_hours

__all__ = ["Cusum"]

Array = np.ndarray
WARM = 24  # residuals before their usual size is believed
CLIP = 6.0  # of z: one wild value is a spike, not a shift


class Cusum:
    """For streams with a daily course. ``days``: past days whose same hour is usual; ``slack``: shift (in usual sizes of a
    residual) that is let pass; ``forget``: weight of the newest residual in that size."""

    assumptions = (
        "The stream has the same course every day but for noise; residuals are alike in size over the day and hardly depend "
        "on each other (where they do, more false findings come than the tables of Page's test say)."
    )

    def __init__(self, days: int = 7, *, zone: str = "UTC", slack: float = 0.5, forget: float = 0.01) -> None:
        self.usual = SameHour(days, "median")
        self.zone, self.slack, self.forget = zone, slack, forget
        self.bytes_a_slot = 24 * (days + 1) * 16 + 4 * 8
        self.size, self.up, self.down = np.zeros(0), np.zeros(0), np.zeros(0)
        self.seen = np.zeros(0, np.int64)

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        self.usual.grow(slots)
        more = slots - len(self.size)
        self.size, self.up, self.down = (np.concatenate([x, np.zeros(more)]) for x in (self.size, self.up, self.down))
        self.seen = np.concatenate([self.seen, np.zeros(more, np.int64)])

    def fit(self, slot: Array, t: Array, v: Array) -> None:
        """Learn the usual hours and the size of residuals."""
        self._run(slot, t, v, judging=False)

    def step(self, slot: Array, t: Array, v: Array) -> Array:
        """The larger of both sums after each row; NaN while the hour or the size is not known."""
        return self._run(slot, t, v, judging=True)

    def reset(self, slots: Array) -> None:
        """Begin to add up anew in these slots, after a finding was told."""
        self.up[slots] = self.down[slots] = 0.0

    def _run(self, slot: Array, t: Array, v: Array, *, judging: bool) -> Array:
        out = np.full(len(slot), np.nan)
        good = np.isfinite(v)
        slot, t, v = slot[good], t[good], v[good]
        usual, _ = self.usual.run(slot, local_hours(t, self.zone), v)
        with np.errstate(all="ignore"):
            residual = v - usual
        scores = np.empty(len(slot))
        add_up(
            slot,
            residual,
            self.slack,
            self.forget,
            WARM,
            CLIP,
            judging,
            self.size,
            self.seen,
            self.up,
            self.down,
            scores,
        )
        out[good] = scores
        return out

    def state(self) -> Mapping[str, Array]:
        """Arrays by name."""
        own = {"size": self.size, "seen": self.seen, "up": self.up, "down": self.down}
        return own | {f"usual.{name}": array for name, array in self.usual.state().items()}

    def load(self, state: Mapping[str, Array]) -> None:
        """Take over a saved state."""
        self.size, self.seen, self.up, self.down = (state[name].copy() for name in ("size", "seen", "up", "down"))
        self.usual.load({name[6:]: array for name, array in state.items() if name.startswith("usual.")})
