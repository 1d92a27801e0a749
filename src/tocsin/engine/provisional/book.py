"""The book of one rule: what was said provisionally of each subject, and what became of it.

One subject has at most one open signal. What is *said* of it stands ahead of what is final until a final transition reaches
it (perhaps with another onset), or until a tick finds its moment judged without one: then it is retracted.
Only upward moves are said ahead: nobody is told that a danger is over before all data are in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from tocsin.engine.language.rule import Rule
from tocsin.engine.operators.ordering import NEVER
from tocsin.terms.ids import episode_id
from tocsin.terms.signal import Change, Finality, Measure, Subject, Transition

__all__ = ["Book"]

Array = np.ndarray
_COLUMNS = (
    ("level", np.int8, 0), ("onset", np.int64, NEVER), ("said", np.int8, 0), ("said_at", np.int64, NEVER),
    ("lead", np.int8, 0), ("lead_at", np.int64, NEVER), ("lead_onset", np.int64, NEVER), ("fresh", np.bool_, False),
    ("number", np.int32, 0), ("episode_onset", np.int64, NEVER),
)  # fmt: skip


class Book:
    """By slot of a rule. ``level``/``onset``: final rank and onset. ``said``/``said_at``: rank said ahead (0 = nothing) and
    the moment that must be judged for it. ``lead*``: where the leading engine stands; ``fresh``: that is a later signal than
    the open one. ``number``: provisional signals so far; ``episode_onset``: NEVER = the open signal has no episode."""

    level: Array
    onset: Array
    said: Array
    said_at: Array
    lead: Array
    lead_at: Array
    lead_onset: Array
    fresh: Array
    number: Array
    episode_onset: Array

    def __init__(self, rule: Rule, digest: str, subject: Callable[[int], Subject]) -> None:
        self.rule, self.digest, self._subject = rule, digest, subject
        self.awaited = np.zeros(0, np.int64)
        self._unsaid: dict[int, tuple[Measure, ...]] = {}  # evidence of a lead that may still have to be said
        for name, kind, _ in _COLUMNS:
            setattr(self, name, np.zeros(0, kind))

    def grow(self, awaited: Array) -> None:
        """Room for more slots; how long each one's late data are awaited (us, 0 = nothing is said ahead of it)."""
        more = len(awaited) - len(self.level)
        self.awaited = awaited
        for name, kind, fill in _COLUMNS:
            setattr(self, name, np.concatenate([getattr(self, name), np.full(more, fill, kind)]))

    # ---------------------------------------------------------------- what the two engines say
    def judge(self, slot: int, final: Transition) -> Iterator[Transition]:
        """A final transition, after what it settles. The open signal keeps the name under which it was first said."""
        if final.change is Change.CLEARED:
            yield from self.settle(slot, final.seq, final.at_us)
        said = int(self.said[slot])
        settles = said if 0 < said <= final.level else 0
        episode = self._episode(slot)
        if episode:
            final = replace(final, episode=episode, amends=settles, awaited_us=int(self.awaited[slot]))
        elif settles:
            final = replace(final, amends=settles, awaited_us=int(self.awaited[slot]))
        yield final
        self.level[slot], self.onset[slot] = final.level, final.onset_us
        if settles:
            self.said[slot] = 0
        if final.level == 0:
            self._close(slot)

    def settle(self, slot: int, seq: int, at_us: int) -> Iterator[Transition]:
        """Take back what was said above the final level, if anything was."""
        said, level = int(self.said[slot]), int(self.level[slot])
        if said <= level:
            return
        yield self._told(slot, Change.RETRACTED, level, said, at_us, seq, ())
        self.said[slot] = 0
        if level == 0:
            self._close(slot)

    def follow(
        self, slot: int, level: int, at_us: int, onset_us: int, evidence: Callable[[], tuple[Measure, ...]]
    ) -> None:
        """The leading engine moved."""
        if level == 0 and (self.level[slot] or self.said[slot]):
            self.fresh[slot] = True
        self.lead[slot], self.lead_at[slot], self.lead_onset[slot] = level, at_us, onset_us
        if level > max(self.level[slot], self.said[slot]):
            self._unsaid[slot] = evidence()
        else:
            self._unsaid.pop(slot, None)

    def say(self, slot: int, judged_us: int, seq: int) -> Iterator[Transition]:
        """Say what the leading engine knows above all that was said, unless the final one has judged that moment."""
        ahead, known = int(self.lead[slot]), max(int(self.level[slot]), int(self.said[slot]))
        if ahead <= known or self.lead_at[slot] <= judged_us or (known and self.fresh[slot]):
            return
        if known == 0:
            self.number[slot] += 1
            self.episode_onset[slot], self.fresh[slot] = self.lead_onset[slot], False
        self.said[slot], self.said_at[slot] = ahead, self.lead_at[slot]
        change = Change.CHANGED if known else Change.RAISED
        yield self._told(slot, change, ahead, known, int(self.lead_at[slot]), seq, self._unsaid.pop(slot, ()))

    def level_with(self, slot: int, moves: list[tuple[int, int]]) -> None:
        """The leading engine was brought level and judged anew: the rank and moment of each move from the final standing on.
        What was said is of the first of them that reaches it."""
        for level, at_us in moves:
            if self.said[slot] and level >= self.said[slot]:
                self.said_at[slot] = at_us
                return

    def begin_level(self) -> None:
        """Forget where the leading engine stood: it stands where the final one does."""
        self.lead[:], self.lead_onset[:], self.lead_at[:] = self.level, self.onset, NEVER
        self.fresh[:] = False
        self._unsaid.clear()

    def open_slots(self) -> Array:
        """Slots at which something is said, or might have to be."""
        return np.flatnonzero((self.said > 0) | (self.lead > np.maximum(self.level, self.said)))

    # ---------------------------------------------------------------- inside
    def _close(self, slot: int) -> None:
        self.episode_onset[slot], self.fresh[slot] = NEVER, False

    def _episode(self, slot: int) -> str:
        onset = int(self.episode_onset[slot])
        if onset == NEVER:
            return ""
        return episode_id(self.rule.name, str(self._subject(slot)), int(self.number[slot]), onset)

    def _told(
        self, slot: int, change: Change, level: int, previous: int, at_us: int, seq: int, evidence: tuple[Measure, ...]
    ) -> Transition:
        rule, settled = self.rule, change is Change.RETRACTED
        onset = int(self.onset[slot]) if self.level[slot] else int(self.episode_onset[slot])
        return Transition(
            rule.name, rule.version, rule.hazard, self._subject(slot), change, level, previous, at_us, onset, seq,
            rule.quality, evidence, Finality.PROVISIONAL, self._episode(slot), previous if settled else 0,
            int(self.awaited[slot]),
        )  # fmt: skip

    # ---------------------------------------------------------------- keeping
    def state(self) -> dict[str, Array]:
        """Arrays by name."""
        unsaid = msgspec.msgpack.encode(sorted(self._unsaid.items()))
        return {name: getattr(self, name) for name, _, _ in _COLUMNS} | {"unsaid": np.frombuffer(unsaid, np.uint8)}

    def load(self, state: dict[str, Array]) -> None:
        """Take over a saved state (after ``grow`` to the same slots)."""
        for name, _, _ in _COLUMNS:
            setattr(self, name, state[name].copy())
        kept: list[tuple[int, Any]] = msgspec.msgpack.decode(
            state["unsaid"].tobytes(), type=list[tuple[int, tuple[Measure, ...]]]
        )
        self._unsaid = dict(kept)
