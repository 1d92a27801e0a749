"""What rules said over a history, as columns: who reached which level when. No evidence, no grouping: only what is scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tocsin.engine.language.rule import Rule
from tocsin.terms.level import Scheme
from tocsin.terms.stream import Catalogue

__all__ = ["Judged", "Levels", "joined"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Levels:
    """Level changes of one rule in order of subject and moment, columns of one length: ``subject`` (position in
    ``keys``, which are sorted), ``at`` (us), ``onset`` (us, the signal's first moment), ``rank`` from then on (0 = cleared)."""

    keys: tuple[str, ...]
    subject: Ints
    at: Ints
    onset: Ints
    rank: Ints

    def __len__(self) -> int:
        return len(self.at)

    def stretches(self, rank: int, ended_us: int) -> tuple[Ints, Ints, Ints, Ints]:
        """(subject, start, end, highest rank) of every stretch in which a signal stood at ``rank`` or above; one that still
        stands ends at ``ended_us``."""
        if not len(self):
            return self.subject, self.at, self.at, self.rank
        above = self.rank >= rank
        same = np.zeros(len(self), bool)  # is this row of the signal of the row before?
        same[1:] = (self.subject[1:] == self.subject[:-1]) & (self.onset[1:] == self.onset[:-1])
        starts = np.flatnonzero(above & ~(same & np.roll(above, 1)))
        falls = np.flatnonzero(same & ~above & np.roll(above, 1))
        # the fall that ends a stretch is the first after its start, if it is of the same signal
        nearest = np.searchsorted(falls, starts, side="right")
        fall = np.append(falls, -1)[np.minimum(nearest, len(falls))]
        ends = (fall >= 0) & (self.subject[fall] == self.subject[starts]) & (self.onset[fall] == self.onset[starts])
        end = np.where(ends, self.at[fall], ended_us)
        top = np.maximum.reduceat(self.rank, starts) if len(starts) else self.rank[:0]  # below starts: lower ranks only
        return self.subject[starts], self.at[starts], np.maximum(end, self.at[starts]), top


@dataclass(frozen=True, slots=True)
class Judged:
    """``levels`` by name of rule; rules that said nothing are absent. ``counts``: taken, missing, refused, late,
    duplicate. ``shards``: rows judged by each. ``seconds`` by stage."""

    name: str
    rules: tuple[Rule, ...]
    scheme: Scheme
    catalogue: Catalogue
    levels: Mapping[str, Levels]
    began_us: int
    ended_us: int
    counts: Mapping[str, int]
    shards: tuple[int, ...] = (0,)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def hours(self) -> float:
        """From the first observation to the end."""
        return (self.ended_us - self.began_us) / 3.6e9

    def cut(self, from_us: int, until_us: int) -> Judged:
        """The same judgement seen between two moments: a signal that stood at ``from_us`` is raised there."""
        return Judged(self.name, self.rules, self.scheme, self.catalogue,
                      {name: _cut(levels, from_us, until_us) for name, levels in self.levels.items()},
                      max(self.began_us, from_us), min(self.ended_us, until_us), self.counts, self.shards)  # fmt: skip


def joined(parts: Iterable[Mapping[str, Levels]]) -> dict[str, Levels]:
    """The levels of several shards (no subject in two of them) as those of the whole: same columns, however it was cut."""
    gathered: dict[str, list[Levels]] = {}
    for part in parts:
        for name, levels in part.items():
            gathered.setdefault(name, []).append(levels)
    return {name: _joined(gathered[name]) for name in sorted(gathered)}


def _joined(parts: Sequence[Levels]) -> Levels:
    keys = tuple(sorted({key for part in parts for key in part.keys}))
    place = {key: at for at, key in enumerate(keys)}
    subject = np.concatenate([np.array([place[k] for k in p.keys], np.int64)[p.subject] for p in parts])
    at, onset, rank = (np.concatenate([getattr(part, name) for part in parts]) for name in ("at", "onset", "rank"))
    # stable: a signal's changes at one moment stay in the order in which they were judged
    order = np.lexsort((onset, at, subject))
    return Levels(keys, subject[order], at[order], onset[order], rank[order])


def _cut(levels: Levels, from_us: int, until_us: int) -> Levels:
    """Changes inside [from, until); what stood before is raised at ``from_us``."""
    inside = (levels.at >= from_us) & (levels.at < until_us)
    before = np.flatnonzero(levels.at < from_us)
    last = before[np.append(levels.subject[before][1:] != levels.subject[before][:-1], True)] if len(before) else before
    standing = last[levels.rank[last] > 0]
    at = np.where(np.isin(np.arange(len(levels)), standing), from_us, levels.at)
    keep = inside.copy()
    keep[standing] = True
    return Levels(levels.keys, levels.subject[keep], at[keep], levels.onset[keep], levels.rank[keep])
