"""Columns over other rows than a batch of a group: moments of silence, pairs of sisters, instants of areas."""

from __future__ import annotations

from typing import cast

import numpy as np

from tocsin.engine.columns import Columns, Pair
from tocsin.engine.group import Group, GroupRows
from tocsin.engine.judge import area_inner
from tocsin.engine.language import tree
from tocsin.engine.language.rule import Rule
from tocsin.engine.operators.area import AreaStage, HowMany, Newest, last_of_instant
from tocsin.engine.operators.ladder import Ladder

__all__ = ["AreaColumns", "AreaJury", "PairRows", "SilenceRows"]

Array = np.ndarray


class SilenceRows(Columns):
    """Rows at which silence begins (1) or ends (0), with the value last known."""

    def __init__(self, group: Group, slot: Array, on: Array, value: Array, gap: Array) -> None:
        super().__init__(len(slot))
        self.group, self.slot, self.on, self.value, self.gap = group, slot, on, value, gap

    def leaf(self, node: tree.Number, coverage: float) -> Array:
        match node:
            case tree.Value():
                return self.value
            case tree.Attribute(name):
                return np.asarray(self.group.stage(name)[self.slot])
            case _:
                return super().leaf(node, coverage)

    def truth_leaf(self, node: tree.Truth, coverage: float) -> Pair:
        if isinstance(node, tree.Silent):
            return self.on == 1.0, self.on == 0.0
        return super().truth_leaf(node, coverage)

    def extent(self, node: tree.Truth) -> Array:
        return self.gap / 1e6 if isinstance(node, tree.Silent) else super().extent(node)


class PairRows(Columns):
    """Matched observations of a stream and its sister."""

    def __init__(self, group: Group, slot: Array, value: Array, sister: Array) -> None:
        super().__init__(len(slot))
        self.group, self.slot, self.value, self.sister = group, slot, value, sister

    def leaf(self, node: tree.Number, coverage: float) -> Array:
        match node:
            case tree.Value():
                return self.value
            case tree.Sister():
                return self.sister
            case tree.Attribute(name):
                return np.asarray(self.group.stage(name)[self.slot])
            case _:
                return super().leaf(node, coverage)


class AreaColumns(Columns):
    """One row per distinct moment of an area, the area functions already computed."""

    def __init__(self, size: int, values: dict[tree.AreaNumber, Array]) -> None:
        super().__init__(size)
        self.values = values

    def leaf(self, node: tree.Number, coverage: float) -> Array:
        if isinstance(node, tree.AreaNumber):
            return self.values[node]
        return super().leaf(node, coverage)


class AreaJury:
    """Everything an area rule keeps: its areas by name, who is in which, waiting rows, and one operator per function."""

    def __init__(self, rule: Rule, functions: list[tree.AreaNumber]) -> None:
        self.rule = rule
        self.inner = area_inner(rule)
        self.functions = functions
        self.stage = AreaStage(len(self.inner))
        self.areas: list[str] = []
        self._area_index: dict[str, int] = {}
        self._groups: dict[tuple[int, str], int] = {}
        self._area_of_group: list[int] = []
        self.operators: dict[str, HowMany | Newest] = {}
        for function in functions:
            for key in self._keys(function):
                if key not in self.operators:
                    self.operators[key] = (HowMany if function.how in ("how_many", "share") else Newest)(
                        function.width_us
                    )

        counting = all(function.how == "how_many" for function in functions)
        nobody = AreaColumns(1, {function: np.zeros(1) for function in functions})
        # rows are left out only where nothing happens in an area that nobody counts in
        self._counts_only = counting and not any(nobody.truth(rung.when)[0][0] for rung in rule.rungs)
        self._watch = np.array([int(key.split(":")[2]) for key in self.operators if not key.endswith(":any")], np.int64)

    def _keys(self, function: tree.AreaNumber) -> list[str]:
        """Operators of a function: its own, and for a share also the one that counts who observed anything."""
        inner = function.truth if function.truth is not None else function.number
        column = self.inner.index(inner)  # type: ignore[arg-type]
        kind = "count" if function.how in ("how_many", "share") else "newest"
        own = f"{kind}:{function.width_us}:{column}"
        return [own, f"count:{function.width_us}:any"] if function.how == "share" else [own]

    def update(self, group: Group) -> None:
        """Follow the group's members into areas and counted-once groups."""
        area_of = np.full(len(group.streams), -1, np.int64)
        gid = np.zeros(len(group.streams), np.int64)
        for slot, stream in enumerate(group.streams):
            name = stream.label(self.rule.per)
            if not name or group.slot_of[group.members[slot]] < 0:
                continue
            if name not in self._area_index:
                self._area_index[name] = len(self.areas)
                self.areas.append(name)
            area_of[slot] = area = self._area_index[name]
            member = (stream.label(self.rule.distinct) if self.rule.distinct else "") or f"\x00{slot}"
            if (area, member) not in self._groups:
                self._groups[area, member] = len(self._area_of_group)
                self._area_of_group.append(area)
            gid[slot] = self._groups[area, member]
        self.stage.grow(area_of, gid, group.members, len(self.areas))
        for operator in self.operators.values():
            if isinstance(operator, HowMany):
                operator.grow(len(self.areas), len(self._area_of_group))
            else:
                operator.grow(len(self.areas), np.array(self._area_of_group, np.int64))

    def submit(self, rows: GroupRows) -> None:
        """Hand over what each member row says: 1 true, 0 false, NaN not known; or the number."""
        column = self.stage.submit(rows.slot, rows.t)
        for k, node in enumerate(self.inner):
            if isinstance(
                node,
                tree.Compare | tree.And | tree.Or | tree.Not | tree.Stuck | tree.Spike | tree.Silent | tree.Changed,
            ):
                true, false = rows.truth(node, self.rule.coverage)
                column[k] = true
                known = true | false
                if not known.all():
                    column[k][~known] = np.nan
            else:
                # what joins signals never stands inside an area function (check_rule)
                column[k] = rows.number(cast("tree.Number", node), self.rule.coverage)

    def judge_rows(
        self, now: int, newest: Array, lateness: Array, idle_after: Array, ladder: Ladder
    ) -> tuple[AreaColumns, Array, Array]:
        """Columns, area index and moment of every instant that a tick released."""
        frontier = self.stage.frontiers(now, newest, lateness, idle_after)
        area, t, slot, column = self.stage.release(frontier, *self._matter(frontier, ladder))
        last = last_of_instant(area, t)
        gid = self.stage.gid[slot]
        results: dict[str, Array | tuple[Array, Array]] = {}
        for key, operator in self.operators.items():
            _, _, which = key.split(":")
            if isinstance(operator, HowMany):
                true = np.ones(len(area), np.bool_) if which == "any" else column[int(which)] == 1.0
                results[key] = operator.run(area, t, gid, true)[last]
            else:
                high, mean = operator.run(area, t, gid, column[int(which)], last)
                results[key] = (high[last], mean[last])
        values = {function: self._value(function, results) for function in self.functions}
        return AreaColumns(int(last.sum()), values), area[last], t[last]

    def _matter(self, frontier: Array, ladder: Ladder) -> tuple[Array, Array]:
        """Which due rows can change anything: all rows of the areas marked first, of the others those true in the columns
        named second.

        Numbers of streams change only where somebody is true or stops being counted; between such moments every condition
        is what it was, and a ladder without times has already drawn its conclusion. A ladder with times draws it later,
        so there every moment counts from the first true row on, until the ladder is at rest again."""
        every, watch = np.zeros(len(frontier), np.bool_), self._watch
        if not self._counts_only:
            every[:] = True
            return every, watch
        for operator in self.operators.values():
            if isinstance(operator, HowMany):
                operator.leaving(frontier, every)
                self.stage.stir(frontier, watch, operator.width, every)
        if ladder.timed:
            every |= ladder.busy
            self.stage.stir(frontier, watch, 0, every)
        return every, watch

    def _value(self, function: tree.AreaNumber, results: dict[str, Array | tuple[Array, Array]]) -> Array:
        keys = self._keys(function)
        own = results[keys[0]]
        if function.how == "share":
            with np.errstate(all="ignore"):
                return np.asarray(100.0 * own / results[keys[1]])  # type: ignore[operator]
        return own if isinstance(own, np.ndarray) else own[0 if function.how == "highest" else 1]

    def state(self) -> dict[str, dict[str, Array]]:
        """Arrays by operator."""
        return {"stage": self.stage.state()} | {key: operator.state() for key, operator in self.operators.items()}

    def load(self, state: dict[str, dict[str, Array]]) -> None:
        """Take over a saved state (after ``update`` with the same catalogue)."""
        self.stage.load(state["stage"])
        for key, operator in self.operators.items():
            operator.load(state[key])
