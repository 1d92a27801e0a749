"""Facts that review gives. That an event is closed is told by verify (``event_closed``), whose state it is."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = ["MeasureAdopted", "ReviewPublished"]


@fact
@dataclass(frozen=True, slots=True)
class MeasureAdopted:
    """A post was made responsible for a measure; ``task`` is its task."""

    event: str
    number: int
    task: str
    post: str
    due_us: int


@fact
@dataclass(frozen=True, slots=True)
class ReviewPublished:
    """The review of an event stands; ``measures``: how many were adopted."""

    event: str
    jurisdiction: str
    measures: int
    at_us: int
