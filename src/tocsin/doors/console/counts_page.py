"""Counts of sealed cases that were given out: by area and answer, a month a page, and the same as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.packkit.forms import Question
from tocsin.records.cases.counted import Counted, CountedTable, counted, counted_months
from tocsin.records.cases.kinds import kinds_in_use
from tocsin.records.cases.refusals import in_words
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.records.places import queries as places
from tocsin.terms.errors import UnknownName

__all__ = ["counts_csv", "counts_page"]


@dataclass(frozen=True, slots=True)
class TableOnPage:
    """A table with its words. ``lines``: area, counts by column (None: not shown), whether the area is left out whole."""

    title: str
    columns: list[str]
    lines: list[tuple[str, list[int | None], bool]]
    totals: list[int | None]


@require_safe
@acting(Act.READ_EVALUATION)
@one_moment()
def counts_page(request: HttpRequest) -> HttpResponse:
    """One month of one kind, the newest where none is asked for."""
    frame = open_frame(request)
    months = counted_months(frame.scope)
    wanted = (request.GET.get("kind", "")[:110], request.GET.get("month", "")[:7])
    kind, month = wanted if all(wanted) else months[0] if months else ("", "")
    found = counted(frame.scope, kind, month) if kind else None
    areas = _areas(frame)
    context = frame.context(request, "evaluation", "loop.css", "staff.css") | {
        "kinds": [(name, _kind_title(name)) for name in dict.fromkeys(one for one, _month in months)],
        "months": list(dict.fromkeys(one for _kind, one in months)), "kind": kind, "month": month, "counted": found,
        "kind_title": _kind_title(kind), "tables": [_table(found, one, areas) for one in found.tables] if found else [],
        "rows": [(areas.get(area, area), n) for area, n in found.rows.items() if n is not None] if found else [],
    }  # fmt: skip
    return render(request, "console/counts.html", context)


@require_safe
@acting(Act.READ_EVALUATION)
def counts_csv(request: HttpRequest) -> HttpResponse:
    """The same as rows: month, kind, question, area, answer, count; an empty count is not shown, "*" stands for all."""
    scope = actor_of_request(request).scope
    months = counted_months(scope)
    wanted = (request.GET.get("kind", "")[:110], request.GET.get("month", "")[:7])
    if not all(wanted):
        if not months:
            raise UnknownName(_("counts"), _("no month was counted yet"), _("ask again when one is over"))
        wanted = months[0]
    found = counted(scope, *wanted)
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(("month", "kind", "question", "area", "answer", "count"))
    for one in found.tables:
        for area, cells in one.cells.items():
            for answer, n in cells.items():
                write((found.month, found.kind, one.question, area, answer or "-", _figure(n)))
        for answer, n in one.totals.items():
            write((found.month, found.kind, one.question, "*", answer or "-", _figure(n)))
    for area, n in found.rows.items():
        write((found.month, found.kind, "*", area, "*", _figure(n)))
    write((found.month, found.kind, "*", "*", "*", _figure(found.total)))
    answer_ = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    answer_["Content-Disposition"] = f'attachment; filename="counts-{found.month}.csv"'
    return answer_


def _table(found: Counted, one: CountedTable, areas: dict[str, str]) -> TableOnPage:
    question = _question(found.kind, one.question)
    columns = [
        in_words(question.words[code]) if question and code in question.words else code or _("No answer")
        for code in one.columns
    ]
    lines = [
        (areas.get(area, area), [one.cells[area][code] for code in one.columns], area in one.withheld)
        for area in found.areas
    ]
    told = [line for line in lines if any(n is not None for n in line[1]) or line[2]]
    return TableOnPage(
        in_words(question.title) if question else one.question,
        columns,
        told,
        [one.totals[code] for code in one.columns],
    )


def _question(kind: str, name: str) -> Question | None:
    found = kinds_in_use().get(kind)
    return next((asked for form in found.forms.values() if (asked := form.question(name))), None) if found else None


def _kind_title(kind: str) -> str:
    found = kinds_in_use().get(kind)
    return in_words(found.title) if found else kind


def _areas(frame: Frame) -> dict[str, str]:
    return {
        area.path: area.title.get(frame.language) or area.title.get("en") or area.path
        for area in places.jurisdictions(frame.scope)
    }


def _figure(n: int | None) -> str:
    return "" if n is None else str(n)
