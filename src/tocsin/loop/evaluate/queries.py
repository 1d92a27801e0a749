"""Readers of evaluate. Everything is computed from the ledger, once a root; what was kept is read beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.loop.evaluate.compute import Case, Figure, Period, Step, compute, funnel
from tocsin.loop.evaluate.definitions import indicators, stages, verbs
from tocsin.loop.evaluate.kept import KeptBoards, KeptLines
from tocsin.loop.evaluate.models import Computation, IndicatorResult
from tocsin.measure.intervals import wilson
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.errors import UnknownName

__all__ = [
    "FEW", "Board", "Computed", "Group", "by_department", "by_role", "computations", "figures", "lines_of", "recomputed",
]  # fmt: skip

FEW = 5  # fewer cases (or people of a role) than that are not shown by department or role


@dataclass(frozen=True, slots=True)
class Board:
    """All figures over the ledger as a root covers it; ``root`` None where nothing is sealed yet."""

    root: ledger.RootLine | None
    period: Period
    figures: tuple[Figure, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Computed:
    """A computation that was kept, with its results (figures without their cases)."""

    id: int
    root: int
    root_hash: str
    as_of: datetime
    jurisdiction: str
    period: Period
    definitions: str
    computed_at: datetime
    results: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of a department or a role. ``shown`` False: fewer than FEW cases or people, then share and interval are
    None."""

    id: str
    n: int
    people: int
    share: float | None
    low: float | None
    high: float | None
    shown: bool


_lines: KeptLines = KeptLines()
_boards: KeptBoards[Board] = KeptBoards()


def figures(scope: Scope, period: Period) -> Board:
    """The figures of a scope up to the newest root. Raises NotAllowed."""
    scope.require(Act.READ_EVALUATION)
    newest = ledger.roots(at_most=1)
    if not newest:
        return Board(None, period, (), ())
    root = newest[0]

    def make() -> Board:
        return _board(_inside(scope.jurisdiction, _lines.up_to(root)), period, root)

    return _boards.get(root, scope.jurisdiction, period, make=make)


def recomputed(scope: Scope, computation_id: int) -> Board:
    """The figures of a kept computation, computed again over what its root covers. Raises NotAllowed, UnknownName."""
    scope.require(Act.READ_EVALUATION)
    row = Computation.objects.filter(scope.rows(), id=computation_id).first()
    root = ledger.root(row.root_number) if row else None
    if row is None or root is None:
        raise UnknownName(
            f"computation {computation_id}", "no such computation in your area", "open the evaluation board"
        )
    return _board(lines_of(row.jurisdiction, sealed_by=root.number), _period(row), root)


def computations(scope: Scope, *, at_most: int = 10) -> list[Computed]:
    """Kept computations, the newest first. Raises NotAllowed."""
    scope.require(Act.READ_EVALUATION)
    return [_computed(row) for row in Computation.objects.filter(scope.rows()).order_by("-id")[:at_most]]


def by_department(figure: Figure) -> list[Group]:
    """A figure by the department of the post that had the case, in the order of names and never of figures."""
    departments = {line.id: line.department for line in org.posts(EVERYWHERE)}
    return _groups(figure, lambda case: departments.get(case.post, ""), least_people=0)


def by_role(figure: Figure) -> list[Group]:
    """A figure by the role of the post; only roles in which at least FEW people acted."""
    roles = {line.id: line.role for line in org.posts(EVERYWHERE)}
    return _groups(figure, lambda case: roles.get(case.post, ""), least_people=FEW)


def lines_of(jurisdiction: str, *, sealed_by: int) -> list[ledger.Line]:
    """The entries that indicators are computed from, in the order of writing, of subjects in a jurisdiction ("" = all)."""
    return _inside(jurisdiction, ledger.lines(verbs=verbs(), sealed_by=sealed_by))


def _inside(jurisdiction: str, lines: list[ledger.Line]) -> list[ledger.Line]:
    if not jurisdiction:
        return lines
    where = _where(lines)
    scope = Scope(jurisdiction, "")
    return [line for line in lines if (place := where.get(line.subject)) is not None and scope.covers(place)]


def _where(lines: Iterable[ledger.Line]) -> dict[str, str]:
    """Where a chain belongs: what its first entry with a jurisdiction says, else where the event belongs that it names. A
    chain that never says is seen from the whole alone."""
    where: dict[str, str] = {}
    for line in lines:
        place = line.body.get("jurisdiction") or where.get(str(line.body.get("event")))
        if isinstance(place, str):
            where.setdefault(line.subject, place)
    return where


def _board(lines: Sequence[ledger.Line], period: Period, root: ledger.RootLine) -> Board:
    made = tuple(compute(indicator, lines, period, root.at) for indicator in indicators())
    return Board(root, period, made, tuple(funnel(stages(), lines, period)))


def _groups(figure: Figure, of: Callable[[Case], str], least_people: int) -> list[Group]:
    cases: dict[str, list[Case]] = defaultdict(list)
    for case in figure.cases:
        if not case.waiting and case.ok is not None and (group := of(case)):
            cases[group].append(case)
    return [_group(name, cases[name], least_people) for name in sorted(cases)]


def _group(name: str, cases: Sequence[Case], least_people: int) -> Group:
    n, hits = len(cases), sum(case.ok is True for case in cases)
    people = len({case.actor.rpartition("/")[2] for case in cases if case.actor})
    if n < FEW or people < least_people:
        return Group(name, n, people, None, None, None, shown=False)
    return Group(name, n, people, hits / n, *wilson(hits, n), shown=True)


def _computed(row: Computation) -> Computed:
    results = tuple(
        Figure(r.indicator, r.n, r.hits, r.share, r.low, r.high, r.median_us, r.p90_us, r.waiting)
        for r in IndicatorResult.objects.filter(computation=row).order_by("id")
    )
    return Computed(row.pk, row.root_number, row.root_hash, row.as_of, row.jurisdiction, _period(row), row.definitions,
                    row.computed_at, results)  # fmt: skip


def _period(row: Computation) -> Period:
    return Period(row.since_us or None, row.until_us or None)
