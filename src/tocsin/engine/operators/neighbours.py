"""The observations just before: previous value, spikes, stuck values."""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.ordering import NEVER

__all__ = ["Previous", "Stuck"]

Array = np.ndarray


@kernel
def _previous(slot, v, one, two, out_one, out_two):
    for i in range(slot.shape[0]):
        s = slot[i]
        out_one[i], out_two[i] = one[s], two[s]
        two[s], one[s] = one[s], v[i]


class Previous:
    """The values one and two observations back (NaN before the stream has that many)."""

    def __init__(self) -> None:
        self.one, self.two = np.zeros(0), np.zeros(0)

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        more = np.full(slots - len(self.one), np.nan)
        self.one, self.two = np.concatenate([self.one, more]), np.concatenate([self.two, more])

    def run(self, slot: Array, v: Array) -> tuple[Array, Array]:
        """Per row: the value one back and two back."""
        one, two = np.empty(len(slot)), np.empty(len(slot))
        _previous(slot, v, self.one, self.two, one, two)
        return one, two

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"one": self.one, "two": self.two}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.one, self.two = state["one"].copy(), state["two"].copy()


@kernel
def _stuck(slot, t, v, value, since, same, out_for, out_same):
    for i in range(slot.shape[0]):
        s = slot[i]
        if same[s] > 0 and v[i] == value[s]:
            same[s] += 1
        else:
            value[s], since[s], same[s] = v[i], t[i], 1
        out_for[i], out_same[i] = t[i] - since[s], same[s]


class Stuck:
    """For how long (us) and how many observations the value has been exactly the same."""

    def __init__(self) -> None:
        self.value, self.since, self.same = np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64)

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        more = slots - len(self.value)
        self.value = np.concatenate([self.value, np.full(more, np.nan)])
        self.since = np.concatenate([self.since, np.full(more, NEVER, np.int64)])
        self.same = np.concatenate([self.same, np.zeros(more, np.int64)])

    def run(self, slot: Array, t: Array, v: Array) -> tuple[Array, Array]:
        """Per row: duration (us) and number of equal observations, the row included."""
        duration, same = np.empty(len(slot), np.int64), np.empty(len(slot), np.int64)
        _stuck(slot, t, v, self.value, self.since, self.same, duration, same)
        return duration, same

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"value": self.value, "since": self.since, "same": self.same}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.value, self.since, self.same = (state[name].copy() for name in ("value", "since", "same"))
