"""Declared rule -> Rule: the front door of the rule language. Conditions themselves are read in ``condition``."""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tocsin.engine.language import joint, tree
from tocsin.engine.language.condition import parse_clear, parse_condition, parse_hold
from tocsin.engine.language.faults import nearest
from tocsin.engine.language.order import implies
from tocsin.engine.language.rule import Clear, Hold, Rule, Rung
from tocsin.engine.language.vocabulary import IndexTable, JointNames, Vocabulary
from tocsin.engine.language.walk import nodes
from tocsin.terms.errors import BadRule
from tocsin.terms.level import Scheme

__all__ = [
    "FLAG",
    "RULE_KEYS",
    "RuleFault",
    "parse_clear",
    "parse_condition",
    "parse_hold",
    "parse_rule",
    "true_of_nothing",
    "vocabulary_of",
]

FLAG = "flag"  # the one level of a data-quality rule that has no grades
RULE_KEYS = (
    "id", "version", "hazard", "streams", "per", "distinct", "level", "hold", "clear", "clear_after", "at_least",
    "cool_down", "coverage", "quality", "source", "verified", "title", "why",
)  # fmt: skip
SECOND_STAGE = (joint.Stands, joint.Then, joint.Reports, joint.Signals)
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RuleFault:
    """A fault at a key of the declaration (``("level", "red")``). ``note``: nothing is wrong, but it could not be shown."""

    key: tuple[str, ...]
    error: BadRule
    note: bool = False


def parse_rule(
    entry: Mapping[str, Any], *, pack: str, scheme: Scheme, units: Mapping[str, str],
    tables: Mapping[str, IndexTable] | None = None, stages: frozenset[str] | None = None,
    nonnegative: frozenset[str] = frozenset(), faults: list[RuleFault] | None = None,
    names: JointNames | None = None,
) -> Rule:  # fmt: skip
    """A rule from its declaration (one ``[[rule]]`` of rules.toml). ``units``: UCUM unit by property; ``nonnegative``:
    properties that never fall below 0; ``names``: what joint conditions may name (None: anything). Raises the first fault
    as BadRule, or, with ``faults``, adds every fault there and gives the rule without its faulty parts."""
    reader = _Reader(dict(entry), pack, scheme, [] if faults is None else faults)
    reader.words = vocabulary_of(entry, units, tables or {}, stages, nonnegative, names or JointNames())
    rule = reader.rule()
    if faults is None:
        for fault in reader.faults:
            if not fault.note:
                raise fault.error
    return rule


def vocabulary_of(
    entry: Mapping[str, Any], units: Mapping[str, str], tables: Mapping[str, IndexTable],
    stages: frozenset[str] | None, nonnegative: frozenset[str], names: JointNames,
) -> Vocabulary:  # fmt: skip
    """What the conditions of a declared rule may name: ``value`` has the one unit of the properties it selects."""
    streams = entry.get("streams")
    chosen = _values(streams.get("property", ())) if isinstance(streams, Mapping) else ()
    found = {units[name] for name in chosen if name in units}
    return Vocabulary(
        unit=found.pop() if len(found) == 1 else "",
        units=units, tables=tables, stages=stages, area=entry.get("per", "stream") != "stream",
        nonnegative=bool(chosen) and all(name in nonnegative for name in chosen), per=str(entry.get("per", "stream")),
        rules=names.rules, categories=names.categories, hazards=names.hazards,
    )  # fmt: skip


class _Reader:
    words: Vocabulary

    def __init__(self, entry: dict[str, Any], pack: str, scheme: Scheme, faults: list[RuleFault]) -> None:
        self.entry, self.pack, self.scheme, self.faults = entry, pack, scheme, faults

    def rule(self) -> Rule:
        name = self._name("id")
        rungs = self._rungs()
        self._ladder(rungs)
        clear = self._clear()
        self._holds_possible(rungs, clear)
        cool_down = self._cool_down(rungs)
        return Rule(
            name=f"{self.pack}/{name}", version=self._take("version", int, 1), hazard=self._name("hazard"),
            select=self._select(), rungs=tuple(rungs), clear=clear, per=self._take("per", str, "stream"),
            distinct=self._take("distinct", str, ""), coverage=self._coverage(), quality=self._take("quality", bool, False),
            cool_down_us=cool_down, never_held_back=len(self.scheme.levels),
            title=self._words("title"), why=self._words("why"), source=self._take("source", str, ""),
            verified=self._take("verified", bool, False),
        )  # fmt: skip

    # ------------------------------------------------------------ parts
    def _select(self) -> Mapping[str, tuple[str, ...]]:
        streams = self.entry.get("streams")
        if not isinstance(streams, Mapping) or not streams:
            self._refuse(
                ("streams",), "a rule selects its streams by at least one label", 'write streams = { property = "…" }'
            )
            return {}
        out = {}
        for label, accepted in streams.items():
            values = _values(accepted)
            if not values:
                self._refuse(
                    ("streams", label), f"streams.{label} must be a word or a list of words", "write words in quotes"
                )
            out[str(label)] = values
        for name in out.get("property", ()):
            if name not in self.words.units:
                self._refuse(("streams", "property"), f"no property {name!r} is declared in streams.toml",
                             nearest(name, self.words.units))  # fmt: skip
        return out

    def _rungs(self) -> list[Rung]:
        levels = self.entry.get("level")
        if not isinstance(levels, Mapping) or not levels:
            self._refuse(("level",), "a rule has at least one level", 'write level.yellow = "sum(6h) >= 50 mm"')
            return []
        out = []
        for code, text in levels.items():
            rank = self._rank(str(code))
            when = self._condition(("level", str(code)), text)
            hold, at_least = self._hold(str(code)), self._at_least(str(code))
            if rank and when is not None:
                out.append(Rung(rank, when, hold, str(text), at_least))
        return sorted(out, key=lambda rung: rung.rank)

    def _rank(self, code: str) -> int:
        if code == FLAG and self.entry.get("quality") is True:
            if len(self.entry["level"]) > 1:
                self._refuse(("level", code), "flag stands alone: it is the one level of an ungraded quality rule",
                             "leave the other levels out")  # fmt: skip
            return 1
        if code in self.scheme.codes:
            return self.scheme.rank(code)
        self._refuse(
            ("level", code), f"scheme {self.scheme.code} has no level {code!r}", nearest(code, self.scheme.codes)
        )
        return 0

    def _condition(self, key: tuple[str, ...], text: object) -> tree.Truth | None:
        if not isinstance(text, str):
            self._refuse(key, "a condition is written as text", 'write it in quotes, such as "sum(3h) >= 50 mm"')
            return None
        try:
            return parse_condition(text, self.words)
        except BadRule as error:
            self.faults.append(RuleFault(key, error))
            return None

    def _hold(self, code: str) -> Hold:
        return self._read_hold(*self._by_level("hold", code))

    def _at_least(self, code: str) -> int:
        key, text = self._by_level("at_least", code)
        return self._time(key, text, "a level is kept for a time") if text != "0s" else 0

    def _cool_down(self, rungs: Sequence[Rung]) -> int:
        time_us = self._time(("cool_down",), self.entry.get("cool_down", "0s"), "a cool-down is a time")
        if not time_us:
            return 0
        if rungs and all(rung.rank >= len(self.scheme.levels) for rung in rungs):
            top = self.scheme.codes[-1]
            self._refuse(("cool_down",), f"it would never do anything: {top} is never held back", "leave it out")
        return time_us

    def _by_level(self, name: str, code: str) -> tuple[tuple[str, ...], object]:
        """What a key says of one level: one text for all, or a table by level."""
        declared = self.entry.get(name, "0s")
        if not isinstance(declared, Mapping):
            return (name,), declared
        for level in declared:
            if level not in self.entry["level"]:
                fault = ((name, str(level)), f"{name}.{level} belongs to no level of the rule")
                if all(known.key != fault[0] for known in self.faults):
                    self._refuse(*fault, nearest(str(level), self.entry["level"]))
        return (name, code), declared.get(code, "0s")

    def _time(self, key: tuple[str, ...], text: object, rule: str) -> int:
        """A duration in us, 0 for ``0s``; observations cannot be counted here."""
        hold = self._read_hold(key, text)
        if hold.observations > 1:
            self._refuse(key, f"{rule}, not a number of observations", 'write a time such as "30min"')
        return hold.time_us

    def _read_hold(self, key: tuple[str, ...], text: object) -> Hold:
        if not isinstance(text, str):
            self._refuse(key, "a hold is written as text", 'write it in quotes, such as "10min" or "2 obs"')
            return Hold()
        try:
            return parse_hold(text)
        except BadRule as error:
            if all(known.key != key for known in self.faults):
                self.faults.append(RuleFault(key, error))
            return Hold()

    def _clear(self) -> Clear:
        text, after = self.entry.get("clear"), self.entry.get("clear_after")
        if text is not None and after is not None:
            self._refuse(
                ("clear_after",), "clear and clear_after exclude each other", 'write "… for 2 obs" at the end of clear'
            )
        if text is None:
            return Clear(None, self._read_hold(("clear_after",), after), str(after)) if after is not None else Clear()
        if not isinstance(text, str):
            self._refuse(
                ("clear",), "a condition is written as text", 'write it in quotes, such as "sum(3h) < 30 mm for 1h"'
            )
            return Clear()
        try:
            return parse_clear(text, self.words)
        except BadRule as error:
            self.faults.append(RuleFault(("clear",), error))
            return Clear()

    def _coverage(self) -> float:
        coverage = self.entry.get("coverage", 0.0)
        if isinstance(coverage, bool) or not isinstance(coverage, int | float) or not 0 <= coverage <= 1:
            self._refuse(("coverage",), "coverage is a share between 0 and 1", "write 0.7 for seven of ten")
            return 0.0
        return float(coverage)

    # ------------------------------------------------------------ meaning of the whole
    def _ladder(self, rungs: Sequence[Rung]) -> None:
        """A higher level must imply every lower one, else a rising danger would skip down or a level never show."""
        for lower, higher in itertools.pairwise(rungs):
            low, high = self._code(lower.rank), self._code(higher.rank)
            key = ("level", high)
            up = implies(higher.when, lower.when, self.words.nonnegative)
            if up is False:
                self._refuse(key, f"ladder not monotone: {high} ({higher.text}) can hold while {low} ({lower.text}) does not",
                             f"make {high} imply {low}, or give them rules of their own")  # fmt: skip
            elif up is None:
                self._refuse(key, f"not decidable from the texts whether {high} implies {low}",
                             "nothing to do if the streams' own stages rise with the levels", note=True)  # fmt: skip
            elif higher.when == lower.when and not _longer(higher.hold, lower.hold):
                self._refuse(key, f"{low} can never be seen: {high} has the same condition and no longer hold",
                             f"give {high} a longer hold or a stricter condition")  # fmt: skip

    def _holds_possible(self, rungs: Sequence[Rung], clear: Clear) -> None:
        for rung in rungs:
            key = ("hold", self._code(rung.rank)) if isinstance(self.entry.get("hold"), Mapping) else ("hold",)
            reason = _impossible(rung.when, rung.hold, self.words.area)
            if reason:
                self._refuse(
                    key,
                    f"{self._code(rung.rank)} can never be raised: {reason}",
                    "leave hold out or change the condition",
                )
        if any(_has(rung.when, tree.Silent) for rung in rungs):
            for name in ("at_least", "cool_down"):
                if name in self.entry:
                    self._refuse((name,), "a silence is judged when it begins and when it ends, at no moment between: what is "
                                 f"held back by {name} would stay so", "leave it out")  # fmt: skip
        own = clear.when if clear.when is not None else (rungs[0].when if rungs else None)
        for rung in rungs:
            if true_of_nothing(rung.when):
                self._refuse(("level", self._code(rung.rank)), "it holds where no signal stands and nobody reported anything",
                             "say what must be there, not only what must not")  # fmt: skip
        silent_raise = any(_has(rung.when, tree.Silent) for rung in rungs)
        if own is not None and clear.hold.observations > 1 and silent_raise:
            self._refuse(("clear_after" if clear.when is None else "clear",),
                         "a silence ends at the first observation; no number of observations can be waited for",
                         "leave it out")  # fmt: skip
        if clear.when is not None and rungs and implies(rungs[0].when, clear.when, self.words.nonnegative):
            self._refuse(("clear",), f"clear holds whenever {self._code(rungs[0].rank)} does, so nothing could stay raised",
                         "clear below the lowest level")  # fmt: skip

    def _code(self, rank: int) -> str:
        return FLAG if FLAG in self.entry["level"] else self.scheme.level(rank).code

    # ------------------------------------------------------------ plain keys
    def _name(self, key: str) -> str:
        name = self._take(key, str, "")
        if not _NAME.fullmatch(name):
            self._refuse(
                (key,), f"{key} is a name of small letters, digits and _, got {name!r}", f'write {key} = "rainstorm"'
            )
        return name

    def _words(self, key: str) -> Mapping[str, str]:
        words = self.entry.get(key, {})
        if not isinstance(words, Mapping) or not all(isinstance(word, str) for word in words.values()):
            self._refuse(
                (key,), f"{key} holds one text for each language", f'write {key} = {{ en = "…", zh-hans = "…" }}'
            )
            return {}
        return {str(language): str(word) for language, word in words.items()}

    def _take(self, key: str, kind: type[_T], default: _T) -> _T:
        value = self.entry.get(key, default)
        if type(value) is not kind:
            self._refuse((key,), f"{key} must be {_KIND_WORDS[kind]}", f"write {key} = {_KIND_EXAMPLES[kind]}")
            return default
        return value

    def _refuse(self, key: tuple[str, ...], rule: str, remedy: str, note: bool = False) -> None:
        error = BadRule(f"rule {self.pack}/{self.entry.get('id', '?')} {'.'.join(key)}", rule, remedy)
        if all((known.key, known.error.rule) != (key, rule) for known in self.faults):
            self.faults.append(RuleFault(key, error, note))


_KIND_WORDS: Mapping[type, str] = {str: "text", int: "a whole number", bool: "true or false"}
_KIND_EXAMPLES: Mapping[type, str] = {str: '"…"', int: "1", bool: "true"}


def _values(accepted: object) -> tuple[str, ...]:
    if isinstance(accepted, str):
        return (accepted,)
    if isinstance(accepted, Sequence) and all(isinstance(value, str) for value in accepted):
        return tuple(accepted)
    return ()


def true_of_nothing(truth: tree.Truth) -> bool | None:
    """Whether a joint condition holds where no signal stands, nobody reported and no bulletin is in force."""
    match truth:
        case tree.And(left, right):
            both = (true_of_nothing(left), true_of_nothing(right))
            return False if False in both else None if None in both else True
        case tree.Or(left, right):
            both = (true_of_nothing(left), true_of_nothing(right))
            return True if True in both else None if None in both else False
        case tree.Not(of):
            said = true_of_nothing(of)
            return None if said is None else not said
        case tree.Compare(comparison, left, right):
            a, b = _of_nothing(left), _of_nothing(right)
            return None if a is None or b is None else COMPARE[comparison](a, b)
        case joint.Stands() | joint.Then():
            return False
    return None


def _of_nothing(number: tree.Number) -> float | None:
    match number:
        case tree.Constant(value):
            return value
        case joint.Reports() | joint.Signals():
            return 0.0
        case tree.Arithmetic(op, left, right):
            a, b = _of_nothing(left), _of_nothing(right)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            return a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
    return None


def _longer(a: Hold, b: Hold) -> bool:
    return a.time_us > b.time_us or a.observations > b.observations


def _has(truth: tree.Truth, kind: type) -> bool:
    match truth:
        case tree.And(left, right) | tree.Or(left, right):
            return _has(left, kind) or _has(right, kind)
        case tree.Not(of):
            return _has(of, kind)
    return isinstance(truth, kind)


def _impossible(when: tree.Truth, hold: Hold, area: bool) -> str:
    """Why a condition can never be held that long; "" if it can."""
    if (
        _has(when, tree.Spike)
        and isinstance(when, tree.Spike | tree.And)
        and (hold.observations > 1 or hold.time_us > 0)
    ):
        return "a spike is true at one observation only"
    if _has(when, tree.Silent) and hold.observations > 1:
        return "there are no observations while a stream is silent"
    if _has(when, tree.Silent) and hold.time_us > 0:
        return "a silence is judged when it begins and ends only; make the time in silent(...) longer"
    if isinstance(when, tree.Compare) and isinstance(when.right, tree.Constant) and not math.isfinite(when.right.value):
        return "the limit is not a number"
    if hold.observations > 1 and any(isinstance(node, SECOND_STAGE) for node in nodes(when)):
        return "signals and reports are no observations to count; use a time"
    if area and hold.observations > 1:
        return "an area has no observations of its own to count; use a time"
    return ""
