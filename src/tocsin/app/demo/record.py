"""Record: what a played day left behind, read from the rooms and the quarantine as anybody else would read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.app.home import Home
from tocsin.engine.cascade import proposed_event_id
from tocsin.loop.detect import queries as detect
from tocsin.loop.observe.log.quarantine import read_quarantine
from tocsin.loop.observe.tallies import read_tallies
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places.queries import facilities
from tocsin.terms.event import EventState
from tocsin.terms.signal import Measure, Subject

__all__ = ["EventLeft", "Record", "SignalLeft", "Step", "facility_of", "read_record"]

ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One transition of a signal or one change of an event: when (event time, us), what, to which level."""

    at_us: int
    change: str
    level: int


@dataclass(frozen=True, slots=True)
class SignalLeft:
    """A signal with all its steps. ``says_no_data``: it comes from a hazard rule that asks for silence."""

    rule: str
    hazard: str
    subject: Subject
    quality: bool
    says_no_data: bool
    onset_us: int
    peak: int
    steps: tuple[Step, ...]
    evidence: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class EventLeft:
    """An event with all its steps; ``facility`` where a cascade proposed it."""

    id: str
    hazard: str
    state: EventState
    place: str
    peak: int
    signals: int
    no_data: bool
    parent: str | None
    facility: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Everything. ``refused``: (stream as sent, code) of every row in quarantine; counts are of observations."""

    signals: tuple[SignalLeft, ...]
    events: tuple[EventLeft, ...]
    refused: tuple[tuple[str, str], ...]
    accepted: int
    duplicate: int
    late: int
    missing: int


def read_record(home: Home, no_data_rules: Iterable[str]) -> Record:
    """The record of a home whose engine has taken everything."""
    tallies = read_tallies(home.run)
    rows, _ = read_quarantine(home.quarantine, None)
    sums = {name: int(getattr(tallies, name).sum()) for name in ("accepted", "duplicate", "late", "missing")}
    return Record(
        signals=tuple(_signals(frozenset(no_data_rules))),
        events=tuple(_events()),
        refused=tuple(zip(rows["stream"].to_pylist(), rows["code"].to_pylist(), strict=True)),
        **sums,
    )


def _signals(no_data_rules: frozenset[str]) -> Iterable[SignalLeft]:
    lines = detect.signals(EVERYWHERE, at_most=ALL)
    steps: dict[str, list[Step]] = {line.id: [] for line in lines}
    evidence: dict[str, tuple[Measure, ...]] = {}
    for change in detect.signal_changes(EVERYWHERE, [line.id for line in lines]):
        steps[change.signal].append(Step(change.at_us, change.change, change.level))
        if change.level and change.level >= max(step.level for step in steps[change.signal]):
            evidence[change.signal] = change.evidence
    for line in sorted(lines, key=lambda line: (line.onset_us, line.rule, str(line.subject))):
        yield SignalLeft(
            line.rule, line.hazard, line.subject, line.quality, line.rule in no_data_rules, line.onset_us, line.peak,
            tuple(steps[line.id]), evidence.get(line.id, ()),
        )  # fmt: skip


def _events() -> Iterable[EventLeft]:
    lines = detect.recent_events(EVERYWHERE, at_most=ALL)
    steps: dict[str, list[Step]] = {line.id: [] for line in lines}
    cursor, more = 0, True
    while more:
        changes = detect.changes_since(EVERYWHERE, cursor)
        for change in changes.changes:
            steps[change.event].append(Step(change.at_us, change.change, change.level))
        cursor, more = changes.cursor, changes.more
    known = [facility.id for facility in facilities(EVERYWHERE)]
    for line in sorted(lines, key=lambda line: (line.began_us, line.id)):
        yield EventLeft(
            line.id, line.hazard, line.state, line.place, max((s.level for s in steps[line.id]), default=line.level),
            line.signals, line.no_data, line.parent, _facility(line, known), tuple(steps[line.id]),
        )  # fmt: skip


def _facility(line: detect.EventLine, known: Iterable[str]) -> str:
    """The facility at which the event's parent proposed it; its id is a hash of both."""
    if line.parent is None:
        return ""
    return next((name for name in known if proposed_event_id(line.parent, name, line.hazard) == line.id), "")


def facility_of(line: detect.EventLine) -> str:
    """The facility at which an event was proposed; "" for one that no cascade proposed."""
    return _facility(line, [facility.id for facility in facilities(EVERYWHERE)])
