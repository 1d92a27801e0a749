"""Areas: k of n, share, highest and average over the streams of an area, judged once per distinct moment of the area.

Rows of member streams wait until the area's frontier passes them: the minimum over its members that are not idle. The
frontier moves at ticks only, so that results do not depend on how observations were cut into batches.
"""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel
from tocsin.engine.operators.ordering import NEVER
from tocsin.engine.operators.rings import Rings, make_room

__all__ = ["AreaStage", "HowMany", "Newest", "last_of_instant"]

Array = np.ndarray


@kernel
def _frontiers(area_of, stream_of, newest, lateness, idle_after, now, areas):
    """Per area: the earliest frontier of its members that are not idle; where all are idle, the latest frontier."""
    earliest = np.full(areas, np.iinfo(np.int64).max, np.int64)
    latest = np.full(areas, NEVER, np.int64)
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
    for a in range(areas):
        if earliest[a] == np.iinfo(np.int64).max:
            earliest[a] = latest[a]
    return earliest


@kernel
def _by_area_and_time(area, t, areas):
    """Positions sorted by area, then time: a counting sort and one small sort an area."""
    start = np.zeros(areas + 1, np.int64)
    for i in range(area.shape[0]):
        start[area[i] + 1] += 1
    for a in range(areas):
        start[a + 1] += start[a]
    fill = start.copy()
    order = np.empty(area.shape[0], np.int64)
    for i in range(area.shape[0]):
        order[fill[area[i]]] = i
        fill[area[i]] += 1
    for a in range(areas):
        bucket = order[start[a] : start[a + 1]]
        order[start[a] : start[a + 1]] = bucket[np.argsort(t[bucket], kind="mergesort")]
    return order


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
        self.slot = np.zeros(0, np.int64)
        self.time = np.zeros(0, np.int64)
        self.column = np.zeros((columns, 0))
        self._more: list[tuple[Array, Array, Array]] = []

    def grow(self, area_of: Array, gid: Array, stream_of: Array, areas: int) -> None:
        """New membership of all slots."""
        self.area_of, self.gid, self.stream_of = area_of, gid, stream_of
        more = areas - len(self.judged)
        self.judged = np.concatenate([self.judged, np.full(more, NEVER, np.int64)])
        self.late = np.concatenate([self.late, np.zeros(more, np.int64)])

    def submit(self, slot: Array, t: Array, column: Array) -> None:
        """Member rows with their columns, shape (columns, rows)."""
        self._more.append((slot.astype(np.int64), t, column))

    def _gather(self) -> None:
        if self._more:
            self.slot = np.concatenate([self.slot, *(m[0] for m in self._more)])
            self.time = np.concatenate([self.time, *(m[1] for m in self._more)])
            self.column = np.concatenate([self.column, *(m[2] for m in self._more)], axis=1)
            self._more.clear()

    def release(self, now: int, newest: Array, lateness: Array, idle_after: Array) -> tuple[Array, Array, Array, Array]:
        """Rows whose area's frontier passed, by area and time: area, time, slot, columns. ``now`` = the tick."""
        self._gather()
        frontier = _frontiers(self.area_of, self.stream_of, newest, lateness, idle_after, now, len(self.judged))
        area = self.area_of[self.slot]
        inside = area >= 0
        judged = self.judged[np.where(inside, area, 0)] if len(self.judged) else np.zeros(len(area), np.int64)
        late = inside & (self.time <= judged)
        np.add.at(self.late, area[late], 1)
        ready = inside & ~late & (self.time <= frontier[np.where(inside, area, 0)] if len(frontier) else inside)
        keep = inside & ~late & ~ready
        order = np.flatnonzero(ready)
        order = order[_by_area_and_time(area[order], self.time[order], len(self.judged))]
        out = area[order], self.time[order], self.slot[order], self.column[:, order]
        self.slot, self.time, self.column = self.slot[keep], self.time[keep], self.column[:, keep]
        self.judged = np.maximum(self.judged, frontier)
        return out

    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        self._gather()
        return {name: getattr(self, name) for name in ("judged", "late", "slot", "time", "column")}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state."""
        for name in ("judged", "late", "slot", "time", "column"):
            setattr(self, name, state[name].copy())


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
