"""What was said provisionally in a replay, and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tocsin.app.replay.run import Replayed
from tocsin.terms.signal import Change, Transition

__all__ = ["Ahead", "ahead"]


@dataclass(frozen=True, slots=True)
class Ahead:
    """One rule: how many signals were raised provisionally, how many of them the late data confirmed as said, amended (another
    level) or retracted; ``open`` are not decided yet."""

    rule: str
    raised: int
    confirmed: int
    amended: int
    retracted: int

    @property
    def open(self) -> int:
        """Raised, and neither confirmed nor retracted when the replay ended."""
        return self.raised - self.confirmed - self.amended - self.retracted


def ahead(run: Replayed) -> list[Ahead]:
    """By rule, in order of name; rules that said nothing ahead are left out."""
    raised = Counter(t.rule for t in run.said if t.change is Change.RAISED)
    retracted = Counter(t.rule for t in run.said if t.change is Change.RETRACTED and not t.level)
    settled = [t for t in run.transitions if t.change is Change.RAISED and t.episode]
    confirmed = Counter(t.rule for t in settled if _as_said(t))
    amended = Counter(t.rule for t in settled if not _as_said(t))
    return [Ahead(rule, raised[rule], confirmed[rule], amended[rule], retracted[rule]) for rule in sorted(raised)]


def _as_said(raised: Transition) -> bool:
    return raised.amends == raised.level
