"""A group: the streams that one selector chooses, their slots, and the operators their rules share.

Slots are given in catalogue order and never change; equal nodes of several rules are computed once a batch and kept
in one state (engine.md section 5: equal windows are shared between rules).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tocsin.engine.columns import Columns, Pair
from tocsin.engine.language import tree
from tocsin.engine.operators.civil import CivilDays, DaysInARow, local_days
from tocsin.engine.operators.neighbours import Previous, Stuck
from tocsin.engine.operators.same_hour import SameHour, local_hours
from tocsin.engine.operators.scratch import Scratch
from tocsin.engine.operators.spread import Deviation, Quantiles
from tocsin.engine.operators.sweep import OF_FIRST, OF_SUM, Sweep
from tocsin.engine.operators.windows import Extreme, First, History, Sum
from tocsin.terms.stream import Catalogue, Stream

__all__ = ["Group", "GroupRows", "selects"]

Array = np.ndarray
Selector = tuple[tuple[str, tuple[str, ...]], ...]


def selects(select: Selector, stream: Stream) -> bool:
    """Whether a stream matches every label of a selector."""
    return all(stream.label(name) in accepted for name, accepted in select)


class Group:
    """Members and shared operator state of one selector."""

    def __init__(self, select: Selector) -> None:
        self.select = select
        self.streams: list[Stream] = []  # by slot
        self.members = np.zeros(0, np.int64)  # catalogue index by slot
        self.slot_of = np.zeros(0, np.int32)  # slot by catalogue index, -1 = not a member
        self.active = np.zeros(0, np.bool_)
        self.everyone = False
        self.history = History()
        self.operators: dict[tuple[Any, ...], Any] = {}
        self.scratch = Scratch()
        self._products: dict[tuple[str, int, int], None] = {}  # what windows were asked for: kind, width, over
        self._sweep: Sweep | None = None
        self._swept = -1  # how many operators there were when it was decided whether to sweep
        self._stages: dict[str, Array] = {}
        self.cadence = np.zeros(0)
        self.positive = np.zeros(0, np.int8)  # 1 where values are never below zero, so that a sum only grows
        self.zones: list[str] = []
        self.zone_of = np.zeros(0, np.int64)

    def update(self, catalogue: Catalogue) -> None:
        """Follow a changed catalogue: new members get new slots, streams that stopped matching are no longer judged."""
        words = [name for name, _ in self.select]
        said: dict[tuple[str, ...], bool] = {}  # most streams have the words of others
        chosen = np.zeros(len(catalogue), np.bool_)
        for index, stream in enumerate(catalogue.streams):
            key = tuple([stream.label(name) for name in words])
            if key not in said:
                said[key] = selects(self.select, stream)
            chosen[index] = said[key]
        fresh = chosen.copy()
        fresh[self.members] = False
        self.members = members = np.concatenate([self.members, np.flatnonzero(fresh)])
        self.streams = [catalogue.streams[index] for index in members.tolist()]
        self.slot_of = np.full(len(catalogue), -1, np.int32)
        self.slot_of[members] = np.arange(len(members))
        self.slot_of[~chosen] = -1
        self.everyone = len(members) == len(catalogue) and bool((self.slot_of == np.arange(len(catalogue))).all())
        self.cadence = np.array([stream.cadence_s for stream in self.streams])
        self.positive = np.array([stream.low >= 0 for stream in self.streams], np.int8)
        self.zones = sorted({stream.zone for stream in self.streams})
        number = {zone: k for k, zone in enumerate(self.zones)}
        self.zone_of = np.array([number[stream.zone] for stream in self.streams], np.int64)
        self._stages.clear()
        self.history.grow(len(members), self.cadence)
        for operator in self.operators.values():
            operator.grow(len(members))

    def rows(self, stream: Array, t: Array, v: Array) -> tuple[Array, Array, Array]:
        """The rows of members, streams called by slot."""
        if self.everyone:
            return stream, t, v
        slot = self.slot_of[stream]
        chosen = slot >= 0
        return slot[chosen], t[chosen], v[chosen]

    def stage(self, name: str) -> Array:
        """The streams' own number of that name by slot; NaN where a stream has none."""
        if name not in self._stages:
            self._stages[name] = np.array([stream.stages.get(name, np.nan) for stream in self.streams], np.float64)
        return self._stages[name]

    def operator(self, *key: Any) -> Any:
        """The shared operator of that key, made on first use: ("sum", width), ("first", width), ("max", width) ..."""
        if key not in self.operators:
            self.operators[key] = made = _make(self.history, key)
            made.grow(len(self.members))
        return self.operators[key]

    def sweep(self) -> Sweep | None:
        """All windows in one pass, where sums and oldest values are all that looks into the history."""
        state = len(self.operators) + len(self._products)
        if self._swept != state:
            plain = {key: operator for key, operator in self.operators.items() if key[0] in ("sum", "first")}
            others = (operator for key, operator in self.operators.items() if key not in plain)
            self._swept, self._sweep = state, None
            if plain and not any(hasattr(operator, "history") for operator in others):
                self._sweep = Sweep(
                    self.history,
                    [operator for key, operator in plain.items() if key[0] == "sum"],
                    [operator for key, operator in plain.items() if key[0] == "first"],
                    list(self._products),
                )
        return self._sweep

    def prepare(self, node: object, coverage: float = 1.0) -> None:
        """Create the operators a node needs, so that they see the stream from the first row on. ``coverage``: of the rule
        that asks."""
        if isinstance(node, tree.Window):
            if node.how in OF_SUM + OF_FIRST:
                self._products[_product(node.how, node.width_us, node.over_us)] = None
            if coverage > 0 and node.how != "count":
                self._products["seen" if node.how in OF_FIRST else "count", node.width_us, 0] = None
        match node:
            case tree.Window(how, width, _) if how in ("sum", "mean", "count"):
                self.operator("sum", width)
            case tree.Window(how, width, _) if how in ("first", "delta", "rate"):
                self.operator("first", width)
            case tree.Window("stddev", width, _):
                self.operator("stddev", width)
            case tree.Quantile(width, q):
                self.operator("quantile", width).share(q)
            case tree.SameHour(days, how):
                self.operator("same_hour", days, how)
            case tree.Window(how, width, _):
                self.operator(how, width)
                self.operator("sum", width)  # its count says how much of the window is covered
            case tree.Previous() | tree.Spike() | tree.Changed():
                self.operator("previous")
            case tree.Stuck():
                self.operator("stuck")
            case tree.Civil():
                self.operator("civil")
            case tree.ConsecutiveDays():
                self.operator("civil")
                self.operator("in_a_row", node)
            case _:
                return

    def state(self) -> dict[str, Mapping[str, Array]]:
        """State of the history and of every operator by name."""
        out: dict[str, Mapping[str, Array]] = {"history": self.history.state(), "members": {"members": self.members}}
        for key, operator in self.operators.items():
            out["op:" + repr(key)] = operator.state()
        return out

    def load(self, state: Mapping[str, Mapping[str, Array]]) -> None:
        """Take over a saved state; operators the state does not know start empty."""
        self.history.load(dict(state["history"]))
        for key, operator in self.operators.items():
            saved = state.get("op:" + repr(key))
            if saved is not None:
                operator.load(dict(saved))
            elif hasattr(operator, "last"):
                operator.last = self.history.rings.tail.copy()


def _make(history: History, key: tuple[Any, ...]) -> Any:
    match key:
        case ("sum", width):
            return Sum(history, width)
        case ("first", width):
            return First(history, width)
        case ("stddev", width):
            return Deviation(history, width)
        case ("quantile", width):
            return Quantiles(history, width)
        case ("same_hour", days, how):
            return SameHour(days, how)
        case (("min" | "max") as how, width):
            return Extreme(how, width)
        case ("previous",):
            return Previous()
        case ("stuck",):
            return Stuck()
        case ("civil",):
            return CivilDays()
        case ("in_a_row", _):
            return DaysInARow()
    raise KeyError(key)


def _product(how: str, width: int, over: int) -> tuple[str, int, int]:
    return how, width, over if how == "rate" else 0


class GroupRows(Columns):
    """One batch of rows of a group, each operator run exactly once (running one is what moves its state)."""

    def __init__(self, group: Group, slot: Array, t: Array, v: Array) -> None:
        super().__init__(len(slot))
        self.group, self.slot, self.t, self.v = group, slot, t, v
        self._ran: dict[tuple[Any, ...], Any] = {}
        sweep = group.sweep()
        if sweep is not None:
            self._swept = dict(zip(sweep.row_of, sweep.run(slot, t, v, group.scratch), strict=True))
            for key in group.operators:
                if key[0] not in ("sum", "first"):
                    self._run(key)
            return
        self._swept = {}
        self._entry: Array = group.history.append(slot, t, v) if group.history.width else np.zeros(0, np.int64)
        for key in group.operators:
            self._run(key)
        if group.history.width:
            group.history.trim(slot, t)

    def _run(self, key: tuple[Any, ...]) -> Any:
        if key in self._ran:
            return self._ran[key]
        operator = self.group.operators[key]
        match key:
            case ("sum" | "stddev" | "quantile", _):
                out: Any = operator.run(self.slot, self.t, self.v, self._entry)
            case ("first", _):
                out = operator.run(self.slot, self.t, self._entry)
            case ("same_hour", _, _):
                out = operator.run(self.slot, self._local_hours(), self.v)
            case ("min" | "max", _):
                out = operator.run(self.slot, self.t, self.v)
            case ("previous",):
                out = operator.run(self.slot, self.v)
            case ("stuck",):
                out = operator.run(self.slot, self.t, self.v)
            case ("civil",):
                out = operator.run(self.slot, self._local_days(), self.v)
            case ("in_a_row", node):
                out = self._days_in_a_row(operator, node)
            case _:
                raise KeyError(key)
        self._ran[key] = out
        return out

    def _local_days(self) -> Array:
        return self._by_zone(local_days)

    def _local_hours(self) -> Array:
        return self._by_zone(local_hours)

    def _by_zone(self, local: Callable[[Array, str], Array]) -> Array:
        if len(self.group.zones) == 1:
            return local(self.t, self.group.zones[0])
        out = np.empty(len(self.t), np.int64)
        zone = self.group.zone_of[self.slot]
        for number, name in enumerate(self.group.zones):
            here = zone == number
            out[here] = local(self.t[here], name)
        return out

    def _days_in_a_row(self, operator: DaysInARow, node: tree.ConsecutiveDays) -> Array:
        days = self._run(("civil",))
        compare = tree.Compare(node.comparison, tree.Value(), tree.Constant(node.threshold)).comparison
        monotone = (node.how in ("max", "sum") and compare in (">", ">=")) or (
            node.how == "min" and compare in ("<", "<=")
        )
        check = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[compare]
        done = (days["last_count"] > 0) & check(_aggregate(days, "last_", node.how), node.threshold)
        today = check(_aggregate(days, "", node.how), node.threshold) & monotone
        return np.asarray(operator.run(self.slot, days["turn"], done, today))

    def leaf(self, node: tree.Number, coverage: float) -> Array:
        match node:
            case tree.Value():
                return self.v
            case tree.Attribute(name):
                return np.asarray(self.group.stage(name)[self.slot])
            case tree.Previous():
                return np.asarray(self._run(("previous",))[0])
            case tree.Window(how, width, over):
                return self._window(how, width, over, coverage)
            case tree.Quantile(width, q):
                return self._quantile(width, q, coverage)
            case tree.SameHour(days, how):
                usual, found = self._run(("same_hour", days, how))
                return np.where(found >= coverage * days, usual, np.nan)
            case tree.Civil(how, which):
                return self._civil(how, which, coverage)
            case tree.ConsecutiveDays():
                return np.asarray(self._run(("in_a_row", node)))
            case _:
                return super().leaf(node, coverage)

    def truth_leaf(self, node: tree.Truth, coverage: float) -> Pair:
        match node:
            case tree.Stuck(width):
                duration, same = self._run(("stuck",))
                true = (duration >= width) & (same >= 3)
                return true, ~true
            case tree.Spike(size):
                one, two = self._run(("previous",))
                up, down = (one - two >= size) & (one - self.v >= size), (two - one >= size) & (self.v - one >= size)
                known = two == two  # noqa: PLR0124
                return (up | down) & known, ~(up | down) & known
            case tree.Changed():
                one, _ = self._run(("previous",))
                known = ~np.isnan(one)
                return (self.v != one) & known, (self.v == one) & known
            case _:
                return super().truth_leaf(node, coverage)

    def extent(self, node: tree.Truth) -> Array:
        if isinstance(node, tree.Stuck):
            return np.asarray(self._run(("stuck",))[0] / 1e6)
        if isinstance(node, tree.Spike):
            one, two = self._run(("previous",))
            return np.asarray(np.minimum(np.abs(one - two), np.abs(one - self.v)))
        if isinstance(node, tree.Changed):
            return np.asarray(self.v - self._run(("previous",))[0])
        return super().extent(node)

    def bound(self, node: tree.Window) -> Array | None:
        if node.how in ("max", "min"):
            return np.full(self.size, 1 if node.how == "max" else -1, np.int8)
        if node.how != "sum":
            return None
        return np.ones(self.size, np.int8) if node.grows else self.group.positive[self.slot]

    def _window(self, how: str, width: int, over: int, coverage: float) -> Array:
        if how == "stddev":
            out, count = self._run(("stddev", width))
            return self._if_covered(out, count, width, coverage) if coverage > 0 else np.asarray(out)
        if self._swept:
            return self._swept_window(how, width, over, coverage)
        if how in ("sum", "mean", "count"):
            total, count = self._run(("sum", width))
            out = total if how == "sum" else count if how == "count" else total / count
        elif how in ("first", "delta", "rate"):
            first, since, count = self._run(("first", width))
            out = first if how == "first" else self.v - first
            if how == "rate":
                elapsed = self.t - since
                with np.errstate(all="ignore"):
                    out = np.where((elapsed >= over) & (elapsed > 0), out / (elapsed / 1e6), np.nan)
        else:
            out = self._run((how, width))
            count = self._run(("sum", width))[1] if coverage > 0 else None
        return self._if_covered(out, count, width, coverage) if coverage > 0 and how != "count" else np.asarray(out)

    def _swept_window(self, how: str, width: int, over: int, coverage: float) -> Array:
        out = self._run((how, width)) if how in ("min", "max") else self._swept[_product(how, width, over)]
        if coverage == 0 or how == "count":
            return np.asarray(out)
        count = self._swept["seen" if how in OF_FIRST else "count", width, 0]
        return self._if_covered(out, count, width, coverage)

    def _quantile(self, width: int, q: float, coverage: float) -> Array:
        values, count = self._run(("quantile", width))
        out = values[self.group.operators["quantile", width].share(q)]
        return self._if_covered(out, count, width, coverage) if coverage > 0 else np.asarray(out)

    def _if_covered(self, out: Array, count: Array, width: int, coverage: float) -> Array:
        cadence = self.group.cadence[self.slot]  # 0 = irregular: nothing is expected, so nothing can lack
        return np.where((cadence == 0) | (count * cadence >= coverage * width / 1e6), out, np.nan)

    def _civil(self, how: str, which: str, coverage: float) -> Array:
        days = self._run(("civil",))
        if which == "today":
            return _aggregate(days, "", how)
        expected = 86_400.0 / np.maximum(self.group.cadence[self.slot], 1e-9)
        enough = (days["last_count"] > 0) & ((coverage == 0) | (self.group.cadence[self.slot] == 0)
                                             | (days["last_count"] >= coverage * expected))  # fmt: skip
        return np.where(enough, _aggregate(days, "last_", how), np.nan)


def _aggregate(days: Mapping[str, Array], prefix: str, how: str) -> Array:
    name = {"sum": "total", "mean": "total", "min": "low", "max": "high", "count": "count"}[how]
    column = days[prefix + name]
    if how != "mean":
        return column
    with np.errstate(all="ignore"):
        return np.asarray(column / days[prefix + "count"])
