"""Pairs: the observations of two sister streams at the same moment, whichever came first (an exact merge join)."""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.ordering import NEVER

__all__ = ["Pairs"]

Array = np.ndarray


class Pairs:
    """Rows of side A (``slot``) and side B (mapped to A's slot) wait until the other side has passed their moment."""

    def __init__(self) -> None:
        self.newest = np.zeros((2, 0), np.int64)
        self.slot, self.time = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.value, self.side = np.zeros(0), np.zeros(0, np.int8)

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        more = np.full((2, slots - self.newest.shape[1]), NEVER, np.int64)
        self.newest = np.concatenate([self.newest, more], axis=1)

    def run(
        self, slot_a: Array, t_a: Array, v_a: Array, slot_b: Array, t_b: Array, v_b: Array
    ) -> tuple[Array, Array, Array, Array]:
        """New rows of both sides in; matched rows out by slot and time: slot, time, A's value, B's value."""
        np.maximum.at(self.newest[0], slot_a, t_a)
        np.maximum.at(self.newest[1], slot_b, t_b)
        slot = np.concatenate([self.slot, slot_a, slot_b])
        t = np.concatenate([self.time, t_a, t_b])
        v = np.concatenate([self.value, v_a, v_b])
        side = np.concatenate([self.side, np.zeros(len(slot_a), np.int8), np.ones(len(slot_b), np.int8)])
        order = np.lexsort((side, t, slot))
        slot, t, v, side = slot[order], t[order], v[order], side[order]
        first = np.flatnonzero((slot[:-1] == slot[1:]) & (t[:-1] == t[1:]) & (side[:-1] != side[1:]))
        open_ = t > self.newest[1 - side, slot]
        open_[first] = open_[first + 1] = False
        self.slot, self.time, self.value, self.side = slot[open_], t[open_], v[open_], side[open_]
        return slot[first], t[first], v[first], v[first + 1]

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {name: getattr(self, name) for name in ("newest", "slot", "time", "value", "side")}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        for name in ("newest", "slot", "time", "value", "side"):
            setattr(self, name, state[name].copy())
