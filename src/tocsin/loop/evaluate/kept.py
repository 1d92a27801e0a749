"""What was read and computed for the board, kept in this process while its root stands: the sealed part of the ledger never
changes, so a view after the next root reads only what that root added. Checks (``recomputed``, a kept computation) never look
here: they read the ledger anew."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tocsin.loop.evaluate.definitions import definitions_digest, verbs
from tocsin.records.ledger import queries as ledger

__all__ = ["KeptBoards", "KeptLines"]

MOST_LINES = 300_000  # some 300 MB; a larger ledger is read anew at each view
MOST_BOARDS = 64
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Read:
    number: int
    hash: str
    definitions: str
    lines: tuple[ledger.Line, ...]


class KeptLines:
    """The entries that indicators are computed from, up to a root."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self._most, self._lock, self._kept = most, threading.Lock(), _Read(0, "", "", ())

    def up_to(self, root: ledger.RootLine) -> list[ledger.Line]:
        """The same as ``ledger.lines(verbs=verbs(), sealed_by=root.number)``, reading what was not read before."""
        with self._lock:
            kept = self._kept
        if kept.definitions != definitions_digest() or not self._goes_on(kept, root):
            kept = _Read(0, "", "", ())
        lines = list(kept.lines)
        if kept.hash != root.hash:
            lines += ledger.lines(verbs=verbs(), sealed_by=root.number, sealed_after=kept.number or None)
            lines.sort(key=lambda line: line.order)  # a transaction may end after one that began later
        if len(lines) <= self._most:
            with self._lock:
                self._kept = _Read(root.number, root.hash, definitions_digest(), tuple(lines))
        return lines

    @staticmethod
    def _goes_on(kept: _Read, root: ledger.RootLine) -> bool:
        """Whether this root stands on the one that was read up to, and that one is what it was."""
        if kept.hash == root.hash:
            return True
        before = ledger.root(kept.number) if 0 < kept.number < root.number else None
        return before is not None and before.hash == kept.hash


class KeptBoards(Generic[_T]):
    """Boards by root, area, period and definitions; the one that was not asked for longest goes first."""

    def __init__(self, most: int = MOST_BOARDS) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], _T] = OrderedDict()

    def get(self, root: ledger.RootLine, *of: object, make: Callable[[], _T]) -> _T:
        """The board, made where it is not there."""
        key = (root.number, root.hash, definitions_digest(), *of)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made
