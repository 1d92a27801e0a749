"""Evaluation: records in log order through the log's judge, one database transaction a batch."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import transaction

from tocsin.app.engine_process.log_judge import LogJudge
from tocsin.app.engine_process.packs_in_force import load
from tocsin.app.engine_process.shadows import Shadows, ShadowShelf
from tocsin.app.engine_process.snapshots import PackInForce, SnapshotShelf
from tocsin.app.engine_process.trials import SHADOWS
from tocsin.engine.event_change import EventChange
from tocsin.engine.hazard import Facility
from tocsin.engine.runner import Engine
from tocsin.formats.catalogue import read_catalogue_body
from tocsin.loop.detect import services as detect
from tocsin.loop.detect import shadow_services
from tocsin.loop.observe import services as observe
from tocsin.records import clock
from tocsin.terms.errors import TocsinError
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Transition

__all__ = ["ACTOR", "Evaluation"]

ACTOR = "engine"
IDLE_COMMIT_S = 1.0  # progress without any finding is noted this often


@dataclass(slots=True)
class _Found:
    """What a batch of records gave, to be committed together."""

    transitions: list[Transition] = field(default_factory=list)
    event_changes: list[EventChange] = field(default_factory=list)
    catalogues: list[Record] = field(default_factory=list)
    of_shadows: dict[str, list[Transition]] = field(default_factory=dict)
    shadows_began: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.transitions or self.event_changes or self.catalogues or self.of_shadows or self.shadows_began)


class Evaluation:
    """The log judged up to some place, and the database kept in step.

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
        self._shelf, self._now = shelf, now
        self.judge = LogJudge(partial(load, kept=kept_packs), facilities)
        self.shadows = Shadows(lambda pack: load([pack], kept_packs / SHADOWS)[0])
        self._shadow_shelf = ShadowShelf(shelf.root)
        self.consumed = consumed
        self.committed = consumed
        self._found = _Found()
        self._digest = hashlib.sha256()
        self._committed_at = time.monotonic()
        self.snapshot_seq = -1
        self.transitions = 0
        self._regain()

    # ------------------------------------------------------------------ state
    def _regain(self) -> None:
        for snapshot in self._shelf.usable(at_most=self.consumed):
            try:
                self.judge.regain(snapshot)
            except TocsinError as error:
                self._shelf.refused.append(f"snapshot at {snapshot.seq}: {error}")
                continue
            self.snapshot_seq = snapshot.seq
            self._regain_shadows(snapshot.seq)
            return

    def _regain_shadows(self, seq: int) -> None:
        """Where their part is damaged they begin anew, by the next RULES record; nobody is warned by them anyhow."""
        try:
            parts = self._shadow_shelf.read(seq)
        except TocsinError as error:
            self._shelf.refused.append(str(error))
            return
        self.shadows.regain(parts, self.engine.catalogue, seq)

    @property
    def engine(self) -> Engine:
        """The engine at this place of the log."""
        return self.judge.engine

    @property
    def packs(self) -> tuple[PackInForce, ...]:
        """The packs in force here."""
        return self.judge.packs

    @property
    def settled(self) -> int:
        """The record before which nothing is left to record: what gave nothing waits for no commit but for the mark."""
        return self.committed if self._found else self.judge.next_seq

    def save(self) -> None:
        """Commit, then write a snapshot; so a snapshot is never ahead of the database."""
        self.commit()
        self.write_snapshot()
        self.snapshot_seq = self.judge.next_seq

    def write_snapshot(self) -> None:
        """Write the state as it is here; only right after a commit (a forked child has nothing else to do)."""
        self._shadow_shelf.write(self.judge.next_seq, self.shadows.state())
        self._shelf.write(self.judge.snapshot())

    # ------------------------------------------------------------------ feeding
    def feed(self, record: Record) -> None:
        """Evaluate one record and keep what it gave until ``commit``."""
        transitions, changes = self.judge.feed(record)
        of_shadows, began = self.shadows.feed(record, self.engine.catalogue)
        if record.seq >= self.consumed:
            self._keep(record, transitions, changes)
            for shadow, found in of_shadows.items():
                self._found.of_shadows.setdefault(shadow, []).extend(found)
            self._found.shadows_began |= began

    def _keep(self, record: Record, transitions: list[Transition], changes: list[EventChange]) -> None:
        self._found.transitions += transitions
        self._found.event_changes += changes
        self.transitions += len(transitions)
        if record.kind is RecordKind.CATALOGUE:
            self._found.catalogues.append(record)
        _digest_into(self._digest, record)

    # ------------------------------------------------------------------ the database
    def commit_if_due(self) -> None:
        """Commit at once what was found; mere progress once a second."""
        if self._found or time.monotonic() - self._committed_at >= IDLE_COMMIT_S:
            self.commit()

    def commit(self) -> None:
        """One transaction: catalogue rows, signals, events, outbox, ledger root and how far we are."""
        if self.judge.next_seq <= self.committed:
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
                consumed_seq=self.judge.next_seq - 1,
                log_digest=self._digest.hexdigest(),
                actor=ACTOR,
                now=now,
            )
            shadow_services.record(found.of_shadows, found.shadows_began)
        self.committed = self.consumed = self.judge.next_seq
        self._found, self._digest = _Found(), hashlib.sha256()
        self._committed_at = time.monotonic()


def _digest_into(digest: hashlib._Hash, record: Record) -> None:
    digest.update(f"{record.seq} {record.kind} {record.at_us}\n".encode())
    if record.batch is None:
        digest.update(record.body)
        return
    for name in ("stream", "observed_at", "value", "quality", "received_at"):  # issued_at has no dense form
        column = record.batch.column(name)
        dense = column.cast("int64") if name.endswith("_at") else column
        digest.update(memoryview(dense.to_numpy()))
