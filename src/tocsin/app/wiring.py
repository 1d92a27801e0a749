"""The loop on one page: which fact wakes which stage of which room.

Read it from top to bottom: that is the order in which things happen. A stage takes facts of one kind and calls one
service; it is never run twice for the same fact (``records.outbox.carrier``). A kind that is not listed wakes nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tocsin.loop.detect import queries as detect
from tocsin.loop.detect.facts import SignalCleared, SignalRaised
from tocsin.loop.observe import handlers as observe
from tocsin.records.outbox.carrier import Stage, Wiring
from tocsin.records.tasks import services as tasks

__all__ = ["SWEEPS", "WIRING", "Sweep"]


class Sweep(Protocol):
    """Looks whether a moment has passed; how many facts it put. Idempotent: each crossing is told once, also when the
    server was down as it happened."""

    def __call__(self, *, now: datetime) -> int: ...


def _note_silence(facts: Sequence[SignalRaised], now: datetime) -> None:
    observe.note_silence(_of_streams(facts), now)


def _note_heard(facts: Sequence[SignalCleared], now: datetime) -> None:
    cleared = _of_streams(facts)
    silent = detect.still_silent(cleared)  # another rule of silence may hold on
    observe.note_heard({stream: at for stream, at in cleared.items() if stream not in silent}, now)


def _of_streams(facts: Sequence[SignalRaised] | Sequence[SignalCleared]) -> dict[str, int]:
    return {fact.subject_key: fact.at_us for fact in facts if fact.silence and fact.subject_kind == "stream"}


WIRING: Wiring = {
    # detect -> observe: a gauge that says nothing is shown as "no data", on its source's page and to all who read it
    "signal_raised": [Stage("observe.note_silence", _note_silence)],
    "signal_cleared": [Stage("observe.note_heard", _note_heard)],
}

# What the clock brings about. The worker runs each of these every second; one that fails does not stop the others.
SWEEPS: tuple[Sweep, ...] = (tasks.mark_overdue,)
