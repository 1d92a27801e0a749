"""The second stage of an engine: its joint rules, fed with what the first stage said, and moved on by ticks.

A rule's frontier lies behind the tick by what the sources of the rules it looks at need: their declared delay, and where
they declare a lateness, that and what ordering waits for (``settled_us``). Whoever keeps to what he declared is never late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tocsin.engine.group import selects
from tocsin.engine.joint.judge import JointJudge
from tocsin.engine.joint.spans import OPEN
from tocsin.engine.judge import Changes, Judge, check_rule
from tocsin.engine.language.rule import Rule
from tocsin.formats.bulletins import read_bulletin_body
from tocsin.formats.reports import read_reports_body
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Subject
from tocsin.terms.stream import Catalogue, Source, Stream

__all__ = ["REPORTS_SETTLE_US", "JointStage", "settled_us", "subjects"]

REPORTS_SETTLE_US = 60_000_000  # so long after its five minutes a count of reports may still come in time


class JointStage:
    """All joint rules of an engine, by name."""

    def __init__(self) -> None:
        self.judges: dict[str, JointJudge] = {}
        self._waits: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self.judges)

    def add(self, rule: Rule, judge: Judge) -> None:
        """A joint rule and its ladder."""
        self.judges[rule.name] = JointJudge(rule, judge)

    def update(self, rules: Sequence[Rule], catalogue: Catalogue) -> None:
        """Follow a changed catalogue. ``rules``: all of the engine."""
        by_name = {rule.name: rule for rule in rules}
        for name, judge in self.judges.items():
            seen = {other: by_name[other] for other in judge.rules if other in by_name}
            judge.update(catalogue, {other: subjects(rule, catalogue) for other, rule in seen.items()})
            waits = [settled_us(rule, catalogue) for rule in seen.values()]
            self._waits[name] = max([*waits, REPORTS_SETTLE_US if judge.categories else 0])

    def subject(self, rule: str, slot: int) -> Subject:
        """What a joint rule calls by this slot."""
        return self.judges[rule].anchors.all[slot].subject

    def take(
        self, record: Record, changes: Sequence[Changes], subject: Callable[[Rule, int], Subject]
    ) -> list[Changes]:
        """Changes of the second stage that a record makes known. ``changes``: what the first stage said of it."""
        self._hear(changes, subject)
        match record.kind:
            case RecordKind.REPORTS:
                source, reports = read_reports_body(record.body)
                for judge in self.judges.values():
                    judge.take_reports(source, reports)
            case RecordKind.BULLETIN:
                bulletin = read_bulletin_body(record.body)
                for judge in self.judges.values():
                    judge.take_bulletin(bulletin)
            case RecordKind.TICK:
                return [
                    change
                    for name, judge in self.judges.items()
                    for change in judge.advance(
                        record.at_us - self._waits[name] - 1
                    )  # more may come of this very moment
                ]
        return []

    def finish(self, at_us: int, changes: Sequence[Changes], subject: Callable[[Rule, int], Subject]) -> list[Changes]:
        """The end of a recorded file: everything that is known, and what falls due up to ``at_us``."""
        self._hear(changes, subject)
        out: list[Changes] = []
        for judge in self.judges.values():
            last = max((entry[0] for entry in judge.pending), default=at_us)
            out += judge.advance(max(at_us, last))
        return out

    def _hear(self, changes: Sequence[Changes], subject: Callable[[Rule, int], Subject]) -> None:
        for change in changes:
            for judge in self.judges.values():
                if change.rule.name in judge.rules:
                    judge.take_changes(change, [subject(change.rule, int(slot)) for slot in change.slot])

    def state(self) -> dict[str, dict[str, Any]]:
        """By rule, for JSON."""
        return {name: judge.state() for name, judge in self.judges.items()}


def subjects(rule: Rule, catalogue: Catalogue) -> list[Subject]:
    """Everything that a rule of the first stage judges."""
    members = _members(rule, catalogue)
    if rule.per == "stream":
        return [Subject("stream", stream.id) for stream in members]
    return [Subject(rule.per, key) for key in dict.fromkeys(stream.label(rule.per) for stream in members) if key]


def settled_us(rule: Rule, catalogue: Catalogue) -> int:
    """How long after a moment the first stage may say of it what a rule saw there, if sources keep to what they declare."""
    how = check_rule(rule)
    wait = 0
    for stream in _members(rule, catalogue):
        wait = max(wait, _settled(how, catalogue.sources[stream.source], stream))
    return min(wait, OPEN // 4)


def _settled(how: str, source: Source, stream: Stream) -> int:
    lateness, delay, cadence = (round(x * 1e6) for x in (source.lateness_s, source.delay_s, stream.cadence_s))
    own = 2 * lateness + delay + cadence if lateness else delay
    return own + {"area": 2 * cadence, "pair": cadence, "silence": lateness}.get(how, 0)


def _members(rule: Rule, catalogue: Catalogue) -> list[Stream]:
    select = tuple(sorted((name, tuple(values)) for name, values in rule.select.items()))
    return [stream for stream in catalogue if selects(select, stream)]
