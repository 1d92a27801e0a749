"""Counts that were given out, for a reader: of the areas that the scope covers, the totals only where it covers all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.records.cases.models import CountsRow
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = ["Counted", "CountedTable", "counted", "counted_months"]


@dataclass(frozen=True, slots=True)
class CountedTable:
    """By area and by the answers to one question; None: not shown. ``withheld``: areas of which nothing is shown here."""

    question: str
    columns: tuple[str, ...]
    cells: Mapping[str, Mapping[str, int | None]]
    totals: Mapping[str, int | None]
    withheld: frozenset[str]


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of a kind and month as they were given out. ``whole``: the reader's scope covers all areas; else totals of
    the whole deployment are left out."""

    kind: str
    month: str
    areas: tuple[str, ...]
    rows: Mapping[str, int | None]
    total: int | None
    whole: bool
    tables: tuple[CountedTable, ...]


def counted_months(scope: Scope) -> list[tuple[str, str]]:
    """Kinds and months that were counted, the newest month first. Raises NotAllowed."""
    scope.require(Act.READ_EVALUATION)
    return list(CountsRow.objects.order_by("-month", "kind").values_list("kind", "month"))


def counted(scope: Scope, kind: str, month: str) -> Counted:
    """One month of one kind. Raises NotAllowed, UnknownName where it was not counted."""
    scope.require(Act.READ_EVALUATION)
    row = CountsRow.objects.filter(kind=kind, month=month).first()
    if row is None:
        raise UnknownName(
            f"counts of {kind[:60]}, {month[:20]}", "that month was not counted", "choose one of the list"
        )
    body: dict[str, Any] = row.body
    # What was counted before there were several tables holds the one at its top.
    tables = body.get("tables") or [body]
    areas = tuple(area for area in body["areas"] if scope.covers(area))
    whole = len(areas) == len(body["areas"])
    shown = tuple(
        CountedTable(
            one["question"], tuple(one["columns"]), {area: one["cells"][area] for area in areas},
            one["totals"] if whole else dict.fromkeys(one["columns"]),
            frozenset(one.get("withheld", ())) & set(areas),
        ) for one in tables
    )  # fmt: skip
    return Counted(
        kind, month, areas, {area: body["rows"][area] for area in areas}, body["total"] if whole else None, whole, shown
    )
