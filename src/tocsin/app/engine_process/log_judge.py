"""The log judged: engine and grouper, fed record by record, under the packs that the log itself puts in force.

What comes out is a function of the log and the facilities alone, however records are batched; so a live engine, one
that starts again, and `tocsin replay LOG` say the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from tocsin.app.engine_process.snapshots import PackInForce, Snapshot, packs_of
from tocsin.app.engine_process.standing_places import PlaceBook
from tocsin.app.engine_process.withdrawal import withdrawn
from tocsin.engine.event_change import EventChange
from tocsin.engine.grouping import Grouper, no_data_rules
from tocsin.engine.hazard import Facility
from tocsin.engine.language import joint, tree
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.walk import rule_nodes
from tocsin.engine.provisional.engine import ProvisionalEngine
from tocsin.engine.runner import Engine
from tocsin.packkit import Pack
from tocsin.terms.errors import UnknownName
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Subject, Transition

__all__ = ["LogJudge"]

FAR_FUTURE_US = 1 << 62

log = logging.getLogger(__name__)

Given = tuple[list[Transition], list[EventChange]]


class LogJudge:
    """Engine (with what it says provisionally) and grouper after all records before ``next_seq``.

    ``load`` finds the packs that a RULES record names; ``begin_with`` are in force before any such record, ``loaded``
    those in force now. ``damaged_records`` counts records that the log could not give."""

    def __init__(
        self,
        load: Callable[[Sequence[PackInForce]], list[Pack]],
        facilities: Sequence[Facility],
        *,
        begin_with: Sequence[Pack] = (),
    ) -> None:
        self._load, self._facilities = load, tuple(facilities)
        self.packs: tuple[PackInForce, ...] = ()
        self.loaded = list(begin_with)
        self.damaged_records = 0
        self._judging, self.grouper = ProvisionalEngine(_rules(begin_with)), self._grouper(begin_with, None)
        self._open_places()

    @property
    def next_seq(self) -> int:
        """The record it waits for."""
        return self._judging.next_seq

    @property
    def engine(self) -> Engine:
        """The final engine."""
        return self._judging.final

    def regain(self, snapshot: Snapshot) -> None:
        """Go to where a snapshot was taken. Raises TocsinError, and then nothing has changed."""
        loaded = self._load(snapshot.packs)
        judging = ProvisionalEngine.restore(_rules(loaded), snapshot.engine)
        grouper = self._grouper(loaded, snapshot.grouper)
        self._judging, self.grouper, self.packs, self.loaded = judging, grouper, snapshot.packs, loaded
        self._open_places()

    def snapshot(self) -> Snapshot:
        """All of the state."""
        return Snapshot(self.next_seq, self.packs, self._judging.snapshot(), self.grouper.snapshot())

    def feed(self, record: Record) -> Given:
        """What a record gives: transitions of signals and changes of events."""
        if record.seq > self.next_seq:  # a damaged stretch of the log: said loudly, never guessed at
            self.damaged_records += record.seq - self.next_seq
            log.error("records %s to %s of the log are damaged and were left out", self.next_seq, record.seq - 1)
            self._judging.next_seq = record.seq
        transitions = self._judging.feed(record)
        changes: list[EventChange] = []
        if record.kind is RecordKind.RULES:
            transitions, changes = self._put_in_force(packs_of(record.body), record)
        elif record.kind is RecordKind.CATALOGUE:
            self._open_places()
        if transitions and record.kind is not RecordKind.RULES:
            changes = list(self.grouper.feed(transitions, self._places))
        if record.kind is RecordKind.TICK:
            changes += self.grouper.advance(record.at_us, seq=record.seq)
        return transitions, changes

    def needs_ticks(self) -> bool:
        """Whether anything waits for time alone: silence, areas, joint rules, lateness, or an event that may end."""
        sources = self.engine.catalogue.sources.values()
        return (
            any(source.lateness_s for source in sources)
            or any(
                isinstance(node, tree.Silent | tree.AreaNumber | joint.JointTruth | joint.JointNumber)
                for rule in self.engine.rules
                for node in rule_nodes(rule)
            )
            or bool(self.grouper.live)
        )

    def _put_in_force(self, packs: tuple[PackInForce, ...], record: Record) -> Given:
        """Other rules from here on: those that did not change keep their state, signals of the others end."""
        loaded = self._load(packs)
        old, rules = self._judging, _rules(loaded)
        ended = withdrawn(old, rules, record)
        changes = list(self.grouper.feed(ended, self._places))
        self._judging, self.packs, self.loaded = ProvisionalEngine.restore(rules, old.snapshot()), packs, loaded
        try:
            self.grouper = self._grouper(loaded, self.grouper.snapshot())
        except UnknownName:  # an event of a hazard that nobody declares any more: let what is quiet end now
            changes += self.grouper.advance(FAR_FUTURE_US, seq=record.seq)
            self.grouper = self._grouper(loaded, self.grouper.snapshot())
        self._open_places()
        log.info("packs in force from record %s: %s", record.seq, ", ".join(f"{p.name} {p.version}" for p in packs))
        return ended, changes

    def _grouper(self, packs: Sequence[Pack], state: bytes | None) -> Grouper:
        hazards = {code: spec for pack in packs for code, spec in pack.borrowed.items()}
        hazards |= {
            code: spec for pack in packs for code, spec in pack.hazards.items()
        }  # whose own they are has the last word
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


def _rules(packs: Sequence[Pack]) -> list[Rule]:
    return [rule for pack in packs for rule in pack.rules]
