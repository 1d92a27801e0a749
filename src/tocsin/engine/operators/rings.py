"""Rings: one first-in-first-out buffer of (time, value) per slot, all in two shared arrays.

Each slot owns a block whose size is a power of two; entry number ``a`` (counted from the slot's first entry ever) is at
``offset + (a & (size - 1))``. A full block moves to one four times as large; blocks left behind are reused by size. Where it
is known how many entries a slot will hold, it starts with the size from which it will come to just that (``grow``).
Exact windows need this and nothing more: memory is proportional to what is inside the windows.
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel

__all__ = ["Rings", "first_klass", "make_room"]

SMALLEST = 3  # log2 of the smallest block
STEP = 2  # log2 of how many times larger the next block is: fewer blocks left behind while all slots fill up together
MOST = 1 << 28  # entries that are reserved ahead at most (address space, no memory until they are written)
CLASSES = 48

Array = np.ndarray


@kernel
def _take_block(klass, free, bump, times):
    """Offset of a block of 2**klass entries, or -1 when the arrays are full. Free blocks are linked through ``times``."""
    if free[klass] >= 0:
        offset = free[klass]
        free[klass] = times[offset]
        return offset
    size = 1 << klass
    if bump[0] + size > times.shape[0]:
        return -1
    offset = bump[0]
    bump[0] += size
    return offset


@kernel
def make_room(slot, offset, klass, head, tail, free, bump, times, values):
    """Move a full slot to a larger block. False when the shared arrays must grow first (nothing changed).

    Kernels test for room themselves and come here only when there is none: the common path stays free of calls.
    """
    size = 0 if klass[slot] < 0 else 1 << klass[slot]
    wider = SMALLEST - 1 - klass[slot] if klass[slot] < 0 else klass[slot] + STEP
    fresh = _take_block(wider, free, bump, times)
    if fresh < 0:
        return False
    mask, wide_mask = size - 1, (1 << wider) - 1
    for a in range(head[slot], tail[slot]):
        times[fresh + (a & wide_mask)] = times[offset[slot] + (a & mask)]
        values[fresh + (a & wide_mask)] = values[offset[slot] + (a & mask)]
    if size > 0:
        times[offset[slot]] = free[klass[slot]]
        free[klass[slot]] = offset[slot]
    offset[slot], klass[slot] = fresh, wider
    return True


def first_klass(entries: Array) -> Array:
    """0 or 1 to add to SMALLEST, so that steps of STEP lead to the smallest block that holds so many entries."""
    last = np.ceil(np.log2(np.maximum(entries, 1 << SMALLEST)))
    first: Array = ((last.astype(np.int64) - SMALLEST) % STEP).astype(np.int8)
    return first


class Rings:
    """State of the rings of ``slots`` slots. Arrays are handed to kernels by ``args``."""

    def __init__(self, slots: int = 0) -> None:
        self.offset = np.zeros(slots, np.int64)
        self.klass = np.full(slots, -1, np.int8)  # below 0: no block yet, the first will be SMALLEST - 1 - klass
        self.head = np.zeros(slots, np.int64)
        self.tail = np.zeros(slots, np.int64)
        self.free = np.full(CLASSES, -1, np.int64)
        self.bump = np.zeros(1, np.int64)
        self.times = np.zeros(1024, np.int64)
        self.values = np.zeros(1024, np.float64)

    @property
    def args(self) -> tuple[Array, ...]:
        """In the order that kernels take them."""
        return (self.offset, self.klass, self.head, self.tail, self.free, self.bump, self.times, self.values)

    def grow(self, slots: int, entries: Array | None = None) -> None:
        """Room for more slots; ``entries``: how many each of the new ones is expected to hold."""
        more = slots - len(self.offset)
        if more > 0:
            self.offset = np.concatenate([self.offset, np.zeros(more, np.int64)])
            self.klass = np.concatenate([self.klass, -1 - first_klass(np.zeros(more) if entries is None else entries)])
            self.head = np.concatenate([self.head, np.zeros(more, np.int64)])
            self.tail = np.concatenate([self.tail, np.zeros(more, np.int64)])
            if entries is not None:
                self._reserve(int(np.minimum(entries, MOST).sum() * 2))

    def _reserve(self, entries: int) -> None:
        """Address space in one piece, so that filling up moves nothing. Where there is none, arrays grow as they must."""
        wanted = min(int(self.bump[0]) + entries, MOST)
        if wanted <= len(self.times):
            return
        try:
            wide = np.zeros(wanted, np.int64), np.zeros(wanted, np.float64)
        except MemoryError:
            return
        self._move(*wide)

    def widen(self) -> None:
        """Four times the shared arrays (a kernel found no room). Pages that nobody wrote to cost address space only."""
        self._move(np.zeros(4 * len(self.times), np.int64), np.zeros(4 * len(self.values), np.float64))

    def _move(self, times: Array, values: Array) -> None:
        used = int(self.bump[0])
        times[:used], values[:used] = self.times[:used], self.values[:used]
        self.times, self.values = times, values

    def entries(self, slot: int) -> tuple[Array, Array]:
        """Copies of a slot's times and values, oldest first (for tests and evidence)."""
        if self.klass[slot] < 0:
            return np.empty(0, np.int64), np.empty(0)
        at = self.offset[slot] + (np.arange(self.head[slot], self.tail[slot]) & ((1 << int(self.klass[slot])) - 1))
        return self.times[at], self.values[at]

    def state(self) -> dict[str, Array]:
        """All arrays, the unused end of the shared ones cut off."""
        used = int(self.bump[0])
        return {
            "offset": self.offset, "klass": self.klass, "head": self.head, "tail": self.tail, "free": self.free,
            "bump": self.bump, "times": self.times[:used], "values": self.values[:used],
        }  # fmt: skip

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        for name in ("offset", "klass", "head", "tail", "free", "bump"):
            setattr(self, name, state[name].copy())
        room = max(1024, len(state["times"]) + len(state["times"]) // 8)
        self.times = np.zeros(room, np.int64)
        self.values = np.zeros(room, np.float64)
        self.times[: len(state["times"])] = state["times"]
        self.values[: len(state["values"])] = state["values"]
