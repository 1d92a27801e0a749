"""The slow readable twin of provisional judgement, for rules over single streams: everything computed anew at every row.

Written from docs/adr/0011: what waits and what is final is worked out from plain lists, both standings by the engine's own
twin over the rows that each sees, and a word is said ahead where the second stands higher than all that was said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.engine.language.rule import Rule
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue

from .twin import Said, judge_rule

BEFORE_ALL = -(1 << 62)


class Word(NamedTuple):
    """One thing said of a stream."""

    finality: str
    change: str
    level: int
    previous: int
    at_us: int
    amends: int


@dataclass
class OneStream:
    """One rule at one stream whose source is late."""

    rule: Rule
    catalogue: Catalogue
    stream: int
    lateness: int
    idle: int
    taken: dict[int, float] = field(default_factory=dict)
    ahead: list[tuple[int, float]] = field(default_factory=list)  # what the leading engine saw
    newest: int = BEFORE_ALL
    released: int = BEFORE_ALL
    finals: int = 0
    leads: int = 0
    level: int = 0
    said: int = 0
    said_at: int = BEFORE_ALL
    lead: tuple[int, int] = (0, BEFORE_ALL)
    later: bool = False  # the leading engine stands in a later signal
    words: list[Word] = field(default_factory=list)

    def changes(self, rows: list[tuple[int, float]]) -> list[Said]:
        pasts: list[list[tuple[int, float]]] = [[] for _ in self.catalogue]
        pasts[self.stream] = rows
        return judge_rule(self.rule, self.catalogue, pasts, rows[-1][0]) if rows else []

    def final_rows(self) -> list[tuple[int, float]]:
        return sorted(row for row in self.taken.items() if row[0] <= self.released)

    def row(self, t: int, v: float) -> None:
        if t < self.newest - self.lateness or t <= self.released or t in self.taken:
            return
        self.taken[t] = v
        if t < self.newest:
            return
        self.newest = t
        self.released = max([self.released, *(m for m in self.taken if m <= t - self.lateness)])
        if self.judge():
            self.say(t - self.lateness)
        self.ahead.append((t, v))
        found = self.changes(self.ahead)
        for one in found[self.leads :]:
            self.follow(one.level, one.at_us)
            self.say(BEFORE_ALL)
        self.leads = len(found)

    def tick(self, now: int) -> None:
        if self.newest > BEFORE_ALL and now - self.newest >= self.idle:
            self.released = self.newest
            self.judge()
        if len(self.ahead) < len(self.taken) or (self.said > self.level and self.said_at <= self.released):
            self.bring_level()
        if self.said > self.level and self.said_at <= self.released:
            self.retract(self.said_at)
        self.say(self.released)

    def bring_level(self) -> None:
        self.ahead = sorted(self.taken.items())
        found = self.changes(self.ahead)
        self.leads, self.later, self.lead = len(found), False, (self.level, BEFORE_ALL)
        moves = found[self.finals :]
        reached = [one.at_us for one in moves if self.said and one.level >= self.said]
        self.said_at = reached[0] if reached else self.said_at
        for one in moves:
            self.follow(one.level, one.at_us)

    def judge(self) -> bool:
        found = self.changes(self.final_rows())
        for one in found[self.finals :]:
            if one.level == 0 and self.said > self.level:
                self.retract(one.at_us)
            amends = self.said if 0 < self.said <= one.level else 0
            self.words.append(Word("final", one.change, one.level, one.previous, one.at_us, amends))
            self.level, self.said = one.level, 0 if amends else self.said
            self.later = self.later and one.level > 0
        fresh, self.finals = len(found) > self.finals, len(found)
        return fresh

    def follow(self, level: int, at_us: int) -> None:
        self.later = self.later or (level == 0 and bool(self.level or self.said))
        self.lead = level, at_us

    def say(self, judged: int) -> None:
        level, at_us = self.lead
        known = max(self.level, self.said)
        if level <= known or at_us <= judged or (known and self.later):
            return
        self.words.append(Word("provisional", "changed" if known else "raised", level, known, at_us, 0))
        self.said, self.said_at, self.later = level, at_us, self.later and known > 0

    def retract(self, at_us: int) -> None:
        self.words.append(Word("provisional", "retracted", self.level, self.said, at_us, self.said))
        self.said, self.later = 0, self.later and self.level > 0


def tell(rule: Rule, catalogue: Catalogue, streams: list[int], log: list[Record]) -> dict[str, list[Word]]:
    """What is said of each of these streams, in order."""
    told = {}
    for index in streams:
        source, stream = catalogue.source_of(index), catalogue.streams[index]
        lateness = round(source.lateness_s * 1e6)
        idle = lateness + round(source.delay_s * 1e6) + round(stream.cadence_s * 1e6)
        one = OneStream(rule, catalogue, index, lateness, idle)
        for record in log:
            if record.kind is RecordKind.TICK:
                one.tick(record.at_us)
                continue
            batch = record.batch
            rows = zip(batch["stream"].to_pylist(), batch["observed_at"].cast("int64").to_pylist(),
                       batch["value"].to_pylist(), batch["quality"].to_pylist(), strict=True)  # fmt: skip
            for which, at_us, value, quality in rows:
                if which == index and not quality:
                    one.row(at_us, value)
        told[stream.id] = one.words
    return told
