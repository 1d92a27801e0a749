"""Areas: k of n, share, highest and average over the streams of an area, judged once per distinct moment of the area.

Rows of member streams wait until the area's frontier passes them: the minimum over its members that are not idle. The
frontier moves at ticks only, so that results do not depend on how observations were cut into batches.
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.ordering import NEVER
from tocsin.engine.operators.rings import Rings, make_room
from tocsin.engine.operators.scratch import Scratch

__all__ = ["AreaStage", "HowMany", "Newest", "last_of_instant"]

Array = np.ndarray


@kernel
def _frontiers(area_of, stream_of, newest, lateness, idle_after, now, earliest, latest):
    """Into ``earliest``, per area: the earliest frontier of its members that are not idle; where all are idle, the latest."""
    earliest[:], latest[:] = np.iinfo(np.int64).max, NEVER
    for slot in range(area_of.shape[0]):
        a = area_of[slot]
        if a < 0:
            continue
        s = stream_of[slot]
        if newest[s] == NEVER:
            continue
        idle = now - newest[s] > idle_after[s]
        frontier = newest[s] if idle else newest[s] - lateness[s]
        latest[a] = max(latest[a], frontier)
        if not idle:
            earliest[a] = min(earliest[a], frontier)
    for a in range(earliest.shape[0]):
        if earliest[a] == np.iinfo(np.int64).max:
            earliest[a] = latest[a]


@kernel
def _sort(area, t, order, other, key, other_key, start, begin):
    """Into ``order``: positions sorted by area, then time; equal ones stay in order. Byte by byte from the lowest (LSD radix
    sort): the moments of one release lie close together, so few bytes differ."""
    n = area.shape[0]
    first = last = t[0]
    for i in range(n):
        first, last = min(first, t[i]), max(last, t[i])
    for i in range(n):
        other[i], other_key[i] = i, t[i] - first
    shift = 0
    while (last - first) >> shift > 0:
        start[:] = 0
        for i in range(n):
            start[((other_key[i] >> shift) & 255) + 1] += 1
        for digit in range(256):
            start[digit + 1] += start[digit]
        for i in range(n):
            digit = (other_key[i] >> shift) & 255
            order[start[digit]], key[start[digit]] = other[i], other_key[i]
            start[digit] += 1
        for i in range(n):
            other[i], other_key[i] = order[i], key[i]
        shift += 8
    begin[:] = 0
    for i in range(n):
        begin[area[i] + 1] += 1
    for a in range(begin.shape[0] - 1):
        begin[a + 1] += begin[a]
    for i in range(n):
        a = area[other[i]]
        order[begin[a]] = other[i]
        begin[a] += 1


def _by_area_and_time(area: Array, t: Array, areas: int) -> Array:
    """Positions sorted by area, then time; equal ones stay in order."""
    order, other, key, other_key = (np.empty(len(area), np.int64) for _ in range(4))
    if len(area):
        _sort(area, t, order, other, key, other_key, np.empty(257, np.int64), np.empty(areas + 1, np.int64))
    return order


@kernel
def _split(rows, area_of, slot, time, column, judged, frontier, late, every, watch, out_area, out_slot, out_time,
           out_column):  # fmt: skip
    """Rows whose area's frontier passed are copied out, as far as they can matter: all of an area where ``every``, else those
    where a watched column is true. Rows that came after their area's frontier are counted. What still waits moves to the
    front. Returns how many wait and how many came out."""
    waits, n = 0, 0
    for i in range(rows):
        a = area_of[slot[i]]
        if a < 0:
            continue
        if time[i] > frontier[a]:
            if time[i] <= judged[a]:
                late[a] += 1
                continue
            slot[waits], time[waits] = slot[i], time[i]
            for k in range(column.shape[0]):
                column[k, waits] = column[k, i]
            waits += 1
            continue
        if time[i] <= judged[a]:
            late[a] += 1
            continue
        matters = every[a]
        for k in range(watch.shape[0]):
            matters |= column[watch[k], i] == 1.0
        if matters:
            out_area[n], out_slot[n], out_time[n] = a, slot[i], time[i]
            for k in range(column.shape[0]):
                out_column[k, n] = column[k, i]
            n += 1
    return waits, n


@kernel
def _stir(rows, area_of, slot, time, column, judged, frontier, watch, width, every):
    """Mark areas where a due row is true in a watched column: all of them (``width`` 0), or those that pass out of the window
    before the frontier."""
    for i in range(rows):
        a = area_of[slot[i]]
        if a < 0 or time[i] > frontier[a] - width or time[i] <= judged[a]:
            continue
        for k in range(watch.shape[0]):
            every[a] |= column[watch[k], i] == 1.0


class AreaStage:
    """Holds member rows until their area's frontier has passed.

    ``area_of``/``gid``/``stream_of`` per slot: area index (-1 = in none), counted-once group, catalogue index.
    """

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.area_of = np.zeros(0, np.int64)
        self.gid = np.zeros(0, np.int64)
        self.stream_of = np.zeros(0, np.int64)
        self.judged = np.zeros(0, np.int64)  # per area: frontier of the last tick
        self.late = np.zeros(0, np.int64)
        # Rows that wait are the first ``rows`` of buffers used again and again: fresh pages cost more than the work.
        self.rows = 0
        self.slot, self.time, self.column = _buffers(columns, 0)
        self._scratch = Scratch()

    def grow(self, area_of: Array, gid: Array, stream_of: Array, areas: int) -> None:
        """New membership of all slots."""
        self.area_of, self.gid, self.stream_of = area_of, gid, stream_of
        more = areas - len(self.judged)
        self.judged = np.concatenate([self.judged, np.full(more, NEVER, np.int64)])
        self.late = np.concatenate([self.late, np.zeros(more, np.int64)])

    def submit(self, slot: Array, t: Array) -> Array:
        """Member rows; returns where their columns go, shape (columns, rows)."""
        end = self.rows + len(slot)
        if end > len(self.slot):
            old = self._waiting()
            self.slot, self.time, self.column = _buffers(self.columns, 2 * end)
            self.slot[: self.rows], self.time[: self.rows], self.column[:, : self.rows] = old
        self.slot[self.rows : end], self.time[self.rows : end] = slot, t
        place = self.column[:, self.rows : end]
        self.rows = end
        return place

    def _waiting(self) -> tuple[Array, Array, Array]:
        return self.slot[: self.rows], self.time[: self.rows], self.column[:, : self.rows]

    def frontiers(self, now: int, newest: Array, lateness: Array, idle_after: Array) -> Array:
        """Per area: up to where it can be judged. ``now`` = the tick."""
        earliest, latest = (np.empty(len(self.judged), np.int64) for _ in range(2))
        _frontiers(self.area_of, self.stream_of, newest, lateness, idle_after, now, earliest, latest)
        return earliest

    def stir(self, frontier: Array, watch: Array, width: int, every: Array) -> None:
        """Mark in ``every`` the areas where a row about to be released is true in a column of ``watch``; with a ``width``, only
        where it also leaves that window again before the frontier."""
        _stir(self.rows, self.area_of, self.slot, self.time, self.column, self.judged, frontier, watch, width, every)

    def release(self, frontier: Array, every: Array, watch: Array) -> tuple[Array, Array, Array, Array]:
        """Rows whose area's frontier passed, by area and time: area, time, slot, columns. Of an area that is not in ``every``
        only those rows where a column of ``watch`` is true."""
        take = self._scratch.take
        area, slot, time = (take(name, self.rows, np.int64) for name in ("area", "slot", "time"))
        column = self._scratch.table("column", self.columns, self.rows)
        self.rows, n = _split(self.rows, self.area_of, self.slot, self.time, self.column, self.judged, frontier,
                              self.late, every, watch, area, slot, time, column)  # fmt: skip
        order = _by_area_and_time(area[:n], time[:n], len(self.judged))
        np.maximum(self.judged, frontier, out=self.judged)
        return area[order], time[order], slot[order], column[:, order]

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        slot, time, column = (array.copy() for array in self._waiting())
        return {"judged": self.judged.copy(), "late": self.late.copy(), "slot": slot, "time": time, "column": column}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.judged, self.late = state["judged"].copy(), state["late"].copy()
        self.rows = 0
        self.submit(state["slot"], state["time"])[:] = state["column"]


def _buffers(columns: int, rows: int) -> tuple[Array, Array, Array]:
    return np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty((columns, rows))


def last_of_instant(area: Array, t: Array) -> Array:
    """True at the last row of each (area, moment) of rows sorted by both."""
    last = np.ones(len(area), np.bool_)
    last[:-1] = (area[1:] != area[:-1]) | (t[1:] != t[:-1])
    return last


@kernel
def _how_many(begin, area, t, group, true, width, latest, counted, number,
              offset, klass, head, tail, free, bump, times, values, out):  # fmt: skip
    for i in range(begin, area.shape[0]):
        a, g = area[i], group[i]
        if klass[a] >= 0:
            mask = (1 << klass[a]) - 1
            while head[a] < tail[a] and times[offset[a] + (head[a] & mask)] <= t[i] - width:
                old = int(values[offset[a] + (head[a] & mask)])
                if counted[old] and latest[old] == times[offset[a] + (head[a] & mask)]:
                    counted[old] = False
                    number[a] -= 1
                head[a] += 1
        if true[i] and not (counted[g] and latest[g] == t[i]):
            if klass[a] < 0 or tail[a] - head[a] > (1 << klass[a]) - 1:
                if not make_room(a, offset, klass, head, tail, free, bump, times, values):
                    return i
            at = offset[a] + (tail[a] & ((1 << klass[a]) - 1))
            times[at], values[at] = t[i], float(g)
            tail[a] += 1
            if not counted[g]:
                counted[g] = True
                number[a] += 1
            latest[g] = t[i]
        out[i] = number[a]
    return area.shape[0]


@kernel
def _leaving(frontier, width, latest, offset, klass, head, tail, times, values, every):
    """Mark areas where somebody stops being counted before the frontier. Entries that a later one of the same group stands
    behind say nothing any more and are dropped."""
    for a in range(frontier.shape[0]):
        mask = (1 << klass[a]) - 1 if klass[a] >= 0 else 0
        while head[a] < tail[a] and times[offset[a] + (head[a] & mask)] <= frontier[a] - width:
            at = offset[a] + (head[a] & mask)
            if latest[int(values[at])] == times[at]:
                every[a] = True
                break
            head[a] += 1


class HowMany:
    """How many groups (streams, or streams counted once) were true at some row in (t - width, t]."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.latest, self.counted = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        self.number = np.zeros(0, np.int64)
        self.rings = Rings()

    def grow(self, areas: int, groups: int) -> None:
        """Room for more areas and groups."""
        more = groups - len(self.latest)
        self.latest = np.concatenate([self.latest, np.full(more, NEVER, np.int64)])
        self.counted = np.concatenate([self.counted, np.zeros(more, np.bool_)])
        self.number = np.concatenate([self.number, np.zeros(areas - len(self.number), np.int64)])
        self.rings.grow(areas)

    def run(self, area: Array, t: Array, group: Array, true: Array) -> Array:
        """Per row the number so far; read it at the last row of an instant."""
        out = np.empty(len(area))
        at = 0
        while (at := _how_many(at, area, t, group, true, self.width, self.latest, self.counted, self.number,
                               *self.rings.args, out)) < len(area):  # fmt: skip
            self.rings.widen()
        return out

    def leaving(self, frontier: Array, every: Array) -> None:
        """Mark in ``every`` the areas whose number can fall at a moment up to their frontier, true rows or not."""
        r = self.rings
        _leaving(frontier, self.width, self.latest, r.offset, r.klass, r.head, r.tail, r.times, r.values, every)

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        own = {"latest": self.latest, "counted": self.counted, "number": self.number}
        return own | {f"rings.{name}": array for name, array in self.rings.state().items()}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.latest, self.counted, self.number = (state[n].copy() for n in ("latest", "counted", "number"))
        self.rings.load({name[6:]: array for name, array in state.items() if name.startswith("rings.")})


@kernel
def _newest(area, t, group, x, last, width, first_group, next_group, value, when, out_high, out_mean):
    """Groups of an area are linked: ``first_group[area]`` -> ``next_group[group]`` -> ... -> -1."""
    for i in range(area.shape[0]):
        g = group[i]
        if not np.isnan(x[i]):
            if when[g] == t[i]:  # streams counted once: the higher of two values of one moment
                value[g] = max(value[g], x[i])
            else:
                value[g], when[g] = x[i], t[i]
        if not last[i]:
            continue
        n, total, high = 0, 0.0, -np.inf
        k = first_group[area[i]]
        while k >= 0:
            if when[k] > t[i] - width:
                n += 1
                total += value[k]
                high = max(high, value[k])
            k = next_group[k]
        out_high[i] = high if n > 0 else np.nan
        out_mean[i] = total / n if n > 0 else np.nan


class Newest:
    """Highest and average of the groups' newest known values in (t - width, t]."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.value, self.when = np.zeros(0), np.zeros(0, np.int64)
        self.first_group, self.next_group = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def grow(self, areas: int, area_of_group: Array) -> None:
        """Room for more areas and groups, and which area each group is in."""
        more = len(area_of_group) - len(self.value)
        self.value = np.concatenate([self.value, np.full(more, np.nan)])
        self.when = np.concatenate([self.when, np.full(more, NEVER, np.int64)])
        self.first_group = np.full(areas, -1, np.int64)
        self.next_group = np.full(len(area_of_group), -1, np.int64)
        for group in range(len(area_of_group) - 1, -1, -1):
            area = area_of_group[group]
            self.next_group[group], self.first_group[area] = self.first_group[area], group

    def run(self, area: Array, t: Array, group: Array, x: Array, last: Array) -> tuple[Array, Array]:
        """Per row highest and average, meaningful at the last row of an instant."""
        high, mean = np.full(len(area), np.nan), np.full(len(area), np.nan)
        _newest(
            area, t, group, x, last, self.width, self.first_group, self.next_group, self.value, self.when, high, mean
        )
        return high, mean

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        return {"value": self.value, "when": self.when}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        self.value, self.when = state["value"].copy(), state["when"].copy()
