"""Memory: rules and streams that would together need more than the deployment has are refused before they come into force,
not found out when the kernel ends the process at three in the night.

The whole judgement reads the catalogue and takes 0.2 s, with 100,000 streams 1.2 s, while every door waits for the log. So a
change of the catalogue adds what its streams may need at most to what was judged last, and only where twice the sum
comes near the budget everything is judged anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence

from tocsin.engine.budget import refuse_above
from tocsin.engine.group import selects
from tocsin.engine.language.rule import Rule
from tocsin.engine.plan_memory import IRREGULAR_US, Load, plan_memory, selector_of
from tocsin.packkit import Pack
from tocsin.terms.stream import Catalogue, Stream

__all__ = ["MemoryBudget"]

_PART = 0.75  # of the machine's memory, where nothing is set: doors and database need some too
_SAMPLE = 1024  # streams over which what an engine has once is shared out
_SAFE = 2  # arrays grow by doubling

_Kind = tuple[frozenset[str], int]  # the rules that judge a stream, its spacing


class MemoryBudget:
    """``megabytes`` (MiB) that rules may need once their windows are full; 0 = three quarters of the machine's memory."""

    def __init__(self, megabytes: int) -> None:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        self.bytes = megabytes << 20 if megabytes else int(machine * _PART)
        self._lock = threading.Lock()  # the log's writer admits, the evaluation renews packs
        self._packs: tuple[str, ...] = ()
        self._at_most = 0  # bytes, of the catalogue that was admitted last
        self._apiece: dict[_Kind, float] = {}

    def require(self, packs: Iterable[Pack], catalogue: Catalogue) -> None:
        """Judge everything. Raises TooBig, naming the part that needs most."""
        with self._lock:
            self._judge(tuple(packs), catalogue)

    def admit(self, packs: Iterable[Pack], changed: Iterable[Stream], catalogue: Catalogue) -> None:
        """Judge a catalogue of which all but ``changed`` was admitted before. Raises as ``require``."""
        packs = tuple(packs)
        with self._lock:
            if self._packs == _names(packs):
                rules = [rule for pack in packs for rule in pack.rules]
                at_most = self._at_most + sum(self._bytes_of(stream, rules) for stream in changed)
                if _SAFE * at_most <= self.bytes:
                    self._at_most = round(at_most)
                    return
            self._judge(packs, catalogue)

    def _judge(self, packs: tuple[Pack, ...], catalogue: Catalogue) -> None:
        needed = refuse_above(self.bytes, [rule for pack in packs for rule in pack.rules], catalogue)
        if self._packs != _names(packs):
            self._packs, self._apiece = _names(packs), {}
        self._at_most = needed

    def _bytes_of(self, stream: Stream, rules: Sequence[Rule]) -> float:
        """What one stream may need at most: an area of its own, and what an engine has once shared by few."""
        mine = [rule for rule in rules if selects(selector_of(rule), stream)]
        cadence = round(stream.cadence_s * 1e6) or IRREGULAR_US
        kind = (frozenset(rule.name for rule in mine), cadence)
        if kind not in self._apiece:
            plan = plan_memory(mine, Load(_SAMPLE, cadence, _SAMPLE), _SAMPLE)
            self._apiece[kind] = plan.bytes / _SAMPLE
        return self._apiece[kind]


def _names(packs: Sequence[Pack]) -> tuple[str, ...]:
    return tuple(pack.sha for pack in packs)
