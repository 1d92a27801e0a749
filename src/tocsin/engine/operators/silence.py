"""Silence: judged against the register of what should report, stamped when it fell due, so that it replays exactly.

A stream is silent from (last good observation + the source's declared delay + limit) until its next good observation.
Whether rows or a tick make it known changes nothing but the log position at which it becomes known.
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.ordering import NEVER
from tocsin.engine.operators.scratch import Scratch

__all__ = ["Silence"]

Array = np.ndarray


@kernel
def _rows(slot, t, v, limit, last, value, silent, out_slot, out_t, out_on, out_v, out_gap):
    n, rows, i = 0, slot.shape[0], 0
    while i < rows:
        s = slot[i]
        allowed, before, said, x = limit[s], last[s], silent[s], value[s]
        while i < rows and slot[i] == s:
            now = t[i]
            if not said and before != NEVER and now - before > allowed:
                said = True
                out_slot[n], out_t[n], out_on[n], out_v[n], out_gap[n] = s, before + allowed, 1.0, x, allowed
                n += 1
            x = v[i]
            if said:
                said = False
                out_slot[n], out_t[n], out_on[n], out_v[n] = s, max(now, before + allowed), 0.0, x
                out_gap[n] = now - before
                n += 1
            before = now
            i += 1
        last[s], value[s], silent[s] = before, x, said
    return n


@kernel
def _tick(now, inclusive, limit, patience, newest, last, value, silent, out_slot, out_t, out_on, out_v, out_gap):
    n = 0
    for s in range(last.shape[0]):
        if newest[s] > last[s]:  # rows wait for their frontier: it is they who will say
            continue
        if not silent[s] and last[s] != NEVER and now - last[s] + inclusive > limit[s] + patience[s]:
            silent[s] = True
            out_slot[n], out_t[n], out_on[n], out_v[n] = s, last[s] + limit[s], 1.0, value[s]
            out_gap[n] = limit[s]
            n += 1
    return n


class Silence:
    """Per slot: last good moment (a registered stream that never reported counts from its registration), last value."""

    def __init__(self, limit_us: int) -> None:
        self.limit_us = limit_us
        self.limit = np.zeros(0, np.int64)  # limit + delay
        self.patience = np.zeros(0, np.int64)  # lateness: rows may still come that far behind a tick
        self.last = np.zeros(0, np.int64)
        self.value = np.zeros(0)
        self.silent = np.zeros(0, np.bool_)
        self._scratch = Scratch()

    def grow(self, delay: Array, lateness: Array, registered: Array) -> None:
        """Room for more slots: each one's delay, lateness and moment of registration (NEVER = not known), all in us."""
        old = len(self.last)
        more = len(delay) - old
        self.limit, self.patience = self.limit_us + delay, lateness.copy()
        self.last = np.concatenate([self.last, registered[old:]])
        self.value = np.concatenate([self.value, np.full(more, np.nan)])
        self.silent = np.concatenate([self.silent, np.zeros(more, np.bool_)])

    def rows(self, slot: Array, t: Array, v: Array) -> tuple[Array, ...]:
        """Edges made known by observations: slot, moment, 1 (begins) or 0 (ends), the value last known or that came,
        and how long (us) nothing had come."""
        out = self._edges(2 * len(slot))
        n = _rows(slot, t, v, self.limit, self.last, self.value, self.silent, *out)
        return tuple(column[:n].copy() for column in out)

    def tick(self, now: int, newest: Array, *, final: bool = False) -> tuple[Array, ...]:
        """Edges made known by a tick. ``newest``: per slot the newest accepted moment, rows not yet judged included.

        A row of the very moment at which silence falls due still prevents it, so a tick says it only when past that;
        ``final``: nothing more will come, neither late nor at this moment."""
        out = self._edges(len(self.last))
        patience = np.zeros_like(self.patience) if final else self.patience
        n = _tick(now, int(final), self.limit, patience, newest, self.last, self.value, self.silent, *out)
        return tuple(column[:n].copy() for column in out)

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"last": self.last, "value": self.value, "silent": self.silent}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.last, self.value, self.silent = (state[name].copy() for name in ("last", "value", "silent"))

    def _edges(self, n: int) -> tuple[Array, ...]:
        take = self._scratch.take
        return take("s", n, np.int32), take("t", n, np.int64), take("on", n), take("v", n), take("gap", n)
