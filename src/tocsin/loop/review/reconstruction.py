"""Responsibility, reconstructed: whose a place was at a moment, what was known of it, what had been done and what not. Pure:
entries of the ledger and a moment in, the same page out; what was written after the moment changes nothing of it.

It names posts and departments as the duty lists name them, and counts nobody's misses: who answers is for people to say
(scope.md, "Where it stops")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tocsin.geo.jurisdiction import is_inside
from tocsin.loop.review.owed import Owed, known_at, owed
from tocsin.loop.review.story import Told
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.duties.matter import deciding
from tocsin.terms.moment import from_us

__all__ = ["PARTS", "Held", "Line", "Place", "Reconstruction", "Sources", "duties_held", "reconstruct"]

DUTIES = "duties"  # the chain of the duty lists
PARTS = ("risk", "inspection", "finding", "case", "task", "consultation", "warning", "told", "read", "event")
_BY_VERB = (
    ("consultation_", "consultation"), ("opinion_", "consultation"), ("helper_", "consultation"), ("task_", "task"),
    ("warning_", "warning"), ("bulletin_", "warning"), ("message_", "told"), ("sealed_", "read"), ("risk_", "risk"),
    ("inspection_", "inspection"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """What is asked about: a facility ("" = none), its area, and the matters of the case, the narrowest first."""

    facility: str
    area: str
    matters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A line of the duty lists that held at the moment. ``told``: the entry that put it; ``decides``: by it the place was
    somebody's; ``afterwards``: it was entered when the moment had passed, and nobody could know it then."""

    line: int
    facility: str
    matter: str
    jurisdiction: str
    department: str
    post: str
    keeps: bool
    from_at: datetime
    told: Told
    decides: bool = False
    afterwards: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, under its part. ``answers``: what a form was answered, where the ledger's commitment vouches for it, else
    None."""

    part: str
    told: Told
    answers: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """What the record held at ``at``. ``gaps``: of what was due, what was done late or not."""

    at: datetime
    place: Place
    duties: tuple[Held, ...]
    lines: tuple[Line, ...]
    owed: tuple[Owed, ...]

    @property
    def gaps(self) -> tuple[Owed, ...]:
        """What was due and was not done in time, the earliest first."""
        return tuple(one for one in self.owed if one.is_gap(self.at))

    def part(self, name: str) -> list[Line]:
        """The lines of one part, in the order in which the record learned them."""
        return [line for line in self.lines if line.part == name]


@dataclass(frozen=True, slots=True)
class Sources:
    """What is known of the chains: of cases their kinds; by kind of inspection the state in which one was done; the kinds that
    are findings; ``vouched``: by (subject, number) the answers that an entry commits to."""

    kinds: Mapping[str, CaseKind]
    done: Mapping[str, str] = field(default_factory=dict)
    findings: frozenset[str] = frozenset()
    vouched: Mapping[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)


def reconstruct(told: Iterable[Told], sources: Sources, *, place: Place, at: datetime) -> Reconstruction:
    """The reconstruction of a place at a moment. ``told`` may hold any entries, in any order, also later ones."""
    entries = list(told)
    known = [one for one in known_at(entries, at) if one.subject != DUTIES]
    lines = tuple(
        Line(_part(one, sources), one, sources.vouched.get((one.subject, one.number))) for one in known
    )  # fmt: skip
    return Reconstruction(
        at, place, tuple(duties_held(entries, place=place, at=at)), lines,
        tuple(owed(known, sources.kinds, at=at, done=sources.done)),
    )  # fmt: skip


def duties_held(told: Iterable[Told], *, place: Place, at: datetime) -> list[Held]:
    """The lines of the duty lists that held for a place at a moment, the one that decided first. A line that was entered later,
    for then, is told and decides nothing."""
    kept: dict[int, Held] = {}
    entries = sorted((one for one in told if one.subject == DUTIES), key=lambda one: one.number)
    for entry in entries:
        for body in entry.body.get("lines") or ():
            made = _held(body, entry, at)
            if made.from_at > at:
                continue
            for line in [one for one in kept.values() if _same(one, made) and made.afterwards <= one.afterwards]:
                del kept[line.line]  # a new line of the same ends the one before
            kept[made.line] = made
        until = entry.body.get("until_us")
        if entry.verb == "duty_ended" and isinstance(until, int) and from_us(until) <= at and entry.at <= at:
            kept.pop(int(entry.body.get("line", 0)), None)
    fit = [
        one for one in kept.values()
        if one.facility in ("", place.facility) and (not one.matter or one.matter in place.matters)
        and is_inside(place.area, one.jurisdiction)
    ]  # fmt: skip
    first = deciding(
        [one for one in fit if not one.afterwards], facility=place.facility, matters=place.matters, area=place.area
    )
    return sorted((_decided(one) if one is first else one for one in fit),
                  key=lambda one: (not one.decides, one.afterwards, one.from_at, one.line))  # fmt: skip


def _held(body: Mapping[str, Any], entry: Told, at: datetime) -> Held:
    return Held(
        int(body["line"]), str(body.get("facility", "")), str(body.get("matter", "")), str(body.get("jurisdiction", "")),
        str(body.get("department", "")), str(body.get("post", "")), bool(body.get("keeps")), from_us(int(body["from_us"])),
        entry, afterwards=entry.at > at,
    )  # fmt: skip


def _same(one: Held, other: Held) -> bool:
    return (one.facility, one.matter, one.jurisdiction) == (other.facility, other.matter, other.jurisdiction)


def _decided(one: Held) -> Held:
    return replace(one, decides=True)


def _part(entry: Told, sources: Sources) -> str:
    named = next((part for beginning, part in _BY_VERB if entry.verb.startswith(beginning)), "")
    kind = sources.kinds.get(entry.subject)
    if named or kind is None:
        return named or "event"
    return "inspection" if kind.name in sources.done else "finding" if kind.name in sources.findings else "case"
