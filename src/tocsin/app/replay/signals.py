"""Signals as spans: the transitions of each signal folded from onset to clearance."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.terms.signal import Change, Subject, Transition

__all__ = ["SignalSpan", "level_at", "of_rule", "spans"]


@dataclass(frozen=True, slots=True)
class SignalSpan:
    """One signal. ``steps``: (moment us, rank) of each level it took, the first at the onset; ``cleared_us`` None = still
    held when the replay ended."""

    id: str
    rule: str
    hazard: str
    subject: Subject
    quality: bool
    steps: tuple[tuple[int, int], ...]
    cleared_us: int | None
    raised: Transition

    @property
    def onset_us(self) -> int:
        """When it was raised."""
        return self.steps[0][0]

    @property
    def level(self) -> int:
        """The highest rank it took."""
        return max(rank for _, rank in self.steps)

    def first_at(self, rank: int) -> int | None:
        """When it first stood at this rank or above; None if never."""
        return next((at for at, level in self.steps if level >= rank), None)

    def holds_at(self, moment_us: int) -> bool:
        """Raised at or before this moment, and not yet cleared at it."""
        return self.onset_us <= moment_us and (self.cleared_us is None or moment_us < self.cleared_us)


def spans(transitions: Iterable[Transition]) -> list[SignalSpan]:
    """All signals in order of onset. Transitions may come from several records, in any order of record."""
    gathered: dict[str, list[Transition]] = {}
    for transition in transitions:
        gathered.setdefault(transition.signal, []).append(transition)
    out = []
    for id_, parts in gathered.items():
        ordered = sorted(parts, key=lambda t: t.at_us)
        last = ordered[-1]
        cleared = last.at_us if last.change is Change.CLEARED else None
        steps = tuple((t.at_us, t.level) for t in ordered if t.change is not Change.CLEARED)
        first = ordered[0]
        out.append(SignalSpan(id_, first.rule, first.hazard, first.subject, first.quality, steps, cleared, first))
    return sorted(out, key=lambda s: (s.onset_us, s.rule, str(s.subject)))


def of_rule(signals: Iterable[SignalSpan], rule: str) -> dict[str, list[SignalSpan]]:
    """The signals of one rule by the key of their subject, in order of onset."""
    out: dict[str, list[SignalSpan]] = {}
    for signal in signals:
        if signal.rule == rule:
            out.setdefault(signal.subject.key, []).append(signal)
    return out


def level_at(signals: list[SignalSpan], moment_us: int) -> int:
    """The rank in force at a moment (changes at that very moment included) over the signals of one rule and subject."""
    for signal in reversed(signals):
        if signal.holds_at(moment_us):
            at = bisect_right([step for step, _ in signal.steps], moment_us)
            return signal.steps[at - 1][1]
    return 0
