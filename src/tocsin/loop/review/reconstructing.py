"""Reading for a reconstruction: which chains tell of a case's place, and what the ledger says in them. Tables are asked for the
names of chains alone; every line of the result is an entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin.geo.jurisdiction import is_inside
from tocsin.loop.observe.bulletins import queries as bulletins
from tocsin.loop.review.reconstruction import DUTIES, Place, Reconstruction, Sources, reconstruct
from tocsin.loop.review.story import Told
from tocsin.packkit.answers import start_of
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases import queries as cases
from tocsin.records.cases.queries import CaseFile, CaseLine, Filter
from tocsin.records.cases.running import zone_of
from tocsin.records.cases.sealing import UNDER_SEAL
from tocsin.records.cases.vouched import vouched_answers
from tocsin.records.duties.matter import matters_of
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.records.risks import queries as risks
from tocsin.records.risks.matrices import matrices
from tocsin.records.risks.queries import Filter as RiskFilter

__all__ = ["CASES_AT_MOST", "READERS", "Found", "may_reconstruct", "reconstruction"]

READERS = (Act.READ_LEDGER, Act.PUBLISH_REVIEW)  # commander, auditor, case handler
CASES_AT_MOST = 500
_WARNINGS = ("warning_signed", "warning_expired")
_WARNED_FOR = timedelta(days=366)  # warnings of the year before


@dataclass(frozen=True, slots=True)
class Found:
    """A reconstruction with what its words need. ``cases``: by chain; ``risks``: titles by chain; ``breaches``: where a chain
    is not what was written; ``cut``: the facility has more cases than are read."""

    case: CaseLine
    told: Reconstruction
    cases: dict[str, CaseLine]
    risks: dict[str, str]
    breaches: tuple[ledger.Breach, ...]
    cut: bool


def may_reconstruct(scope: Scope) -> bool:
    """Whether a role may read reconstructions."""
    return any(scope.may(act) for act in READERS)


def reconstruction(scope: Scope, case_id: str, *, at: datetime | None = None, now: datetime) -> Found:
    """The reconstruction for a case, at the moment it is about (an accident: when it happened) or another. Nothing after
    ``now``. Raises NotAllowed, UnknownName."""
    if not may_reconstruct(scope):
        scope.require(Act.READ_LEDGER)
    file = cases.case_file(scope, case_id)
    line = file.line
    known, cut = _cases(scope, file)
    held = _risks(scope, line.facility, now)
    subjects = [*known, *held, DUTIES, *([f"inspection:{line.facility}"] if line.facility else []),
                *([line.event] if line.event else []), *_bulletins(scope, line.jurisdiction, now)]  # fmt: skip
    moment = min(at or _moment(line), now)
    entries = ledger.chains(subjects)
    told = [*map(_told, entries), *map(_told, _warnings(line.jurisdiction, moment))]
    sources = Sources(
        {name: one.kind for name, one in known.items()}, _done(), frozenset(_findings(one.kind for one in known.values())),
        _vouched(scope, known, entries),
    )  # fmt: skip
    place = Place(line.facility, line.jurisdiction, tuple(matters_of(line.kind.name, line.values)))
    breaches = [breach for subject in dict.fromkeys(subjects) for breach in ledger.verify_chain(subject)]
    return Found(line, reconstruct(told, sources, place=place, at=moment), known, held, tuple(breaches), cut)


def _moment(line: CaseLine) -> datetime:
    """When what the case is about happened: the first day or moment of its opening form that cannot lie ahead."""
    form = line.kind.forms.get(line.kind.form)
    for question in form.questions if form else ():
        value = line.values.get(question.name)
        if question.kind in ("moment", "day") and question.past and value and value != UNDER_SEAL:
            return start_of(str(value), zone_of(line.jurisdiction))
    return line.opened_at


def _cases(scope: Scope, file: CaseFile) -> tuple[dict[str, CaseLine], bool]:
    """The cases of the facility that the reader may see, with the one asked about and those that it comes from and led to."""
    line = file.line
    known = {line.id: line, **{one.id: one for one in file.children}}
    if line.parent:
        known |= {one.id: one for one in cases.cases(scope, Filter("all", ids=(line.parent,)))}
    found = (
        cases.cases(scope, Filter("all", facility=line.facility), at_most=CASES_AT_MOST + 1) if line.facility else []
    )
    return known | {one.id: one for one in found[:CASES_AT_MOST]}, len(found) > CASES_AT_MOST


def _risks(scope: Scope, facility: str, now: datetime) -> dict[str, str]:
    if not facility or not scope.may(Act.READ_RISKS):
        return {}
    return {
        one.id: one.title
        for one in risks.risks(scope, RiskFilter("all", facility=facility), now=now, at_most=CASES_AT_MOST)
    }


def _bulletins(scope: Scope, area: str, now: datetime) -> list[str]:
    """Bulletins of other authorities whose areas hold the place, or lie in its area."""
    if not area or not scope.may(Act.READ_WARNINGS):
        return []
    parts = bulletins.bulletins(Scope(area, scope.role), now=now)
    return [line.id for name in ("in_force", "past") for line in parts[name]]


def _warnings(area: str, at: datetime) -> Iterator[ledger.Line]:
    """Warnings that were signed in the year before, for an area that holds the place, and their ends."""
    ids = set()
    for line in ledger.lines(verbs=_WARNINGS, since=at - _WARNED_FOR, until=at + timedelta(microseconds=1)):
        areas = line.body.get("areas") or [line.body.get("jurisdiction", "")]
        if line.verb == "warning_signed" and any(is_inside(area, str(one)) for one in areas):
            ids.add(line.body.get("warning"))
            yield line
        elif line.body.get("warning") in ids:
            yield line


def _done() -> dict[str, str]:
    return {matrix.plan.case: matrix.plan.done for matrix in matrices().values() if matrix.plan}


def _findings(kinds: Iterable[CaseKind]) -> Iterator[str]:
    for kind in kinds:
        if kind.checklists is not None:
            yield f"{kind.pack}/{kind.checklists.finding}"
        if kind.room == "rectify":
            yield kind.name


def _vouched(
    scope: Scope, known: dict[str, CaseLine], entries: list[ledger.Line]
) -> dict[tuple[str, int], dict[str, Any]]:
    by_case: dict[str, list[ledger.Line]] = {}
    for entry in entries:
        if entry.subject in known and entry.body.get("answers"):
            by_case.setdefault(entry.subject, []).append(entry)
    return {
        (case, number): answers for case, lines in by_case.items()
        for number, answers in vouched_answers(scope, case, lines).items()
    }  # fmt: skip


def _told(line: ledger.Line) -> Told:
    return Told(line.at, line.order, line.subject, line.number, line.hash, line.actor, line.verb, line.body)
