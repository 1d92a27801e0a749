"""Readers of call-outs. Each takes a scope: its role may read warnings, and it sees the areas of its own area."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.geo import lineage
from tocsin.records.callout.ladder import Ladder
from tocsin.records.callout.lifecycle import AreaState, CallOutState
from tocsin.records.callout.models import AttemptRow, CalledRow, CallOutRow
from tocsin.records.dispatch.queries import outcomes
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places
from tocsin.terms.errors import UnknownName

__all__ = [
    "AreaLine", "AttemptLine", "CallOutLine", "Minutes", "answering_posts", "areas_of", "areas_without_warden", "attempts_of",
    "callout", "minutes", "of_cause", "of_lineage", "recent", "waiting",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallOutLine:
    """A call-out as it is read, as ``CallOutRow`` says."""

    id: str
    kind: str
    cause: str
    lineage: str
    hazard: str
    level: int
    exercise: bool
    jurisdiction: str
    texts: dict[str, dict[str, str]]
    link: str
    since: datetime
    until: datetime | None
    state: CallOutState
    ended_at: datetime | None
    ended_why: str


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area of a call-out as it is read, as ``CalledRow`` says; ``attempts``: how many there were on all channels."""

    id: int
    callout: str
    jurisdiction: str
    state: AreaState
    asked_at: datetime
    late_due_at: datetime
    not_reached_due_at: datetime
    late_at: datetime | None
    not_reached_at: datetime | None
    rounds: int
    attempts: int
    next_at: datetime | None
    nobody: bool
    reached_at: datetime | None
    reached_post: str
    reached_rung: str
    how: str
    noted_at: datetime | None
    noted_by: str

    @property
    def minutes(self) -> float | None:
        """How long it took; None where nobody was reached."""
        return (self.reached_at - self.asked_at) / timedelta(minutes=1) if self.reached_at else None

    def is_late(self, now: datetime) -> bool:
        """Whether nobody was reached by the first moment."""
        return (self.reached_at or now) >= self.late_due_at

    def is_not_reached(self, now: datetime) -> bool:
        """Whether nobody was reached by the last moment."""
        return (self.reached_at or now) >= self.not_reached_due_at


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt: to which post, on which channel, when; ``gateway``: what became of its letter and what the next hop said;
    ``heard``: what came back (an answer, a machine, engaged ...)."""

    area: int
    post: str
    rung: str
    number: int
    channel: str
    at: datetime
    gateway: str
    said: str
    heard: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Minutes:
    """Who was reached after how many minutes (None: not), by area; median and slowest of those that were reached; within 10
    and 30: the declared moments."""

    of: tuple[tuple[str, float | None], ...]
    reached: int
    total: int
    in_time: int
    before_last: int
    median: float | None
    slowest: float | None


def callout(scope: Scope, callout_id: str) -> CallOutLine:
    """One call-out. Raises UnknownName where none of its areas lies in the scope."""
    row = _seen(scope).filter(id=callout_id).first()
    if row is None:
        raise UnknownName(_("call-out"), _("no such call-out in your area"), _("open the list of call-outs"))
    return _line(row)


def recent(scope: Scope, *, lineage: str = "", at_most: int = 50) -> list[tuple[CallOutLine, int, int]]:
    """Call-outs (those of one first message and of what followed it) with how many areas of the scope were reached, of how
    many: running ones first, then the newest."""
    inside = scope.rows("areas__jurisdiction")
    rows = (
        _seen(scope)
        .filter(**({"lineage": lineage} if lineage else {}))
        .annotate(
            total=Count("areas", filter=inside, distinct=True),
            reached=Count("areas", filter=inside & Q(areas__state=AreaState.REACHED), distinct=True),
        )
    )
    return [(_line(row), row.reached, row.total) for row in rows.order_by("-state", "-since", "id")[:at_most]]


def of_cause(scope: Scope, cause: str) -> list[CallOutLine]:
    """The call-outs of a warning, a bulletin or a response, oldest first."""
    return [_line(row) for row in _seen(scope).filter(cause=cause).order_by("since", "id")]


def of_lineage(scope: Scope, lineages: Collection[str]) -> list[CallOutLine]:
    """The call-outs of these first messages and of what followed them, oldest first."""
    return [_line(row) for row in _seen(scope).filter(lineage__in=lineages).order_by("since", "id")]


def areas_of(scope: Scope, callout_id: str) -> list[AreaLine]:
    """Its areas: those nobody has answered for first, the longest waiting first; then those reached, in order."""
    rows = _areas(scope).filter(callout=callout(scope, callout_id).id)
    order = {AreaState.WAITING: 0, AreaState.UNREACHED: 1, AreaState.REACHED: 2, AreaState.WITHDRAWN: 3}
    lines = [_area(row) for row in rows]
    return sorted(lines, key=lambda one: (order[one.state], one.reached_at or one.asked_at, one.jurisdiction))


def waiting(scope: Scope, *, at_most: int = 200) -> list[tuple[CallOutLine, AreaLine]]:
    """Areas of running call-outs for which nobody has answered, the longest waiting first, then the highest level."""
    scope.require(Act.READ_WARNINGS)
    rows = _areas(scope).filter(state=AreaState.WAITING, callout__state=CallOutState.RUNNING)
    rows = rows.select_related("callout").order_by("asked_at", "-callout__level", "jurisdiction")[:at_most]
    return [(_line(row.callout), _area(row)) for row in rows]


def attempts_of(scope: Scope, callout_id: str, area_id: int | None = None) -> list[AttemptLine]:
    """Every attempt of a call-out, or of one of its areas, in order, with what the gateway said."""
    rows = AttemptRow.objects.filter(scope.rows("area__jurisdiction"), area__callout=callout(scope, callout_id).id)
    if area_id is not None:
        rows = rows.filter(area=area_id)
    found = list(rows.order_by("at", "id"))
    said = outcomes({row.dispatch for row in found})
    lines = []
    for row in found:
        state, words = said.get(row.key, ("waiting", ""))
        lines.append(AttemptLine(row.area_id, row.post, row.rung, row.number, row.channel, row.at, state,
                                 " · ".join(part for part in (words, row.said) if part), row.heard, row.heard_at))  # fmt: skip
    return lines


def minutes(scope: Scope, callout_id: str) -> Minutes:
    """The minutes of a call-out (areas that were withdrawn are left out)."""
    lines = [line for line in areas_of(scope, callout_id) if line.state is not AreaState.WITHDRAWN]
    took = sorted(line.minutes for line in lines if line.minutes is not None)
    return Minutes(
        tuple((line.jurisdiction, line.minutes) for line in sorted(lines, key=lambda one: one.jurisdiction)),
        len(took), len(lines),
        sum(1 for line in lines if line.reached_at and line.reached_at < line.late_due_at),
        sum(1 for line in lines if line.reached_at and line.reached_at < line.not_reached_due_at),
        statistics.median(took) if took else None, took[-1] if took else None,
    )  # fmt: skip


def answering_posts(scope: Scope, jurisdiction: str) -> Sequence[PostLine]:
    """The posts by which an area can be reached, for the form of a call made by hand."""
    scope.require(Act.RECORD_CALL)
    return Ladder.read().may_answer(jurisdiction)


def areas_without_warden() -> list[str]:
    """The smallest registered areas that no warden answers for, for who owns the installation."""
    paths = [area.path for area in places.jurisdictions(EVERYWHERE)]
    holding = {above for path in paths for above in lineage(path)[1:]}
    smallest = [path for path in paths if path not in holding]
    warded = {post.jurisdiction for post in Ladder.read().posts if post.duty == "warden"}
    return [path for path in smallest if not warded.intersection(lineage(path))]


def _seen(scope: Scope) -> QuerySet[CallOutRow]:
    scope.require(Act.READ_WARNINGS)
    if not scope.jurisdiction:
        return CallOutRow.objects.all()
    return CallOutRow.objects.filter(id__in=CalledRow.objects.filter(scope.rows()).values("callout"))


def _areas(scope: Scope) -> QuerySet[CalledRow]:
    return CalledRow.objects.filter(scope.rows()).annotate(tried=Count("attempts"))


def _line(row: CallOutRow) -> CallOutLine:
    values = {name: getattr(row, name) for name in CallOutLine.__slots__}
    return CallOutLine(**values | {"state": CallOutState(row.state)})


def _area(row: CalledRow) -> AreaLine:
    values = {name: getattr(row, name) for name in AreaLine.__slots__ if name not in ("callout", "attempts")}
    return AreaLine(**values | {"callout": row.callout_id, "attempts": row.tried, "state": AreaState(row.state)})  # type: ignore[attr-defined] # annotated by _areas
