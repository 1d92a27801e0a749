"""The evaluation board: how well the loop works and where it leaks. Every figure has its number of cases, opens its definition
and the ledger entries it was computed from; fewer than five cases are not shown by department; nobody is ranked."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.ages import age_words
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.key_actions import key_actions
from tocsin.loop.evaluate import queries, services
from tocsin.loop.evaluate.compute import Case, Figure, Period, Step
from tocsin.loop.evaluate.definitions import Indicator, indicators
from tocsin.loop.evaluate.queries import FEW, Group
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import iso, to_us

__all__ = ["evaluation", "evaluation_csv", "indicator_page", "keep"]

KEYS = ("filter", "export", "help")
DAYS = (1, 7, 30, 365)
CASES_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class FigureOnPage:
    """An indicator with its words. ``headline``: share, else median; ``few``: so few cases that a share says little."""

    id: str
    title: str
    definition: str
    source: str
    verified: bool
    headline: str
    share: str
    interval: str
    n: int
    hits: int | None
    waiting: int
    median: str
    p90: str
    few: bool


@dataclass(frozen=True, slots=True)
class StepOnPage:
    """A stage of the funnel with its words; ``slowest``: the step that takes longest."""

    word: str
    n: int
    of: int
    median: str
    step: str
    slowest: bool


@require_safe
@acting(Act.READ_EVALUATION)
@one_moment()
def evaluation(request: HttpRequest) -> HttpResponse:
    """The board."""
    frame = open_frame(request)
    days, period = _period(request, frame)
    board = queries.figures(frame.scope, period)
    context = frame.context(request, "evaluation", "loop.css", "staff.css", "review.css") | {
        "board_script": asset_url("board.js"), "key_actions": key_actions(KEYS), "days": days, "choices": _choices(),
        "since": request.GET.get("since", ""), "until": request.GET.get("until", ""), "query": request.GET.urlencode(),
        "root": board.root, "root_us": to_us(board.root.at) if board.root else None,
        "figures": [_figure(figure, frame) for figure in board.figures], "steps": _steps(board.steps),
        "departments": [_departments(figure, frame) for figure in board.figures if figure.id in _BY_DEPARTMENT],
        "kept": [(line.id, line.root, to_us(line.computed_at)) for line in queries.computations(frame.scope)],
        "few": FEW,
    }  # fmt: skip
    return render(request, "console/evaluation.html", context)


@require_safe
@acting(Act.READ_EVALUATION)
@one_moment()
def indicator_page(request: HttpRequest, indicator: str) -> HttpResponse:
    """One indicator: its definition, its figures, its cases with the ledger entries of each, by department and by role."""
    frame = open_frame(request)
    _days, period = _period(request, frame)
    board = queries.figures(frame.scope, period)
    figure = next((figure for figure in board.figures if figure.id == indicator), None)
    if figure is None:
        raise UnknownName(_("indicator {id}").format(id=indicator), _("there is none of this name, or nothing is sealed yet"),
                          _("open the evaluation board"))  # fmt: skip
    cases = [_case(case) for case in sorted(figure.cases, key=lambda c: -c.began_us)[:CASES_AT_MOST]]
    context = frame.context(request, "evaluation", "loop.css", "staff.css", "review.css") | {
        "figure": _figure(figure, frame), "cases": cases, "total": len(figure.cases), "query": request.GET.urlencode(),
        "departments": _departments(figure, frame), "roles": _roles(figure), "few": FEW,
        "may_read_ledger": frame.actor.may(Act.READ_LEDGER),
    }  # fmt: skip
    return render(request, "console/indicator.html", context)


@require_safe
@acting(Act.READ_EVALUATION)
@one_moment()
def evaluation_csv(request: HttpRequest) -> HttpResponse:
    """The figures as CSV (UTF-8 with a byte order mark, so that spreadsheets read Chinese)."""
    frame = open_frame(request)
    _days, period = _period(request, frame)
    board = queries.figures(frame.scope, period)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["indicator", "title", "definition", "n", "hits", "share", "low_95", "high_95", "median_s", "p90_s",
                     "waiting", "since", "until", "as_of", "ledger_root", "ledger_root_hash"])  # fmt: skip
    since, until = (iso(at) if at is not None else "" for at in (period.since_us, period.until_us))
    root = [board.root.at.isoformat(), board.root.number, board.root.hash] if board.root else ["", "", ""]
    for figure in board.figures:
        of = _definition(figure.id)
        writer.writerow([figure.id, of.title[frame.language], of.definition[frame.language], figure.n, _number(figure.hits),
                         _number(figure.share), _number(figure.low), _number(figure.high), _seconds(figure.median_us),
                         _seconds(figure.p90_us), figure.waiting, since, until, *root])  # fmt: skip
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="tocsin-evaluation.csv"'
    return response


@require_POST
@acting(Act.READ_EVALUATION)
def keep(request: HttpRequest) -> HttpResponse:
    """Seal the ledger, compute anew for the reader's area and keep the figures with the root."""
    actor = actor_of_request(request)
    _days, period = _period(request, open_frame(request))
    services.compute_indicators(period, actor.jurisdiction, actor=actor, now=clock.now())
    query = request.GET.urlencode()
    return HttpResponseRedirect(reverse("console:evaluation") + (f"?{query}" if query else "") + "#kept")


# ---------------------------------------------------------------- the period
def _period(request: HttpRequest, frame: Frame) -> tuple[str, Period]:
    """``days`` back from now (whole days of the office), or ``since`` and ``until`` as dates, both included."""
    chosen = request.GET.get("days", "")
    today = datetime.fromtimestamp(frame.now_us / 1e6, UTC).astimezone(frame.zone).date()
    if chosen.isdecimal() and int(chosen) in DAYS:
        return chosen, Period(_midnight(today - timedelta(days=int(chosen) - 1), frame), None)
    since, until = (_date(request.GET.get(name, "")) for name in ("since", "until"))
    if since is None and until is None:
        return "", Period()
    return "dates", Period(
        _midnight(since, frame) if since else None, _midnight(until + timedelta(days=1), frame) if until else None
    )


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 < day.year < 9999 else None


def _midnight(day: date, frame: Frame) -> int:
    return to_us(datetime.combine(day, time(0), frame.zone))


def _choices() -> list[tuple[str, str]]:
    said = {1: _("Today"), 7: _("Last 7 days"), 30: _("Last 30 days"), 365: _("Last 365 days")}
    return [("", _("All time")), *((str(days), said[days]) for days in DAYS)]


# ---------------------------------------------------------------- words
_BY_DEPARTMENT = ("verified", "receipted", "rectified")


def _figure(figure: Figure, frame: Frame) -> FigureOnPage:
    of = _definition(figure.id)
    share = _percent(figure.share)
    interval = ""
    if figure.low is not None and figure.high is not None:
        interval = _("{low} to {high}").format(low=_percent(figure.low), high=_percent(figure.high))
    median = _length(figure.median_us)
    return FigureOnPage(
        figure.id, of.title[frame.language], of.definition[frame.language], of.source, of.verified, share or median or "–",
        share, interval, figure.n, figure.hits, figure.waiting, median, _length(figure.p90_us), figure.n < FEW,
    )  # fmt: skip


def _steps(steps: tuple[Step, ...]) -> list[StepOnPage]:
    words = {
        "opened": _("Opened"), "acknowledged": _("Acknowledged"), "verified": pgettext("stage", "Verified"),
        "warned": pgettext("stage", "Warned"), "responded": _("Response opened"), "closed": _("Closed"),
        "reviewed": _("Reviewed"),
    }  # fmt: skip
    longest = max((step.step_us or 0.0 for step in steps), default=0.0)
    return [
        StepOnPage(words.get(step.id, step.id), step.n, step.of, _length(step.median_us), _length(step.step_us),
                   bool(longest) and step.step_us == longest)
        for step in steps
    ]  # fmt: skip


def _departments(figure: Figure, frame: Frame) -> dict[str, Any]:
    titles = {line.id: line.title for line in org.departments(EVERYWHERE)}

    def title(group: Group) -> str:
        found = titles.get(group.id, {})
        return found.get(frame.language) or found.get("en") or group.id

    rows = [(title(group), _group_words(group)) for group in queries.by_department(figure)]
    return {"title": _definition(figure.id).title[frame.language], "rows": rows}


def _roles(figure: Figure) -> list[tuple[str, str]]:
    return [(group.id.replace("_", " "), _group_words(group)) for group in queries.by_role(figure)]


def _group_words(group: Group) -> str:
    if not group.shown:
        return _("fewer than 5 cases: not shown") if group.n < FEW else _("fewer than 5 people: not shown")
    return _("{share} of {n} ({low} to {high})").format(
        share=_percent(group.share), n=group.n, low=_percent(group.low), high=_percent(group.high)
    )


def _case(case: Case) -> dict[str, Any]:
    if case.waiting:
        said = _("waiting")
    elif case.whole:
        said = _("{part} of {whole}").format(part=case.part, whole=case.whole)
    else:
        said = {True: pgettext("case", "yes"), False: pgettext("case", "no"), None: "–"}[case.ok]
    return {"thing": case.thing, "began_us": case.began_us, "said": said, "entries": case.entries,
            "delay": _length(case.delay_us)}  # fmt: skip


def _definition(indicator: str) -> Indicator:
    return next(of for of in indicators() if of.id == indicator)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.0f} %"


def _length(us: float | None) -> str:
    return "" if us is None else age_words(us / 1e6)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _seconds(us: float | None) -> str:
    return "" if us is None else f"{us / 1e6:.3f}"
