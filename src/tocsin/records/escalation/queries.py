"""Reading escalation: chains, and what waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tocsin.records.escalation.chain import Chain
from tocsin.records.escalation.models import ChainRow, EscalationRow
from tocsin.records.org.scope import Scope

__all__ = ["EscalationLine", "chains", "unanswered"]


@dataclass(frozen=True, slots=True)
class EscalationLine:
    """A need that nobody has taken: what, since when, whom it told last and when (``told``: post and moment), when it goes on
    (None: the chain is exhausted)."""

    id: str
    kind: str
    about: str
    level: int
    exercise: bool
    title: dict[str, str]
    link: str
    started_at: datetime
    next_at: datetime | None
    told: tuple[tuple[str, datetime], ...]


def chains() -> list[Chain]:
    """All chains, in the order in which they were declared. They name posts, no case."""
    return [Chain.of(row.document) for row in ChainRow.objects.order_by("number")]


def unanswered(scope: Scope) -> list[EscalationLine]:
    """Open needs of a scope, the highest level first."""
    rows = EscalationRow.objects.filter(scope.rows(), ended_at=None).order_by("-level", "started_at", "id")
    return [
        EscalationLine(row.id, row.kind, row.about, row.level, row.exercise, row.title, row.link, row.started_at, row.next_at,
                       tuple(row.told.order_by("told_at", "id").values_list("post", "told_at")))
        for row in rows.prefetch_related("told")
    ]  # fmt: skip
