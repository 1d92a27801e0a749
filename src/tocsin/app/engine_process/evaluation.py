"""Evaluation: records in log order through engine and grouper, one database transaction a batch.

All that is emitted is a function of the log alone: the grouper is fed record by record, so how records are batched
for the database changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from tocsin.app.engine_process.packs_in_force import load
from tocsin.app.engine_process.snapshots import PackInForce, Snapshot, SnapshotShelf, packs_of
from tocsin.app.engine_process.standing_places import PlaceBook
from tocsin.app.engine_process.withdrawal import withdrawn
from tocsin.engine.event_change import EventChange
from tocsin.engine.grouping import Grouper, no_data_rules
from tocsin.engine.hazard import Facility
from tocsin.engine.judge import rule_nodes
from tocsin.engine.language import tree
from tocsin.engine.language.rule import Rule
from tocsin.engine.runner import Engine
from tocsin.formats.catalogue import read_catalogue_body
from tocsin.loop.detect import services as detect
from tocsin.loop.observe import services as observe
from tocsin.packkit import Pack
from tocsin.records import clock
from tocsin.terms.errors import TocsinError, UnknownName
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Subject, Transition

__all__ = ["ACTOR", "Evaluation"]

ACTOR = "engine"
FAR_FUTURE_US = 1 << 62
IDLE_COMMIT_S = 1.0  # progress without any finding is noted this often

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Found:
    """What a batch of records gave, to be committed together."""

    transitions: list[Transition] = field(default_factory=list)
    event_changes: list[EventChange] = field(default_factory=list)
    catalogues: list[Record] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.transitions or self.event_changes or self.catalogues)


class Evaluation:
    """Engine and grouper at one place of the log.

    ``consumed`` is the seq up to which (exclusive) the database holds what was found: records before it are fed to
    regain state, and nothing of them is committed again. ``now`` is only used to stamp when rows were written.
    """

    def __init__(
        self,
        *,
        kept_packs: Path,
        shelf: SnapshotShelf,
        facilities: Sequence[Facility],
        consumed: int,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._kept_packs, self._shelf, self._facilities, self._now = kept_packs, shelf, tuple(facilities), now
        self.consumed = consumed
        self.committed = consumed
        self._found = _Found()
        self._digest = hashlib.sha256()
        self._committed_at = time.monotonic()
        self.snapshot_seq = -1
        self.transitions = self.damaged_records = 0
        self._regain()
        self._open_places()

    # ------------------------------------------------------------------ state
    def _regain(self) -> None:
        self.packs: tuple[PackInForce, ...] = ()
        for snapshot in self._shelf.usable(at_most=self.consumed):
            try:
                packs = load(snapshot.packs, self._kept_packs)
                engine = Engine.restore(_rules(packs), snapshot.engine)
                grouper = self._grouper(packs, snapshot.grouper)
            except TocsinError as error:
                self._shelf.refused.append(f"snapshot at {snapshot.seq}: {error}")
                continue
            self.engine, self.grouper, self.packs = engine, grouper, snapshot.packs
            self.snapshot_seq = snapshot.seq
            return
        self.engine, self.grouper = Engine([]), self._grouper([], None)

    def _grouper(self, packs: Sequence[Pack], state: bytes | None) -> Grouper:
        hazards = {code: spec for pack in packs for code, spec in pack.hazards.items()}
        cascades = [cascade for pack in packs for cascade in pack.cascades]
        scheme = packs[0].scheme if packs else CHINA_FOUR_COLOUR
        witness, silent = self._independent, no_data_rules(_rules(packs))
        if state is None:
            return Grouper(hazards, cascades, self._facilities, scheme, independent_of=witness, no_data_rules=silent)
        return Grouper.restore(
            hazards, cascades, self._facilities, scheme, state, independent_of=witness, no_data_rules=silent
        )

    def _independent(self, subject: Subject) -> str:
        return self._places.independent(subject)

    def _open_places(self) -> None:
        distinct = {rule.distinct for rule in self.engine.rules if rule.distinct}
        self._places = PlaceBook(self.engine.catalogue, distinct)

    def save(self) -> None:
        """Commit, then write a snapshot; so a snapshot is never ahead of the database."""
        self.commit()
        self._shelf.write(Snapshot(self.engine.next_seq, self.packs, self.engine.snapshot(), self.grouper.snapshot()))
        self.snapshot_seq = self.engine.next_seq

    # ------------------------------------------------------------------ feeding
    def feed(self, record: Record) -> None:
        """Evaluate one record and keep what it gave until ``commit``."""
        if record.seq > self.engine.next_seq:  # a damaged stretch of the log: said loudly, never guessed at
            self.damaged_records += record.seq - self.engine.next_seq
            log.error("records %s to %s of the log are damaged and were left out", self.engine.next_seq, record.seq - 1)
            self.engine.next_seq = record.seq
        changes: list[EventChange] = []
        transitions = self.engine.feed(record)
        if record.kind is RecordKind.RULES:
            transitions, changes = self._put_in_force(packs_of(record.body), record)
        elif record.kind is RecordKind.CATALOGUE:
            self._open_places()
        elif transitions:
            changes += self.grouper.feed(transitions, self._places)
        if record.kind is RecordKind.TICK:
            changes += self.grouper.advance(record.at_us, seq=record.seq)
        if record.seq >= self.consumed:
            self._keep(record, transitions, changes)

    def _keep(self, record: Record, transitions: list[Transition], changes: list[EventChange]) -> None:
        self._found.transitions += transitions
        self._found.event_changes += changes
        self.transitions += len(transitions)
        if record.kind is RecordKind.CATALOGUE:
            self._found.catalogues.append(record)
        _digest_into(self._digest, record)

    def _put_in_force(
        self, packs: tuple[PackInForce, ...], record: Record
    ) -> tuple[list[Transition], list[EventChange]]:
        """Other rules from here on: those that did not change keep their state, signals of the others end."""
        loaded = load(packs, self._kept_packs)
        old, rules = self.engine, _rules(loaded)
        ended = withdrawn(old, rules, record)
        changes = self.grouper.feed(ended, self._places)
        self.engine, self.packs = Engine.restore(rules, old.snapshot()), packs
        try:
            self.grouper = self._grouper(loaded, self.grouper.snapshot())
        except UnknownName:  # an event of a hazard that nobody declares any more: let what is quiet end now
            changes += self.grouper.advance(FAR_FUTURE_US, seq=record.seq)
            self.grouper = self._grouper(loaded, self.grouper.snapshot())
        self._open_places()
        log.info("packs in force from record %s: %s", record.seq, ", ".join(f"{p.name} {p.version}" for p in packs))
        return ended, changes

    # ------------------------------------------------------------------ the database
    def commit_if_due(self) -> None:
        """Commit at once what was found; mere progress once a second."""
        if self._found or time.monotonic() - self._committed_at >= IDLE_COMMIT_S:
            self.commit()

    def commit(self) -> None:
        """One transaction: catalogue rows, signals, events, outbox, ledger root and how far we are."""
        if self.engine.next_seq <= self.committed:
            return
        found, now = self._found, self._now()
        with transaction.atomic():
            for record in found.catalogues:
                sources, streams = read_catalogue_body(record.body)
                observe.apply_catalogue(sources=sources, streams=streams, seq=record.seq, actor=ACTOR, now=now)
            detect.record_batch(
                transitions=found.transitions,
                event_changes=found.event_changes,
                first_seq=self.committed,
                consumed_seq=self.engine.next_seq - 1,
                log_digest=self._digest.hexdigest(),
                actor=ACTOR,
                now=now,
            )
        self.committed = self.consumed = self.engine.next_seq
        self._found, self._digest = _Found(), hashlib.sha256()
        self._committed_at = time.monotonic()

    # ------------------------------------------------------------------ ticks
    def needs_ticks(self) -> bool:
        """Whether anything waits for time alone: silence, areas, lateness, or an event that may end."""
        sources = self.engine.catalogue.sources.values()
        return (
            any(source.lateness_s for source in sources)
            or any(
                isinstance(node, tree.Silent | tree.AreaNumber)
                for rule in self.engine.rules
                for node in rule_nodes(rule)
            )
            or bool(self.grouper.live)
        )


def _rules(packs: Sequence[Pack]) -> list[Rule]:
    return [rule for pack in packs for rule in pack.rules]


def _digest_into(digest: hashlib._Hash, record: Record) -> None:
    digest.update(f"{record.seq} {record.kind} {record.at_us}\n".encode())
    if record.batch is None:
        digest.update(record.body)
        return
    for name in ("stream", "observed_at", "value", "quality", "received_at"):  # issued_at has no dense form
        column = record.batch.column(name)
        dense = column.cast("int64") if name.endswith("_at") else column
        digest.update(memoryview(dense.to_numpy()))
