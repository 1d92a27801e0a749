"""What becomes of signals whose rule is taken back or changed: they end at that record, and say why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tocsin.engine.judge import Judge
from tocsin.engine.language.rule import Rule
from tocsin.engine.provisional.engine import ProvisionalEngine
from tocsin.terms.record import Record
from tocsin.terms.signal import WITHDRAWN, Change, Measure, Transition

__all__ = ["withdrawn"]


def withdrawn(engine: ProvisionalEngine, rules: Sequence[Rule], record: Record) -> list[Transition]:
    """Clearances for every signal raised in ``engine`` by a rule that is not among ``rules`` with the same meaning, and
    retractions of what such a rule said provisionally."""
    kept = {rule.name: Judge(rule).digest for rule in rules}
    ended: list[Transition] = []
    for name, judge in engine.final._judges.items():
        if kept.get(name) != judge.digest:
            ended += engine.end_rule(name, _clearances(engine, judge, record), record.at_us, record.seq)
    return ended


def _clearances(engine: ProvisionalEngine, judge: Judge, record: Record) -> dict[int, Transition]:
    rule, ladder = judge.rule, judge.ladder
    cleared = {}
    for slot in np.flatnonzero(ladder.level).tolist():
        onset = int(ladder.onset[slot])
        cleared[slot] = Transition(
            rule.name, rule.version, rule.hazard, engine.final.subject(rule, slot), Change.CLEARED, 0,
            int(ladder.level[slot]), max(record.at_us, onset), onset, record.seq, rule.quality,
            (Measure(WITHDRAWN, 1.0, "1"),),
        )  # fmt: skip
    return cleared
