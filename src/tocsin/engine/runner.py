"""The engine: records in, transitions out. A pure, deterministic function of the log (engine.md).

    ordering (per stream)  ->  groups (shared windows)  ->  judges (ladders)  ->  transitions
                                   |-> silence edges, sister pairs, area instants
    transitions, reports, bulletins  ->  second stage (joint/): what they say together, judged at ticks

Final judgement only: with lateness 0 at once, with lateness above 0 when the stream's frontier has passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tocsin.engine.budget import refuse_above
from tocsin.engine.edges import AreaJury, PairRows, SilenceRows
from tocsin.engine.group import Group, GroupRows, Selector
from tocsin.engine.joint.stage import JointStage
from tocsin.engine.judge import Changes, Judge, check_rule
from tocsin.engine.language import tree
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.walk import nodes as nodes_of
from tocsin.engine.language.walk import rule_nodes
from tocsin.engine.operators.ordering import NEVER, Ordering
from tocsin.engine.operators.pairs import Pairs
from tocsin.engine.operators.silence import Silence
from tocsin.engine.state.frame import pack_state, unpack_state, without_collecting
from tocsin.formats.arrow import values_of
from tocsin.formats.catalogue import catalogue_body, read_catalogue_body, read_kept_catalogue
from tocsin.terms.observation import Quality
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Change, Subject, Transition
from tocsin.terms.stream import Catalogue

__all__ = ["Counters", "Engine"]

Array = np.ndarray
PIECE = 16_000  # rows judged at a time: their columns are just small enough to come from memory that is used again
Rows = tuple[Array, Array, Array]


@dataclass(slots=True)
class Counters:
    """Per stream (by catalogue index): what the engine did with its observations."""

    accepted: Array
    late: Array
    duplicate: Array
    missing: Array
    newest_us: Array  # newest accepted observed_at; NEVER = none yet


class Engine:
    """Rules over a catalogue. ``feed`` records in log order; the transitions of one record are sorted by moment, rule
    and subject. Equal logs give equal transitions however they are cut into records; ``next_seq`` is the next it expects.
    """

    def __init__(
        self, rules: Sequence[Rule], catalogue: Catalogue | None = None, *, registered_us: int = 0,
        memory_budget: int | None = None,
    ) -> None:  # fmt: skip
        """``registered_us``: when the given catalogue was registered (0 = not known: a stream that never reported is
        then not called silent). ``memory_budget``: bytes that the rules may need over this catalogue once windows are full.
        Raises ValueError for a rule that mixes what cannot be mixed, TooBig above the budget."""
        if memory_budget is not None and catalogue is not None:
            refuse_above(memory_budget, rules, catalogue)
        self.rules = tuple(rules)
        self.catalogue = Catalogue()
        self.next_seq = 0
        self.ordering = Ordering()
        self._area_idle = np.zeros(0, np.int64)
        self._registered = np.zeros(0, np.int64)
        self._missing = np.zeros(0, np.int64)
        self.tick_us = NEVER
        self._groups: dict[Selector, Group] = {}
        self._group_of: dict[str, Group] = {}
        self._judges: dict[str, Judge] = {}
        self._stream_rules: dict[Selector, list[Rule]] = {}
        self._silence: dict[str, Silence] = {}
        self._pairs: dict[str, tuple[Pairs, Array, str]] = {}
        self._juries: dict[str, AreaJury] = {}
        self._joint = JointStage()
        for rule in self.rules:
            self._add(rule)
        self.set_catalogue(catalogue or Catalogue(), registered_us)

    # ------------------------------------------------------------------ building
    def _add(self, rule: Rule) -> None:
        if rule.name in self._judges:
            raise ValueError(f"two rules are called {rule.name}")
        how = check_rule(rule)
        select: Selector = tuple(sorted((name, tuple(values)) for name, values in rule.select.items()))
        self._judges[rule.name] = Judge(rule)
        if how == "joint":  # looks at signals: it has no rows of its own
            self._group_of[rule.name] = Group(select)
            self._joint.add(rule, self._judges[rule.name])
            return
        group = self._groups.setdefault(select, Group(select))
        self._group_of[rule.name] = group
        nodes = list(rule_nodes(rule))
        if how == "stream":
            self._stream_rules.setdefault(select, []).append(rule)
            self._prepare(group, nodes, rule.coverage)
        elif how == "area":
            functions = [node for node in nodes if isinstance(node, tree.AreaNumber)]
            self._juries[rule.name] = jury = AreaJury(rule, list(dict.fromkeys(functions)))
            for inner in jury.inner:
                self._prepare(group, nodes_of(inner), rule.coverage)
        elif how == "silence":
            limit = next(node.limit_us for node in nodes if isinstance(node, tree.Silent))
            self._silence[rule.name] = Silence(limit)
        else:
            sister = next(node.property for node in nodes if isinstance(node, tree.Sister))
            self._pairs[rule.name] = (Pairs(), np.zeros(0, np.int64), sister)

    @staticmethod
    def _prepare(group: Group, nodes: Iterable[object], coverage: float) -> None:
        for node in nodes:
            group.prepare(node, coverage)

    def set_catalogue(self, catalogue: Catalogue, at_us: int = 0) -> None:
        """Follow a changed catalogue (normally through a catalogue record): no state is lost."""
        old = len(self.catalogue)
        self.catalogue = catalogue
        more = len(catalogue) - old
        of = {
            name: (round(each.lateness_s * 1e6), round(each.delay_s * 1e6)) for name, each in catalogue.sources.items()
        }
        times = np.array([of[stream.source] for stream in catalogue.streams], np.int64).reshape(-1, 2)
        lateness, delay = np.ascontiguousarray(times[:, 0]), np.ascontiguousarray(times[:, 1])
        cadence = np.array([round(stream.cadence_s * 1e6) for stream in catalogue.streams], np.int64)
        self.ordering.grow(lateness, lateness + delay + cadence)
        self._area_idle = lateness + delay + 2 * cadence
        registered = np.full(more, at_us if at_us > 0 else NEVER, np.int64)
        self._registered = np.concatenate([self._registered, registered])
        self._missing = np.concatenate([self._missing, np.zeros(more, np.int64)])
        for group in self._groups.values():
            group.update(catalogue)
        for rule in self.rules:
            if rule.name in self._joint.judges:
                continue
            group = self._group_of[rule.name]
            slots = len(group.members)
            if rule.name in self._silence:
                members = group.members
                self._silence[rule.name].grow(delay[members], lateness[members], self._registered[members])
            elif rule.name in self._pairs:
                pairs, _, sister = self._pairs[rule.name]
                pairs.grow(slots)
                self._pairs[rule.name] = (pairs, _sister_map(catalogue, group, sister), sister)
            elif rule.name in self._juries:
                self._juries[rule.name].update(group)
                slots = len(self._juries[rule.name].areas)
            self._judges[rule.name].ladder.grow(slots)
        if self._joint:
            self._joint.update(self.rules, catalogue)

    # ------------------------------------------------------------------ running
    def feed(self, record: Record) -> list[Transition]:
        """Transitions that a record makes known. Raises ValueError when a record is skipped or comes twice."""
        return self._transitions(self.feed_columns(record), record.seq)

    def feed_columns(self, record: Record) -> list[Changes]:
        """The same as columns, one entry or more a rule that changed something."""
        if record.seq != self.next_seq:
            raise ValueError(f"engine expects record {self.next_seq}, got {record.seq}")
        self.next_seq += 1
        changes = self._first_stage(record)
        return changes + self._joint.take(record, changes, self.subject) if self._joint else changes

    def _first_stage(self, record: Record) -> list[Changes]:
        match record.kind:
            case RecordKind.OBSERVATIONS:
                assert record.batch is not None  # noqa: S101 - the log gives one to every such record
                return self._observe(record.batch)
            case RecordKind.TICK:
                return self._tick(record.at_us)
            case RecordKind.CATALOGUE:
                self.set_catalogue(self.catalogue.with_changes(*read_catalogue_body(record.body)), record.at_us)
        return []

    def finish(self, at_us: int) -> list[Transition]:
        """End of a recorded file: judge what lateness still holds back, then silence and areas up to ``at_us``."""
        return self._transitions(self.finish_columns(at_us), self.next_seq)

    def finish_columns(self, at_us: int) -> list[Changes]:
        """``finish`` as columns. The engine may be fed on, but what was held back is no longer in any order but this."""
        rows = self.ordering.release_idle(np.iinfo(np.int64).max // 2)
        changes = self._judge(rows)
        changes += self._silences(at_us, final=True)
        changes += self._areas(np.iinfo(np.int64).max // 2)
        return changes + self._joint.finish(at_us, changes, self.subject) if self._joint else changes

    def _observe(self, batch: Any) -> list[Changes]:
        stream, time, value, quality = (
            values_of(batch, name) for name in ("stream", "observed_at", "value", "quality")
        )
        missing = quality == int(Quality.MISSING)
        if missing.any():
            np.add.at(self._missing, stream[missing], 1)
            good = ~missing
            stream, time, value = stream[good], time[good], value[good]
        return self._judge(self.ordering.accept(stream, time, value))

    def _tick(self, now: int) -> list[Changes]:
        if now < self.tick_us:  # ticks are monotone; a tick from a clock that stepped back says nothing new
            return []
        self.tick_us = now
        changes = self._judge(self.ordering.release_idle(now))
        changes += self._silences(now)
        changes += self._areas(now)
        return changes

    def _judge(self, rows: Rows) -> list[Changes]:
        """Rows ready to be judged: streams grouped, each in time order. Taken in pieces that stay in the processor's cache."""
        stream, t, v = rows
        if len(stream) == 0:
            return []
        out: list[Changes | None] = []
        for group in self._groups.values():
            own = group.rows(stream, t, v)
            pairs = [rule for rule in self.rules if rule.name in self._pairs and self._group_of[rule.name] is group]
            out += [self._judge_pairs(rule, group, rows, own) for rule in pairs]
            for at in range(0, len(own[0]), PIECE):
                slot, gt, gv = (column[at : at + PIECE] for column in own)
                out += self._judge_piece(group, slot, gt, gv)
        return [changes for changes in out if changes is not None]

    def _judge_piece(self, group: Group, slot: Array, t: Array, v: Array) -> list[Changes | None]:
        columns = GroupRows(group, slot, t, v)
        out = [self._judges[rule.name].run(columns, slot, t) for rule in self._stream_rules.get(group.select, ())]
        for name, silence in self._silence.items():
            if self._group_of[name] is group:
                out.append(self._judge_silence(name, group, silence.rows(slot, t, v)))
        for name, jury in self._juries.items():
            if self._group_of[name] is group:
                jury.submit(columns)
        return out

    def _judge_silence(self, name: str, group: Group, edges: tuple[Array, ...]) -> Changes | None:
        slot, t, on, value, gap = edges
        return self._judges[name].run(SilenceRows(group, slot, on, value, gap), slot, t)

    def _judge_pairs(self, rule: Rule, group: Group, everyone: Rows, own: Rows) -> Changes | None:
        pairs, sister_slot, _ = self._pairs[rule.name]
        stream, t, v = everyone
        slot_b = sister_slot[stream]
        is_b = slot_b >= 0
        slot, when, a, b = pairs.run(own[0].astype(np.int64), own[1], own[2], slot_b[is_b], t[is_b], v[is_b])
        return self._judges[rule.name].run(PairRows(group, slot, a, b), slot, when)

    def _silences(self, now: int, *, final: bool = False) -> list[Changes]:
        out = []
        for name, silence in self._silence.items():
            group = self._group_of[name]
            edges = silence.tick(now, self.ordering.newest[group.members], final=final)
            out.append(self._judge_silence(name, group, edges))
        return [changes for changes in out if changes is not None]

    def _areas(self, now: int) -> list[Changes]:
        out = []
        for name, jury in self._juries.items():
            columns, area, t = jury.judge_rows(
                now, self.ordering.newest, self.ordering.lateness, self._area_idle, self._judges[name].ladder
            )
            out.append(self._judges[name].run(columns, area, t))
        return [changes for changes in out if changes is not None]

    def _transitions(self, changes: list[Changes], seq: int) -> list[Transition]:
        out = [transition for change in changes for transition in self._expand(change, seq)]
        out.sort(key=lambda x: (x.at_us, x.rule, str(x.subject)))
        return out

    def _expand(self, changes: Changes, seq: int) -> Iterator[Transition]:
        rule = changes.rule
        for k in range(len(changes.slot)):
            before, after = int(changes.before[k]), int(changes.after[k])
            kind = Change.RAISED if before == 0 else Change.CLEARED if after == 0 else Change.CHANGED
            yield Transition(
                rule.name, rule.version, rule.hazard, self.subject(rule, int(changes.slot[k])), kind, after, before,
                int(changes.at[k]), int(changes.onset[k]), seq, rule.quality, changes.evidence(k),
            )  # fmt: skip

    def subject(self, rule: Rule, slot: int) -> Subject:
        """The stream or area that a rule calls by this slot."""
        if rule.name in self._joint.judges:
            return self._joint.subject(rule.name, slot)
        if rule.name in self._juries:
            return Subject(rule.per, self._juries[rule.name].areas[slot])
        return Subject("stream", self._group_of[rule.name].streams[slot].id)

    # ------------------------------------------------------------------ looking and keeping
    @property
    def counters(self) -> Counters:
        """Counts since the start, per stream."""
        return Counters(
            self.ordering.accepted, self.ordering.late, self.ordering.duplicate, self._missing, self.ordering.newest
        )

    def standing(self, rule_name: str) -> dict[str, int]:
        """Subject -> present rank, for every subject of a rule that has one above 0."""
        judge = self._judges[rule_name]
        return {
            str(self.subject(judge.rule, int(slot))): int(judge.ladder.level[slot])
            for slot in np.flatnonzero(judge.ladder.level)
        }

    def snapshot(self) -> bytes:
        """Everything needed to go on from ``next_seq``: catalogue, order, windows, ladders; checksummed."""
        arrays: dict[str, Array] = {
            "engine/registered": self._registered, "engine/missing": self._missing,
        }  # fmt: skip
        arrays |= {f"ordering/{name}": array for name, array in self.ordering.state().items()}
        for select, group in self._groups.items():
            for part, state in group.state().items():
                arrays |= {f"group/{select!r}/{part}/{name}": array for name, array in state.items()}
        for name, judge in self._judges.items():
            arrays |= {f"rule/{name}/ladder/{key}": array for key, array in judge.ladder.state().items()}
            for part, state in self._own_state(name).items():
                arrays |= {f"rule/{name}/{part}/{key}": array for key, array in state.items()}
        header = {
            "next_seq": self.next_seq, "tick_us": int(self.tick_us),
            "catalogue": catalogue_body(self.catalogue.sources.values(), self.catalogue.streams).decode(),
            "version": self.catalogue.version, "rules": {name: judge.digest for name, judge in self._judges.items()},
            "joint": self._joint.state(),
        }  # fmt: skip
        return pack_state(header, arrays)

    def _own_state(self, name: str) -> dict[str, dict[str, Array]]:
        if name in self._silence:
            return {"silence": self._silence[name].state()}
        if name in self._pairs:
            return {"pairs": self._pairs[name][0].state()}
        return self._juries[name].state() if name in self._juries else {}

    @classmethod
    @without_collecting()
    def restore(cls, rules: Sequence[Rule], data: bytes, *, memory_budget: int | None = None) -> Engine:
        """The engine as it was. Rules that changed their meaning start anew, all others keep their state.

        Raises Damaged when the bytes fail their check or come from another format, TooBig above the budget.
        """
        header, arrays = unpack_state(data)
        sources, streams = read_kept_catalogue(header["catalogue"].encode())
        catalogue = Catalogue(sources, streams, header["version"])
        if memory_budget is not None:
            refuse_above(memory_budget, rules, catalogue)
        engine = cls(rules)
        engine.set_catalogue(catalogue)
        engine.next_seq, engine.tick_us = header["next_seq"], header["tick_us"]
        nested = _nest(arrays)
        engine._registered = nested["engine"]["registered"].copy()
        engine._missing = nested["engine"]["missing"].copy()
        engine.ordering.load(nested["ordering"])
        for select, group in engine._groups.items():
            saved = nested.get("group", {}).get(repr(select))
            if saved is not None and np.array_equal(saved["members"]["members"], group.members):
                group.load(saved)
        for name, judge in engine._judges.items():
            if header["rules"].get(name) == judge.digest:
                engine._load_rule(name, judge, nested["rule"][name])
        engine._load_joint(header)
        return engine

    def _load_joint(self, header: dict[str, Any]) -> None:
        """Joint rules that mean what they meant; signals of a rule that does not are over."""
        same = {name for name, judge in self._judges.items() if header["rules"].get(name) == judge.digest}
        for name, judge in self._joint.judges.items():
            if name in same:
                judge.load(header["joint"][name])
                for other in sorted(judge.rules - same):
                    judge.end_rule(other)

    def _load_rule(self, name: str, judge: Judge, saved: dict[str, Any]) -> None:
        judge.ladder.load(saved["ladder"])
        if name in self._silence:
            self._silence[name].load(saved["silence"])
        elif name in self._pairs:
            self._pairs[name][0].load(saved["pairs"])
        elif name in self._juries:
            self._juries[name].load(saved)


def _sister_map(catalogue: Catalogue, group: Group, sister: str) -> Array:
    """Catalogue index of a sister stream -> slot of the stream it belongs to (same feature), else -1."""
    slot_of_feature = {stream.feature: slot for slot, stream in enumerate(group.streams)}
    return np.array(
        [slot_of_feature.get(stream.feature, -1) if stream.property == sister else -1 for stream in catalogue.streams],
        np.int64,
    )


def _nest(arrays: dict[str, Array]) -> dict[str, Any]:
    """``rule/a/ladder/level`` -> nested dicts. A rule's name and a selector hold a slash, so parts are cut from the right."""
    out: dict[str, Any] = {}
    for path, array in arrays.items():
        top, rest = path.split("/", 1)
        if top in ("engine", "ordering"):
            out.setdefault(top, {})[rest] = array
            continue
        name, part, key = rest.rsplit("/", 2)
        out.setdefault(top, {}).setdefault(name, {}).setdefault(part, {})[key] = array
    return out
