"""What becomes of signals whose rule is taken back or changed: they end at that record, and say why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tocsin.engine.judge import Judge
from tocsin.engine.language.rule import Rule
from tocsin.engine.runner import Engine
from tocsin.terms.record import Record
from tocsin.terms.signal import WITHDRAWN, Change, Measure, Transition

__all__ = ["withdrawn"]


def withdrawn(engine: Engine, rules: Sequence[Rule], record: Record) -> list[Transition]:
    """Clearances for every signal raised in ``engine`` by a rule that is not among ``rules`` with the same meaning."""
    kept = {rule.name: Judge(rule).digest for rule in rules}
    ended: list[Transition] = []
    for name, judge in engine._judges.items():
        if kept.get(name) == judge.digest:
            continue
        rule, ladder = judge.rule, judge.ladder
        for slot in np.flatnonzero(ladder.level):
            onset = int(ladder.onset[slot])
            ended.append(
                Transition(
                    rule.name,
                    rule.version,
                    rule.hazard,
                    engine.subject(rule, int(slot)),
                    Change.CLEARED,
                    0,
                    int(ladder.level[slot]),
                    max(record.at_us, onset),
                    onset,
                    record.seq,
                    rule.quality,
                    (Measure(WITHDRAWN, 1.0, "1"),),
                )
            )
    return ended
