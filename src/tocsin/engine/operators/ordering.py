"""Ordering: log order in, ``observed_at`` order per stream out (engine.md section 2).

Row by row in log order, per stream: a row older than the stream's frontier (newest seen - lateness) is late; a row at
an already taken moment is a duplicate (the first accepted wins); everything else waits in a small sorted buffer until
the frontier passes it. A global sort of a 30 s buffer is what this avoids.
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.rings import Rings, make_room

__all__ = ["NEVER", "Ordering", "group_by_stream"]

NEVER = np.iinfo(np.int64).min // 4  # "no observation yet"; far from overflow when a window is subtracted

Array = np.ndarray


@kernel
def group_by_stream(stream, streams):
    """Positions of rows so that equal streams stand together, log order kept inside (stable counting sort)."""
    start = np.zeros(streams + 1, np.int64)
    for i in range(stream.shape[0]):
        start[stream[i] + 1] += 1
    for s in range(streams):
        start[s + 1] += start[s]
    order = np.empty(stream.shape[0], np.int64)
    for i in range(stream.shape[0]):
        order[start[stream[i]]] = i
        start[stream[i]] += 1
    return order


@kernel
def _accept(begin, order, stream, time, value, lateness, newest, released, late, duplicate,
            offset, klass, head, tail, free, bump, times, values, out_s, out_t, out_v, out_n):  # fmt: skip
    """Rows ``order[begin:]`` until done or out of room. Returns the position reached."""
    n = out_n[0]
    for k in range(begin, order.shape[0]):
        i = order[k]
        s, t = stream[i], time[i]
        if lateness[s] == 0:
            if t > newest[s]:
                newest[s] = released[s] = t
                out_s[n], out_t[n], out_v[n] = s, t, value[i]
                n += 1
            elif t == newest[s]:
                duplicate[s] += 1
            else:
                late[s] += 1
            continue
        if t <= released[s] or t < newest[s] - lateness[s]:
            if t == released[s]:
                duplicate[s] += 1
            else:
                late[s] += 1
            continue
        if klass[s] < 0 or tail[s] - head[s] > (1 << klass[s]) - 1:
            if not make_room(s, offset, klass, head, tail, free, bump, times, values):
                out_n[0] = n
                return k
        mask, base, first = (1 << klass[s]) - 1, offset[s], head[s]
        place = tail[s]  # entry number where the row belongs
        while place > first and times[base + ((place - 1) & mask)] > t:
            place -= 1
        if place > first and times[base + ((place - 1) & mask)] == t:
            duplicate[s] += 1
            continue
        for a in range(tail[s], place, -1):
            times[base + (a & mask)] = times[base + ((a - 1) & mask)]
            values[base + (a & mask)] = values[base + ((a - 1) & mask)]
        times[base + (place & mask)], values[base + (place & mask)] = t, value[i]
        tail[s] += 1
        if t > newest[s]:
            newest[s] = t
            frontier = t - lateness[s]
            while first < tail[s] and times[base + (first & mask)] <= frontier:
                at = base + (first & mask)
                out_s[n], out_t[n], out_v[n] = s, times[at], values[at]
                released[s] = times[at]
                n += 1
                first += 1
            head[s] = first
    out_n[0] = n
    return order.shape[0]


@kernel
def _release_idle(now, idle_after, newest, released, offset, klass, head, tail, times, values,
                  out_s, out_t, out_v):  # fmt: skip
    """Emit everything of streams whose newest row is more than ``idle_after`` behind ``now``."""
    n = 0
    for s in range(newest.shape[0]):
        if head[s] < tail[s] and now - newest[s] >= idle_after[s]:
            mask = (1 << klass[s]) - 1
            for a in range(head[s], tail[s]):
                at = offset[s] + (a & mask)
                out_s[n], out_t[n], out_v[n] = s, times[at], values[at]
                n += 1
            head[s] = tail[s]
            released[s] = newest[s]
    return n


class Ordering:
    """Per stream: lateness and idle limit (us), newest accepted and last released moment, counters, waiting rows."""

    def __init__(self) -> None:
        self.lateness = np.zeros(0, np.int64)
        self.idle_after = np.zeros(0, np.int64)
        self.newest = np.zeros(0, np.int64)
        self.released = np.zeros(0, np.int64)
        self.late = np.zeros(0, np.int64)
        self.duplicate = np.zeros(0, np.int64)
        self.waiting = Rings()

    def grow(self, lateness: Array, idle_after: Array) -> None:
        """New limits for all streams (more of them than before, or the same)."""
        more = len(lateness) - len(self.newest)
        self.lateness, self.idle_after = lateness, idle_after
        for name, fill in (("newest", NEVER), ("released", NEVER), ("late", 0), ("duplicate", 0)):
            setattr(self, name, np.concatenate([getattr(self, name), np.full(more, fill, np.int64)]))
        self.waiting.grow(len(lateness))

    def accept(self, stream: Array, time: Array, value: Array) -> tuple[Array, Array, Array]:
        """Rows that became ready: streams grouped, each in time order."""
        order = group_by_stream(stream, len(self.newest))
        room = len(stream) + int((self.waiting.tail - self.waiting.head).sum()) if self.lateness.any() else len(stream)
        out_s, out_t, out_v = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.float64)
        out_n = np.zeros(1, np.int64)
        at = 0
        while True:
            at = _accept(at, order, stream, time, value, self.lateness, self.newest, self.released, self.late,
                         self.duplicate, *self.waiting.args, out_s, out_t, out_v, out_n)  # fmt: skip
            if at == len(order):
                break
            self.waiting.widen()
        n = int(out_n[0])
        return out_s[:n], out_t[:n], out_v[:n]

    def release_idle(self, now: int) -> tuple[Array, Array, Array]:
        """Rows of streams that fell idle by ``now`` (ticks call this)."""
        w = self.waiting
        room = int((w.tail - w.head).sum())
        out_s, out_t, out_v = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.float64)
        if room == 0:
            return out_s, out_t, out_v
        n = _release_idle(now, self.idle_after, self.newest, self.released, w.offset, w.klass, w.head, w.tail,
                          w.times, w.values, out_s, out_t, out_v)  # fmt: skip
        return out_s[:n], out_t[:n], out_v[:n]

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        own = {name: getattr(self, name) for name in ("newest", "released", "late", "duplicate")}
        return own | {f"waiting.{name}": array for name, array in self.waiting.state().items()}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state (after ``grow`` to the same streams)."""
        for name in ("newest", "released", "late", "duplicate"):
            setattr(self, name, state[name].copy())
        self.waiting.load({name[8:]: array for name, array in state.items() if name.startswith("waiting.")})
