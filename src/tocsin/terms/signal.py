"""Signal: a pack's condition that held at one stream or area from onset to clearance, with its level changes."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tocsin.terms.ids import signal_id

__all__ = ["WITHDRAWN", "Change", "Finality", "Measure", "Subject", "Transition"]

WITHDRAWN = "rule withdrawn or changed"  # ``what`` of the one measure of a signal that ended with its rule


class Change(enum.StrEnum):
    """What a transition does to its signal. RETRACTED: what was said provisionally did not hold; ``level`` is what does (0 =
    the signal never was)."""

    RAISED = "raised"
    CHANGED = "changed"
    CLEARED = "cleared"
    RETRACTED = "retracted"


class Finality(enum.StrEnum):
    """PROVISIONAL: judged on what had arrived, late data are still awaited. FINAL: no more data can change it. RETRACTED (of
    a signal or event): it was provisional, and the late data did not bear it out."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    RETRACTED = "retracted"


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
    duty officer; equality of signals never depends on it.

    Promises of equality speak of FINAL transitions and of the fields above ``finality`` only. A PROVISIONAL one raises,
    changes or retracts what is said ahead of them. ``episode`` names a signal that was said provisionally and stays its
    name; ``amends`` is the level that had been said, on the transition that settles it (0 = it settles nothing);
    ``awaited_us`` how far behind its newest data of this subject may still come in."""

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
    finality: Finality = Finality.FINAL
    episode: str = ""
    amends: int = 0
    awaited_us: int = 0

    @property
    def known_as(self) -> str:
        """The id by which the signal is known from its first transition to its last: its episode, else its final id."""
        return self.episode or self.signal

    @property
    def signal(self) -> str:
        """The signal's final id: hash of rule, subject and onset."""
        return signal_id(self.rule, str(self.subject), self.onset_us)
