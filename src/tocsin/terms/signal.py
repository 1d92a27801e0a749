"""Signal: a pack's condition that held at one stream or area from onset to clearance, with its level changes."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tocsin.terms.ids import signal_id

__all__ = ["WITHDRAWN", "Change", "Measure", "Subject", "Transition"]

WITHDRAWN = "rule withdrawn or changed"  # ``what`` of the one measure of a signal that ended with its rule


class Change(enum.StrEnum):
    """What a transition does to its signal."""

    RAISED = "raised"
    CHANGED = "changed"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Subject:
    """Where a rule is judged: one stream (``key`` its id) or an area (``kind`` the label it groups by, ``key`` its value)."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One part of the evidence: what was computed (``sum(3h)``), its value, unit, and the threshold it met, if any."""

    what: str
    value: float
    unit: str
    comparison: str = ""
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of one signal. ``at_us`` is event time (when it became true), ``onset_us`` the signal's first moment,
    ``level``/``previous`` ranks (0 = none), ``seq`` the log record that made it known. Evidence is for reading by a
    duty officer; equality of signals never depends on it."""

    rule: str  # pack/rule
    rule_version: int
    hazard: str
    subject: Subject
    change: Change
    level: int
    previous: int
    at_us: int
    onset_us: int
    seq: int
    quality: bool = False  # a data-quality rule: shown on the source's page, never grouped into hazard events
    evidence: tuple[Measure, ...] = ()

    @property
    def signal(self) -> str:
        """The signal's final id: hash of rule, subject and onset."""
        return signal_id(self.rule, str(self.subject), self.onset_us)
