"""The grade of a case on its page: who investigates, up to whom it is reported, and each hop of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.doors.console.standing import post_title
from tocsin.packkit.grading import grade_kept
from tocsin.records.cases.queries import CaseFile
from tocsin.records.cases.refusals import in_words
from tocsin.records.cases.reporting import HopLine, hops_of
from tocsin.records.ledger.queries import Line
from tocsin.terms.moment import to_us

__all__ = ["GradeOnPage", "HopOnPage", "grade_on_page"]


@dataclass(frozen=True, slots=True)
class HopOnPage:
    """A hop with its words; moments in microseconds, None where there is none yet. ``late``: it was made too late."""

    sender: str
    body: str
    due_us: int | None
    done_us: int | None
    by: str
    late: bool


@dataclass(frozen=True, slots=True)
class GradeOnPage:
    """The grade, and what follows from it."""

    title: str
    grade: str
    investigated_by: str
    report_to: str
    source: str
    verified: bool
    hops: list[HopOnPage]


def grade_on_page(file: CaseFile, chain: Sequence[Line], language: str) -> GradeOnPage | None:
    """The grade of a case; None where its kind has none, or nothing is counted yet."""
    table, grade = file.line.kind.grade, grade_kept(file.line.kind, file.line.values)
    if table is None or grade is None:
        return None
    by, to = table.body(grade.investigated_by), table.body(grade.report_to)
    return GradeOnPage(
        in_words(table.title), in_words(grade.title), in_words(by.title) if by else "", in_words(to.title) if to else "",
        table.source, table.verified, [_hop(one, language) for one in hops_of(file, chain)],
    )  # fmt: skip


def _hop(one: HopLine, language: str) -> HopOnPage:
    return HopOnPage(
        in_words(one.sender.title), in_words(one.body.title), to_us(one.due_at) if one.due_at else None,
        to_us(one.done_at) if one.done_at else None, post_title(one.by, language) if one.by else "", one.late,
    )  # fmt: skip
