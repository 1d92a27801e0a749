"""The leading engine: the same rules over what has arrived, as if every source declared lateness 0.

Beside the final engine it runs the rules that wait for late data, and only over the streams that those rules look at. A row
older than its stream's newest is left to the final engine; what the leading one thereby lacks it gets back when it is
brought level (``catch_up``): the final engine's state, and on top of it the rows that wait there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tocsin.engine.judge import Changes, check_rule
from tocsin.engine.language.rule import Rule
from tocsin.engine.runner import Engine
from tocsin.terms.record import Record
from tocsin.terms.stream import Catalogue

__all__ = ["Leading", "Reach", "judged_until", "reach_of"]

Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one rule: how it is judged, how far behind its newest data each slot's may still come in (us; 0 = this slot is never
    provisional), and the streams (catalogue indices) it looks at."""

    how: str
    awaited: Array
    streams: Array


class Leading(Engine):
    """An engine that waits for nothing. ``feed_columns`` as the engine's, of the streams in ``wanted`` only."""

    def __init__(self, rules: Sequence[Rule], catalogue: Catalogue | None = None, *, registered_us: int = 0) -> None:
        self.wanted = np.zeros(0, np.bool_)
        super().__init__(rules, catalogue, registered_us=registered_us)

    def set_catalogue(self, catalogue: Catalogue, at_us: int = 0) -> None:
        """Follow a changed catalogue, every lateness taken as 0."""
        at_once = [replace(source, lateness_s=0.0) for source in catalogue.sources.values()]
        super().set_catalogue(Catalogue(at_once, catalogue.streams, catalogue.version), at_us)
        more = len(catalogue) - len(self.wanted)
        self.wanted = np.concatenate([self.wanted, np.ones(more, np.bool_)])

    def feed_columns(self, record: Record) -> list[Changes]:
        """What the record makes known where nothing is waited for."""
        if record.batch is not None and not self.wanted.all():
            chosen = self.wanted[record.batch.column("stream").to_numpy()]
            if not chosen.all():
                record = replace(record, batch=record.batch.filter(chosen))
        return super().feed_columns(record)

    def lacks(self, final: Engine) -> bool:
        """Whether ``final`` took rows that came too late for this one."""
        mine, its = self.ordering, final.ordering
        refused = (mine.late + mine.duplicate)[self.wanted].sum() - (its.late + its.duplicate)[self.wanted].sum()
        return bool(refused > 0) or any(
            jury.stage.late.sum() > final._juries[name].stage.late.sum() for name, jury in self._juries.items()
        )

    def catch_up(self, final: Engine, now_us: int) -> list[Changes]:
        """Stand where ``final`` stands, then judge what waits there. The changes are those from the final standing on."""
        self._stand_at(final)
        changes = self._judge(self.ordering.release_idle(np.iinfo(np.int64).max // 2))
        return changes + self._silences(now_us) + self._areas(now_us)

    def _stand_at(self, final: Engine) -> None:
        self.next_seq, self.tick_us = final.next_seq, final.tick_us
        self._registered = final._registered.copy()
        self.ordering.load(final.ordering.state())
        for select, group in self._groups.items():
            group.load(final._groups[select].state())
        for name, judge in self._judges.items():
            self._load_rule(name, judge, {"ladder": final._judges[name].ladder.state(), **final._own_state(name)})


def reach_of(engine: Engine, rule: Rule) -> Reach:
    """How far a rule's subjects wait for late data in ``engine``; of a kind of rule that has no leading form, nowhere."""
    how = check_rule(rule)
    if how not in ("stream", "silence", "pair", "area"):  # a second stage judges what is final
        return Reach(how, np.zeros(0, np.int64), np.zeros(0, np.int64))
    group = engine._group_of[rule.name]
    lateness = engine.ordering.lateness
    own = lateness[group.members]
    if how in ("stream", "silence"):
        return Reach(how, own, group.members[own > 0])
    if how == "pair":
        _, sister_slot, _ = engine._pairs[rule.name]
        sisters = np.flatnonzero(sister_slot >= 0)
        awaited = own.copy()
        np.maximum.at(awaited, sister_slot[sisters], lateness[sisters])
        return Reach(how, awaited, np.union1d(group.members, sisters))
    jury = engine._juries[rule.name]
    awaited = np.zeros(len(jury.areas), np.int64)
    inside = jury.stage.area_of >= 0
    np.maximum.at(awaited, jury.stage.area_of[inside], own[inside])
    return Reach(how, awaited, group.members)


def judged_until(engine: Engine, rule: Rule, how: str) -> Array:
    """By slot: the moment up to which the final engine has judged; what was said of an earlier one is settled."""
    group = engine._group_of[rule.name]
    if how == "silence":  # whoever was heard after ``last`` was not silent from ``last + limit`` on
        silence = engine._silence[rule.name]
        return np.asarray(silence.last + silence.limit - 1)
    if how == "pair":
        return np.asarray(engine._pairs[rule.name][0].newest.min(axis=0))
    if how == "area":
        return engine._juries[rule.name].stage.judged
    return np.asarray(engine.ordering.released[group.members])
