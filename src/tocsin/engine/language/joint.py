"""Nodes of the second stage: what signals, reports and bulletins say together, near one place and in time.

A joint rule is judged at its subjects (streams, or areas of a label). *Here* means: signals of the same feature, or of
the area; within a distance: signals whose subject lies so near. A signal stands from the moment its level was reached
until it is lowered or cleared; "in 3h" asks whether it stood at some moment of (t - 3h, t].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BulletinTerm",
    "JointNumber",
    "JointTruth",
    "Reports",
    "SignalTerm",
    "Signals",
    "Stands",
    "Term",
    "Then",
    "named_rules",
    "terms_of",
]


@dataclass(frozen=True, slots=True)
class SignalTerm:
    """``gas_leak at yellow within 500 m``: a signal of a rule (``pack/id``) at that level or above; ``within_m`` 0 = here."""

    rule: str
    level: str
    rank: int
    within_m: float = 0.0


@dataclass(frozen=True, slots=True)
class BulletinTerm:
    """``bulletin(rainstorm) at orange``: another authority's warning of a hazard type, of that level or above, in force
    over the place (its jurisdictions, cells or circle hold it)."""

    hazard: str
    level: str
    rank: int


Term = SignalTerm | BulletinTerm


@dataclass(frozen=True, slots=True)
class Stands:
    """The term holds now, or, with a window, held at some moment in (t - window, t]."""

    term: Term
    window_us: int = 0


@dataclass(frozen=True, slots=True)
class Then:
    """``rainstorm at yellow within 20 km then river_rise at yellow in 6h``: true while a signal (or bulletin) of ``second``
    stands before whose beginning, by at most the window, one of ``first`` stood. It must have stood at some moment before
    that beginning: what begins with it did not come first."""

    first: Term
    second: Term
    window_us: int


@dataclass(frozen=True, slots=True)
class Reports:
    """``count(reports: gas_smell within 500 m in 30min)``: how many reports of a category came from the cell (``within_m``
    0) or from cells whose centre lies so near, in (t - window, t]. A report counts from the end of its five minutes on."""

    category: str
    within_m: float
    window_us: int


@dataclass(frozen=True, slots=True)
class Signals:
    """``how_many(gas_leak at yellow within 2 km in 1h)``: subjects whose signal stands or stood; ``share`` the same in per
    cent of all subjects of that rule so near. Subjects with the same ``distinct`` label count once."""

    how: Literal["how_many", "share"]
    term: SignalTerm
    window_us: int = 0


def terms_of(node: object) -> tuple[Term, ...]:
    """The signals and bulletins that a node of a condition looks at."""
    match node:
        case Stands(term, _) | Signals(_, term, _):
            return (term,)
        case Then(first, second, _):
            return (first, second)
    return ()


def named_rules(node: object) -> list[str]:
    """The rules that a node of a condition looks at."""
    return [term.rule for term in terms_of(node) if isinstance(term, SignalTerm)]


JointTruth = Stands | Then
JointNumber = Reports | Signals
