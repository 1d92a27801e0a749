"""Ordering: log order in, ``observed_at`` order per stream out (engine.md section 2).

Row by row in log order, per stream: a row older than the stream's frontier (newest seen - lateness) is late; a row at
an already taken moment is a duplicate (the first accepted wins); everything else waits in a small sorted buffer until
the frontier passes it. A global sort of a 30 s buffer is what this avoids.
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel, prefetch
from tocsin.engine.operators.rings import Rings, make_room
from tocsin.engine.operators.scratch import Scratch

__all__ = ["NEVER", "Ordering", "group_by_stream"]

NEVER = np.iinfo(np.int64).min // 4  # "no observation yet"; far from overflow when a window is subtracted

Array = np.ndarray
SOON = 16  # rows ahead that are asked for: in the order of streams they lie anywhere in the batch


@kernel
def _group(stream, streams, order, other, start):
    """Positions of rows so that equal streams stand together, log order kept inside, into ``order``: counting sorts by parts
    of the stream's number, from the lowest part on; one part alone where that many counters are worth it."""
    n, bits = stream.shape[0], 1
    while (1 << bits) < streams:
        bits += 1
    parts = 1 if streams <= max(2 * n, 2048) else (bits + 10) // 11
    width = (bits + parts - 1) // parts
    for part in range(parts):
        shift, last = part * width, (1 << width) - 1
        for digit in range(last + 2):
            start[digit] = 0
        for i in range(n):
            start[((stream[i] >> shift) & last) + 1] += 1
        for digit in range(last):
            start[digit + 1] += start[digit]
        if part == 0:
            for i in range(n):
                digit = stream[i] & last
                order[start[digit]] = i
                start[digit] += 1
            continue
        for k in range(n):
            other[k] = order[k]
        for k in range(n):
            i = other[k]
            digit = (stream[i] >> shift) & last
            order[start[digit]] = i
            start[digit] += 1


@kernel
def _accept(begin, order, stream, time, value, lateness, newest, released, late, duplicate, accepted,
            offset, klass, head, tail, free, bump, times, values, out_s, out_t, out_v, out_n):  # fmt: skip
    """Rows ``order[begin:]`` until done or out of room. Returns the position reached. ``out_n``: rows that came out, and
    rows that wait. What is kept of a stream stays in registers over its rows."""
    n, waits, rows = out_n[0], out_n[1], order.shape[0]
    k = begin
    while k < rows:
        s = stream[order[k]]
        allowed, new, done = lateness[s], newest[s], released[s]
        olds, twice, given = 0, 0, n
        if allowed == 0:
            while k < rows:
                i = order[k]
                if stream[i] != s:
                    break
                x = time[i]
                if x > new:
                    new = x
                    out_s[n], out_t[n], out_v[n] = s, x, value[i]
                    n += 1
                elif x == new:
                    twice += 1
                else:
                    olds += 1
                k += 1
            newest[s] = released[s] = new
            accepted[s] += n - given
            late[s] += olds
            duplicate[s] += twice
            continue
        if klass[s] < 0:
            if not make_room(s, offset, klass, head, tail, free, bump, times, values):
                out_n[0], out_n[1] = n, waits
                return k
        mask, base, first, last = (1 << klass[s]) - 1, offset[s], head[s], tail[s]
        held = last - first
        full = False
        while k < rows:
            i = order[k]
            if stream[i] != s:
                break
            if k + SOON < rows:
                soon = order[k + SOON]
                prefetch(stream, soon)
                prefetch(time, soon)
                prefetch(value, soon)
            x = time[i]
            if x <= done or x < new - allowed:
                if x == done:
                    twice += 1
                else:
                    olds += 1
                k += 1
                continue
            if last - first > mask:
                full = True
                break
            if x > new:  # by far the most: at the end, and the frontier moves
                times[base + (last & mask)], values[base + (last & mask)] = x, value[i]
                last += 1
                new = x
                frontier = x - allowed
                oldest = times[base + (first & mask)]
                while oldest <= frontier:  # ends at the row itself: lateness is above 0
                    out_s[n], out_t[n], out_v[n] = s, oldest, values[base + (first & mask)]
                    n += 1
                    done = oldest
                    first += 1
                    oldest = times[base + (first & mask)]
                k += 1
                continue
            place = last  # entry number where the row belongs
            while place > first and times[base + ((place - 1) & mask)] > x:
                place -= 1
            if place > first and times[base + ((place - 1) & mask)] == x:
                twice += 1
                k += 1
                continue
            for a in range(last, place, -1):
                times[base + (a & mask)] = times[base + ((a - 1) & mask)]
                values[base + (a & mask)] = values[base + ((a - 1) & mask)]
            times[base + (place & mask)], values[base + (place & mask)] = x, value[i]
            last += 1
            k += 1
        newest[s], released[s], head[s], tail[s] = new, done, first, last
        accepted[s] += n - given
        late[s] += olds
        duplicate[s] += twice
        waits += last - first - held
        if full and not make_room(s, offset, klass, head, tail, free, bump, times, values):
            out_n[0], out_n[1] = n, waits
            return k
    out_n[0], out_n[1] = n, waits
    return rows


@kernel
def _release_idle(now, idle_after, newest, released, accepted, offset, klass, head, tail, times, values,
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
            accepted[s] += tail[s] - head[s]
            head[s] = tail[s]
            released[s] = newest[s]
    return n


def group_by_stream(stream: Array, streams: int, scratch: Scratch | None = None) -> Array:
    """Positions of rows so that equal streams stand together, log order kept inside. With ``scratch``: valid until its next
    use."""
    scratch, n = scratch or Scratch(), len(stream)
    order, other = scratch.take("order", n, np.int32), scratch.take("other", n, np.int32)
    counters = 2 + (1 << max(11, (min(streams, max(2 * n, 2048)) - 1).bit_length()))
    _group(stream, streams, order, other, scratch.take("start", counters, np.int64))
    return order


class Ordering:
    """Per stream: lateness and idle limit (us), newest accepted and last released moment, counters, waiting rows."""

    def __init__(self) -> None:
        self.lateness = np.zeros(0, np.int64)
        self.idle_after = np.zeros(0, np.int64)
        self.newest = np.zeros(0, np.int64)
        self.released = np.zeros(0, np.int64)
        self.late = np.zeros(0, np.int64)
        self.duplicate = np.zeros(0, np.int64)
        self.accepted = np.zeros(0, np.int64)  # rows that were given out to be judged
        self.waiting = Rings()
        self._waits = 0  # rows
        self._scratch = Scratch()

    def grow(self, lateness: Array, idle_after: Array) -> None:
        """New limits for all streams (more of them than before, or the same)."""
        more = len(lateness) - len(self.newest)
        self.lateness, self.idle_after = lateness, idle_after
        for name, fill in (("newest", NEVER), ("released", NEVER), ("late", 0), ("duplicate", 0), ("accepted", 0)):
            setattr(self, name, np.concatenate([getattr(self, name), np.full(more, fill, np.int64)]))
        self.waiting.grow(len(lateness))

    def accept(self, stream: Array, time: Array, value: Array) -> tuple[Array, Array, Array]:
        """Rows that became ready: streams grouped, each in time order. Valid until the next call."""
        n, take = len(stream), self._scratch.take
        order = group_by_stream(stream, len(self.newest), self._scratch)
        room = n + self._waits
        out_s, out_t, out_v = take("s", room, np.int32), take("t", room, np.int64), take("v", room)
        out_n = np.array([0, self._waits])
        at = 0
        while (at := _accept(at, order, stream, time, value, self.lateness, self.newest, self.released, self.late,
                             self.duplicate, self.accepted, *self.waiting.args, out_s, out_t, out_v, out_n)) < n:  # fmt: skip
            self.waiting.widen()
        given, self._waits = out_n.tolist()
        return out_s[:given], out_t[:given], out_v[:given]

    def release_idle(self, now: int) -> tuple[Array, Array, Array]:
        """Rows of streams that fell idle by ``now`` (ticks call this). Valid until the next call."""
        w, take, room = self.waiting, self._scratch.take, self._waits
        out_s, out_t, out_v = take("s", room, np.int32), take("t", room, np.int64), take("v", room)
        if room == 0:
            return out_s, out_t, out_v
        n = _release_idle(now, self.idle_after, self.newest, self.released, self.accepted, w.offset, w.klass, w.head,
                          w.tail, w.times, w.values, out_s, out_t, out_v)  # fmt: skip
        self._waits -= n
        return out_s[:n], out_t[:n], out_v[:n]

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        own = {name: getattr(self, name) for name in ("newest", "released", "late", "duplicate", "accepted")}
        return own | {f"waiting.{name}": array for name, array in self.waiting.state().items()}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state (after ``grow`` to the same streams)."""
        for name in ("newest", "released", "late", "duplicate", "accepted"):
            setattr(self, name, state[name].copy())
        self.waiting.load({name[8:]: array for name, array in state.items() if name.startswith("waiting.")})
        self._waits = int((self.waiting.tail - self.waiting.head).sum())
