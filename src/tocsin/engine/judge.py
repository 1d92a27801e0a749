"""A judge: one rule with its ladder, turning columns into level changes with readable evidence."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tocsin.engine.columns import Columns
from tocsin.engine.language import joint, tree
from tocsin.engine.language.meaning import meaning_of
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.walk import leaves, rule_nodes
from tocsin.engine.operators.ladder import Ladder
from tocsin.terms.signal import Measure

__all__ = ["Changes", "Judge", "area_inner", "check_rule"]

Array = np.ndarray


@dataclass(slots=True)
class Changes:
    """Level changes of one rule in one batch, by row: slot, moment (us), rank before and after, onset (us), evidence."""

    rule: Rule
    slot: Array
    at: Array
    before: Array
    after: Array
    onset: Array
    evidence: Callable[[int], tuple[Measure, ...]]


class Judge:
    """The ladder of a rule over slots (streams of a group, or areas)."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        rungs = sorted(rule.rungs, key=lambda rung: rung.rank)
        self.rungs = {rung.rank: rung for rung in rungs}
        self.truths = [rung.when for rung in rungs]
        clear = [] if rule.clear.when is None else [rule.clear.when]
        self.leaves = list(dict.fromkeys(leaf for truth in [*self.truths, *clear] for leaf in leaves(truth)))
        self.ladder = Ladder(
            np.array([rung.rank for rung in rungs], np.int8),
            np.array([rung.hold.time_us for rung in rungs], np.int64),
            np.array([rung.hold.observations for rung in rungs], np.int32),
            rule.clear.hold.time_us,
            rule.clear.hold.observations,
            rule.clear.when is not None,
            np.array([rung.at_least_us for rung in rungs], np.int64),
            rule.cool_down_us,
            rule.never_held_back,
        )
        # What a rule *is* for its state: another text of the same meaning keeps the state, another meaning starts anew.
        meaning = repr(meaning_of((rule.name, rule.select, rungs, rule.clear, rule.per, rule.distinct, rule.coverage,
                                   rule.cool_down_us, rule.never_held_back)))  # fmt: skip
        self.digest = hashlib.sha256(meaning.encode()).hexdigest()[:16]

    def run(self, columns: Columns, slot: Array, t: Array) -> Changes | None:
        """Judge rows (slots grouped, each in time order)."""
        if len(slot) == 0:
            return None
        pairs = [columns.truth(truth, self.rule.coverage) for truth in self.truths]
        rise = _rows([pair[0] for pair in pairs])
        if self.ladder.rests(len(slot)) and not rise.any():
            return None
        rise_false, when = _rows([pair[1] for pair in pairs]), self.rule.clear.when
        clear = columns.truth(when, self.rule.coverage)[0] if when is not None else np.zeros(0, np.bool_)
        row, before, after, onset = self.ladder.run(slot, t, rise, rise_false, clear)
        if len(row) == 0:
            return None
        seen = {leaf: self._seen(columns, leaf, row) for leaf in self.leaves}  # the columns themselves are used again

        def evidence(k: int) -> tuple[Measure, ...]:
            return tuple(self._evidence(seen, k, int(before[k]), int(after[k])))

        return Changes(self.rule, slot[row], t[row], before, after, onset, evidence)

    def _seen(self, columns: Columns, leaf: tree.Truth, row: Array) -> tuple[Array, ...]:
        """What a leaf looked at in some rows: both sides of a comparison, else its extent."""
        if not isinstance(leaf, tree.Compare):
            return (columns.extent(leaf)[row],)
        return tuple(self._side(columns, leaf, side, row) for side in (leaf.left, leaf.right))

    def _side(self, columns: Columns, leaf: tree.Compare, side: tree.Number, row: Array) -> Array:
        if isinstance(side, tree.Constant):
            return np.full(len(row), side.value)
        incomplete = self.rule.coverage > 0 and isinstance(side, tree.Window)
        seen = columns.seen(leaf, side, self.rule.coverage) if incomplete else columns.number(side, self.rule.coverage)
        of_rows: Array = seen[row]
        return of_rows

    def _evidence(
        self, seen: Mapping[tree.Truth, tuple[Array, ...]], k: int, before: int, after: int
    ) -> Iterator[Measure]:
        """Upward: what the reached rung compared. Downward: what let the old rung go."""
        truth = self.rungs[after].when if after > before else (self.rule.clear.when or self.rungs[before].when)
        for leaf in leaves(truth):
            numbers = [float(column[k]) for column in seen[leaf]]
            match leaf:
                case tree.Compare(comparison, _, _, text, unit):
                    value, threshold = numbers
                    if not (math.isnan(value) or math.isnan(threshold)):  # not known: it decided nothing
                        yield Measure(text, value, unit, comparison, threshold)
                case tree.Silent(limit):
                    yield Measure("silent", numbers[0], "s", ">=", limit / 1e6)
                case tree.Stuck(width):
                    yield Measure("stuck", numbers[0], "s", ">=", width / 1e6)
                case tree.Changed():
                    yield Measure("changed", numbers[0], "")  # by how much, in the stream's unit
                case tree.Spike(size):
                    yield Measure("spike", numbers[0], "", ">=", size)  # in the stream's unit


def _rows(columns: list[Array]) -> Array:
    return columns[0].reshape(1, -1) if len(columns) == 1 else np.stack(columns)


def area_inner(rule: Rule) -> list[tree.Truth | tree.Number]:
    """What the area functions of a rule look at in each member stream, each once, in order of appearance."""
    out: list[tree.Truth | tree.Number] = []
    for node in rule_nodes(rule):
        if isinstance(node, tree.AreaNumber):
            inner = node.truth if node.truth is not None else node.number
            if inner is not None and inner not in out:
                out.append(inner)
    return out


def check_rule(rule: Rule) -> str:
    """Which of the five ways judges it: ``stream``, ``area``, ``silence``, ``pair``, or ``joint`` (over signals, reports and
    bulletins). Raises ValueError for a mixture."""
    nodes = list(rule_nodes(rule))
    kinds = {type(node) for node in nodes}
    second = {joint.Stands, joint.Then, joint.Reports, joint.Signals}
    if kinds & second:
        if kinds - second - {tree.Compare, tree.And, tree.Or, tree.Not, tree.Constant, tree.Arithmetic}:
            raise ValueError(f"{rule.name}: what looks at signals cannot look at observations too")
        return "joint"
    plain = {
        tree.Compare,
        tree.And,
        tree.Or,
        tree.Not,
        tree.Constant,
        tree.Arithmetic,
        tree.Value,
        tree.Attribute,
        tree.Index,
    }
    if rule.per != "stream":
        if tree.AreaNumber not in kinds or kinds - (plain - {tree.Value, tree.Attribute}) - {tree.AreaNumber}:
            raise ValueError(f"{rule.name}: an area rule compares how_many, share, highest or average only")
        return "area"
    if tree.AreaNumber in kinds:
        raise ValueError(f"{rule.name}: how_many, share, highest and average need `per` to name an area")
    if tree.Silent in kinds:
        if len({node for node in nodes if isinstance(node, tree.Silent)}) > 1 or kinds - plain - {tree.Silent}:
            raise ValueError(f"{rule.name}: beside one silent(...) only value, attributes and constants may stand")
        return "silence"
    if tree.Sister in kinds:
        if len({node for node in nodes if isinstance(node, tree.Sister)}) > 1 or kinds - plain - {tree.Sister}:
            raise ValueError(f"{rule.name}: beside one sister(...) only value, attributes and constants may stand")
        return "pair"
    return "stream"
