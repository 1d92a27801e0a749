"""The plan: who is called out, how often, when it is told; what is reported upwards by when; which neighbours are told. A TOML
document of the deployment, read whole or refused with every fault. Nothing of it stands in code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib import resources
from typing import Any

from tocsin.formats.toml import read_toml
from tocsin.terms.errors import BadForm

__all__ = ["CAUSES", "CallOutPlan", "NeighbourRule", "Plan", "PlanFaults", "ReportRule", "declared_plan", "read_plan"]

CAUSES = ("warning", "bulletin", "response")
ON = ("warning", "event_confirmed")
_PERIOD = re.compile(r"([1-9][0-9]{0,4}) ?(s|min|h)")
_UNIT = {"s": "seconds", "min": "minutes", "h": "hours"}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class CallOutPlan:
    """See declared.toml: ranks and periods of a call-out; ``source`` says where they are written."""

    causes: tuple[str, ...]
    least_level: int
    least_response: int
    exercises: bool
    voice_every: timedelta
    deputies_after: int
    upper_after: int
    late_after: timedelta
    not_reached_after: timedelta
    then_every: timedelta
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class ReportRule:
    """What must be reported upwards: ``within`` of the event being known, ``by`` telephone or in writing, to the next level
    up, or (``bypass``) over its head to the top as well."""

    id: str
    on: str
    from_level: int
    by: str
    within: timedelta
    bypass: bool
    title: Mapping[str, str]
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class NeighbourRule:
    """Which neighbours are told: those whose borders touch (``adjacent``), and those that are named for an area."""

    on: str
    from_level: int
    adjacent: bool
    named: Mapping[str, tuple[str, ...]]
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole document."""

    callout: CallOutPlan
    reports: tuple[ReportRule, ...] = ()
    neighbours: tuple[NeighbourRule, ...] = ()


class PlanFaults(BadForm):
    """A document with faults, all of them in its rule."""


@lru_cache(maxsize=8)
def read_plan(content: bytes, name: str) -> Plan:
    """The plan of a document. Raises PlanFaults; BadForm where it is no TOML at all."""
    tables, _text = read_toml(content, name)
    faults: list[str] = []
    known = {"callout", "report_up", "neighbours"}
    faults += [f"{key}: no such table" for key in sorted(tables.keys() - known)]
    callout = _callout(_Table("callout", tables.get("callout", {}), faults))
    reports = tuple(_report(table) for table in _each(tables, "report_up", faults))
    neighbours = tuple(_neighbours(table) for table in _each(tables, "neighbours", faults))
    if len({rule.id for rule in reports}) < len(reports):
        faults.append("report_up: two rules of one id")
    if faults:
        raise PlanFaults(name, "; ".join(faults), "correct these places; see docs/callout.md for the form")
    return Plan(callout, reports, neighbours)


def declared_plan() -> Plan:
    """The plan that comes with the product."""
    return read_plan(resources.files(__package__).joinpath("declared.toml").read_bytes(), "declared.toml")


def _each(tables: Mapping[str, Any], kind: str, faults: list[str]) -> Iterator[_Table]:
    rows = tables.get(kind, [])
    if not isinstance(rows, list):
        faults.append(f"{kind}: write [[{kind}]]")
        return
    for number, row in enumerate(rows, start=1):
        yield _Table(f"{kind} {number}", row if isinstance(row, dict) else {}, faults)


class _Table:
    """A table of the document; every fault is kept with its place, none ends the reading."""

    def __init__(self, where: str, row: dict[str, Any], faults: list[str]) -> None:
        self._where, self._row, self._faults = where, dict(row) if isinstance(row, dict) else {}, faults

    def fault(self, key: str, rule: str) -> None:
        self._faults.append(f"{self._where}: {key} {rule}")

    def take(self, key: str, kind: type, default: Any = _MISSING) -> Any:
        value = self._row.pop(key, _MISSING)
        if value is _MISSING:
            if default is _MISSING:
                self.fault(key, "is missing")
            return kind() if default is _MISSING else default
        if type(value) is not kind:
            self.fault(key, f"must be {_NAMES[kind]}")
            return kind()
        return value

    def whole(self, key: str, low: int, high: int, default: Any = _MISSING) -> int:
        value: int = self.take(key, int, default)
        if not low <= value <= high:
            self.fault(key, f"must be {low} to {high}")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        value: str = self.take(key, str)
        if value not in allowed:
            self.fault(key, f"must be one of {', '.join(allowed)}")
        return value

    def period(self, key: str) -> timedelta:
        found = _PERIOD.fullmatch(self.take(key, str))
        if found is None:
            self.fault(key, 'must be a period like "3 min"')
            return timedelta(minutes=1)
        return timedelta(**{_UNIT[found[2]]: int(found[1])})

    def titles(self, key: str) -> dict[str, str]:
        value: dict[str, Any] = self.take(key, dict)
        if not value or not all(isinstance(word, str) and word for word in value.values()):
            self.fault(key, 'must be titles by language, like { en = "...", zh-hans = "..." }')
        return value

    def sourced(self) -> tuple[str, bool]:
        source: str = self.take("source", str)
        if not source.strip():
            self.fault("source", "says where this is written; it is empty")
        return source, self.take("verified", bool)

    def close(self) -> None:
        for key in self._row:
            self.fault(key, "is no key of it")


_NAMES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


def _callout(table: _Table) -> CallOutPlan:
    causes = tuple(table.take("causes", list))
    if any(cause not in CAUSES for cause in causes):
        table.fault("causes", f"must be of {', '.join(CAUSES)}")
    plan = CallOutPlan(
        causes, table.whole("least_level", 1, 9), table.whole("least_response", 1, 4, 4), table.take("exercises", bool, False),
        table.period("voice_every"),
        table.whole("deputies_after", 0, 99), table.whole("upper_after", 0, 99), table.period("late_after"),
        table.period("not_reached_after"), table.period("then_every"), *table.sourced(),
    )  # fmt: skip
    if plan.not_reached_after <= plan.late_after:
        table.fault("not_reached_after", "must be later than late_after")
    if min(plan.voice_every, plan.then_every) < timedelta(seconds=30):
        table.fault(
            "voice_every", "and then_every must be 30 s at least: a telephone that rings without pause is not answered"
        )
    table.close()
    return plan


def _report(table: _Table) -> ReportRule:
    rule = ReportRule(
        table.take("id", str), table.one_of("on", ON), table.whole("from_level", 1, 9),
        table.one_of("by", ("telephone", "writing")), table.period("within"), table.take("bypass", bool, False),
        table.titles("title"), *table.sourced(),
    )  # fmt: skip
    if not re.fullmatch(r"[a-z0-9_-]{1,40}", rule.id):
        table.fault("id", "must be small letters, digits, - and _")
    table.close()
    return rule


def _neighbours(table: _Table) -> NeighbourRule:
    on, level = table.one_of("on", ON), table.whole("from_level", 1, 9)
    named = table.take("named", dict, {})
    if not all(isinstance(paths, list) and all(isinstance(p, str) for p in paths) for paths in named.values()):
        table.fault("named", 'must be lists of areas by area, like { "simcity/east" = ["simcity/west"] }')
        named = {}
    rule = NeighbourRule(
        on,
        level,
        table.take("adjacent", bool, False),
        {area: tuple(paths) for area, paths in named.items()},
        *table.sourced(),
    )
    if not (rule.adjacent or rule.named):
        table.fault("adjacent", "must be true, or named must name neighbours")
    table.close()
    return rule
