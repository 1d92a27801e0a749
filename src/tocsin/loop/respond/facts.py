"""Facts that respond gives. ``level`` is a response rank (1 = IV, the least), never a warning level."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.outbox.fact import fact

__all__ = [
    "ResponseChanged", "ResponseDeclined", "ResponseEnded", "ResponseOpened", "ResponseProposed", "StatementDrafted",
    "StatementReleased",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OfIncident:
    incident: str
    event: str
    hazard: str
    level: int
    jurisdiction: str
    exercise: bool
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class ResponseProposed(_OfIncident):
    """A declared mapping asks for a response; a commander has to say yes or no."""


@fact
@dataclass(frozen=True, slots=True)
class ResponseOpened(_OfIncident):
    """A response runs; its first actions were given."""


@fact
@dataclass(frozen=True, slots=True)
class ResponseChanged(_OfIncident):
    """Its level changed."""


@fact
@dataclass(frozen=True, slots=True)
class ResponseEnded(_OfIncident):
    """It is over."""


@fact
@dataclass(frozen=True, slots=True)
class ResponseDeclined(_OfIncident):
    """The proposal was not taken up."""


@dataclass(frozen=True, slots=True)
class _OfStatement:
    statement: str
    event: str
    kind: str
    number: int
    digest: str
    at_us: int


@fact
@dataclass(frozen=True, slots=True)
class StatementDrafted(_OfStatement):
    """A statement was written from the fact base."""


@fact
@dataclass(frozen=True, slots=True)
class StatementReleased(_OfStatement):
    """A second person released it and it went to the posts above."""
