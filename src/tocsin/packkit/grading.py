"""What a grade does to a case: kept among its answers, raised by new figures, and how far its report has gone up. Pure; the
kernel and the worked examples both ask here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.packkit.case_moves import EARLIER, earlier_name
from tocsin.packkit.grades import Grade, GradeTable, grade_of
from tocsin.packkit.lifecycle import CaseKind

__all__ = ["chain_step", "grade_kept", "hops_done", "hops_left", "with_grade"]


def grade_kept(kind: CaseKind, values: Mapping[str, Any]) -> Grade | None:
    """The grade that a case has."""
    return kind.grade.grade(values.get(kind.grade.name)) if kind.grade else None


def with_grade(table: GradeTable, values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with their grade; the one before is kept as an earlier answer. It falls only where what was ``given`` with
    the figures says what the table asks for."""
    grade, before = grade_of(table, values), values.get(table.name)
    if grade is None or grade.code == before:
        return dict(values)
    may_fall = bool(table.falls) and all(given.get(name) == value for name, value in table.falls.items())
    if table.rank(grade.code) < table.rank(before) and not may_fall:
        return dict(values)
    aside = {earlier_name(table.name, values): before} if before is not None else {}
    return {**values, **aside, table.name: grade.code}


def hops_done(kind: CaseKind, values: Mapping[str, Any]) -> int:
    """How many bodies the report was passed up to."""
    chain = kind.grade.chain if kind.grade else None
    if chain is None:
        return 0
    return sum(name == chain.question or name.startswith(chain.question + EARLIER) for name in values)


def hops_left(kind: CaseKind, values: Mapping[str, Any]) -> int:
    """How many bodies it still has to be passed up to, by the grade of the case."""
    if kind.grade is None or kind.grade.chain is None:
        return 0
    return max(len(kind.grade.hops(values.get(kind.grade.name))) - hops_done(kind, values), 0)


def chain_step(kind: CaseKind, move: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What becomes of the clock of the chain by a move: "start" (anew, for the next hop), "stop", or "" (as it is). The first
    hop is started by the move that receives the report."""
    chain = kind.grade.chain if kind.grade else None
    if chain is None or not hops_done(kind, after):
        return ""
    left = hops_left(kind, after)
    if move in chain.moves:
        return "start" if left else "stop"
    was = hops_left(kind, before)
    return "start" if left and not was else "stop" if was and not left else ""
