"""The ladder: raise conditions per rank, hold, clear -> level changes (engine.md section 3, hysteresis).

Upward at once when a higher rank's condition has held for its hold; downward only after the clear condition has held:
the rule's own ``clear``, else "the present rank's condition is known to be false". A rank may have to be kept for a time
before it falls (``keep_us``), and after clearance no rank up to the one that cleared is raised again for a time
(``cool_us``), except ranks from ``free_rank`` on, which nothing holds back.
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.ordering import NEVER
from tocsin.engine.operators.scratch import Scratch

__all__ = ["Ladder"]

Array = np.ndarray


@kernel
def _ladder(slot, t, rise, rise_false, explicit, clear, hold_us, hold_n, clear_us, clear_n, keep_us,
            cool_us, free_rank, ranks, level, onset, since, count, clear_since, clear_count, level_since, cool_until,
            cool_rank, busy, out_row, out_from, out_to, out_onset):  # fmt: skip
    """``rise[r, i]``: rung r's condition is true at row i; ``rise_false``: known to be false. Rungs rise in rank."""
    n, i, rungs, rows = 0, -1, ranks.shape[0], slot.shape[0]
    while True:
        i += 1
        if i == rows:
            return n
        s = slot[i]
        rises = rise[0, i]
        for r in range(1, rungs):
            rises |= rise[r, i]
        if not (rises or busy[s]):  # by far the most: at rest, and nothing true
            if rungs == 1:
                while i + 1 < rows and slot[i + 1] == s and not rise[0, i + 1]:
                    i += 1
            continue
        reached, true_now = 0, 0  # highest rank that has held for its hold; highest whose condition is true
        present = -1
        for r in range(rungs):
            if ranks[r] == level[s]:
                present = r
            if rise[r, i]:
                if count[r, s] == 0:
                    since[r, s] = t[i]
                count[r, s] += 1
                true_now = ranks[r]
                if t[i] - since[r, s] >= hold_us[r] and count[r, s] >= hold_n[r]:
                    reached = ranks[r]
            else:
                count[r, s] = 0
        if level[s] == 0 and reached <= cool_rank[s] and reached < free_rank and t[i] < cool_until[s]:
            reached = 0  # it goes on holding, and is raised at the first row after the cool-down
        if reached > level[s]:
            if level[s] == 0:
                onset[s] = t[i]
            out_row[n], out_from[n], out_to[n], out_onset[n] = i, level[s], reached, onset[s]
            n += 1
            level[s] = reached
            level_since[s] = t[i]
            clear_count[s] = 0
        elif level[s] > 0:
            down = clear[i] if explicit else (present < 0 or rise_false[present, i])
            if down:
                if clear_count[s] == 0:
                    clear_since[s] = t[i]
                clear_count[s] += 1
                kept = present < 0 or t[i] - level_since[s] >= keep_us[present]
                if kept and t[i] - clear_since[s] >= clear_us and clear_count[s] >= clear_n and true_now < level[s]:
                    out_row[n], out_from[n], out_to[n], out_onset[n] = i, level[s], true_now, onset[s]
                    n += 1
                    if true_now == 0:
                        cool_until[s], cool_rank[s] = t[i] + cool_us, level[s]
                    level[s] = true_now
                    level_since[s] = t[i]
                    clear_count[s] = 0
            else:
                clear_count[s] = 0
        busy[s] = rises or level[s] > 0


class Ladder:
    """State per slot: present rank and since when, onset of the signal, the streaks of each rung and of the clear
    condition, and until when which ranks stay down after a clearance.

    ``plain``: without ``keep_us`` and ``cool_us``, which few rules ask for."""

    NAMES = (
        "level", "onset", "since", "count", "clear_since", "clear_count", "level_since", "cool_until", "cool_rank",
    )  # fmt: skip

    def __init__(
        self,
        ranks: Array,
        hold_us: Array,
        hold_n: Array,
        clear_us: int,
        clear_n: int,
        explicit: bool,
        keep_us: Array | None = None,
        cool_us: int = 0,
        free_rank: int = 127,
    ) -> None:
        self.ranks, self.hold_us, self.hold_n = ranks, hold_us, hold_n
        self.clear_us, self.clear_n, self.explicit = clear_us, clear_n, explicit
        self.keep_us = np.zeros(len(ranks), np.int64) if keep_us is None else keep_us
        self.cool_us, self.free_rank = cool_us, free_rank
        self.plain = not self.keep_us.any() and cool_us == 0
        self.level = np.zeros(0, np.int8)
        self.onset = np.zeros(0, np.int64)
        self.since = np.zeros((len(ranks), 0), np.int64)
        self.count = np.zeros((len(ranks), 0), np.int32)
        self.clear_since = np.zeros(0, np.int64)
        self.clear_count = np.zeros(0, np.int32)
        self.level_since = np.zeros(0, np.int64)
        self.cool_until = np.zeros(0, np.int64)
        self.cool_rank = np.zeros(0, np.int8)
        self.timed = not self.plain or bool(
            hold_us.any() or clear_us or (hold_n > 1).any() or clear_n > 1
        )  # what it says may depend on how long something has lasted
        self._scratch = Scratch()
        self.busy = np.zeros(0, np.bool_)  # a rank, or a streak of a rung: worked out from the rest, not kept

    def grow(self, slots: int) -> None:
        """Room for more slots."""
        more = slots - len(self.level)
        self.level = np.concatenate([self.level, np.zeros(more, np.int8)])
        self.onset = np.concatenate([self.onset, np.full(more, NEVER, np.int64)])
        self.since = np.concatenate([self.since, np.full((len(self.ranks), more), NEVER, np.int64)], axis=1)
        self.count = np.concatenate([self.count, np.zeros((len(self.ranks), more), np.int32)], axis=1)
        self.clear_since = np.concatenate([self.clear_since, np.full(more, NEVER, np.int64)])
        self.clear_count = np.concatenate([self.clear_count, np.zeros(more, np.int32)])
        self.level_since = np.concatenate([self.level_since, np.full(more, NEVER, np.int64)])
        self.cool_until = np.concatenate([self.cool_until, np.full(more, NEVER, np.int64)])
        self.cool_rank = np.concatenate([self.cool_rank, np.zeros(more, np.int8)])
        self.busy = np.concatenate([self.busy, np.zeros(more, np.bool_)])

    def rests(self, rows: int) -> bool:
        """Whether nobody has a rank or a streak, so that rows of which none rises say nothing. Asked only where to ask costs
        less than a pass over so many rows."""
        return len(self.busy) <= 4 * rows and not self.busy.any()

    def run(
        self, slot: Array, t: Array, rise: Array, rise_false: Array, clear: Array
    ) -> tuple[Array, Array, Array, Array]:
        """Changes of level: row number, rank before, rank after, onset (us)."""
        n, take = len(slot), self._scratch.take
        row, onset = take("row", n, np.int64), take("onset", n, np.int64)
        before, after = take("before", n, np.int8), take("after", n, np.int8)
        k = _ladder(
            slot, t, rise, rise_false, self.explicit, clear, self.hold_us, self.hold_n, self.clear_us, self.clear_n,
            self.keep_us, self.cool_us, self.free_rank, self.ranks, self.level, self.onset, self.since, self.count,
            self.clear_since, self.clear_count, self.level_since, self.cool_until, self.cool_rank, self.busy,
            row, before, after, onset,
        )  # fmt: skip
        return row[:k].copy(), before[:k].copy(), after[:k].copy(), onset[:k].copy()

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {name: getattr(self, name) for name in self.NAMES}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        for name in self.NAMES:
            setattr(self, name, state[name].copy())
        self.busy = (self.level > 0) | (self.count > 0).any(axis=0)
