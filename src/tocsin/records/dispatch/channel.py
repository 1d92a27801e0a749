"""Channel: the one seam between Tocsin and the world's ways of telling people. Real ones live in ``doors/channels``,
the in-memory twin in ``tocsin.testing``; one contract test holds for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tocsin.records.dispatch.message import Letter

__all__ = ["Channel", "KeepsOpen", "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one letter at one attempt: ``accepted`` by the next hop, or not, with its words; ``final``: trying
    again cannot help (no such mailbox)."""

    key: str
    accepted: bool
    said: str = ""
    final: bool = False


class Channel(Protocol):
    """``name`` is what dispatch rows carry (``mail``)."""

    name: str

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """One outcome a letter, in order; never raises for a recipient's fault. Raises Unavailable when the channel as a
        whole does not answer: then nothing was sent and all of it is tried again. A channel that breaks half-way says so of
        every letter that it did not hand over."""
        ...


@runtime_checkable
class KeepsOpen(Protocol):
    """A channel that keeps connections between calls, so that a long list is not slowed by making them anew."""

    def let_go(self) -> None:
        """Nothing more is due: leave them. The next call makes new ones."""
        ...
