"""The risk register: the list with the plan of inspections, one risk, the form of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.risks_words import inspection_on_page, of_words, risk_on_page, steps, treatment_words
from tocsin.doors.refusals import status_of
from tocsin.geo.jurisdiction import is_inside
from tocsin.records import clock
from tocsin.records.cases.refusals import in_words
from tocsin.records.one_moment import one_moment
from tocsin.records.org import queries as org
from tocsin.records.org.roles import MAY, Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places
from tocsin.records.risks import queries, services
from tocsin.records.risks.matrices import matrices
from tocsin.records.risks.queries import Filter, RiskLine
from tocsin.records.risks.services import Assessment, NewRisk
from tocsin.terms.errors import Refused, Stale, UnknownName
from tocsin.terms.moment import from_us

__all__ = ["change", "new", "risk", "risks_page"]

SHEETS = ("loop.css", "staff.css")
AT_ONCE = 50
_FIELDS = (
    "of",
    "title",
    "pack",
    "facility",
    "area",
    "place",
    "likelihood",
    "consequence",
    "treatment",
    "measures",
    "why",
    "post",
)
_WHICH = ("open", "overdue", "closed", "all")


@require_safe
@acting(Act.READ_RISKS)
@one_moment()
def risks_page(request: HttpRequest) -> HttpResponse:
    """The list, the gravest first; above it what is overdue; below it when which facility is inspected."""
    frame = open_frame(request)
    now, given = from_us(frame.now_us), request.GET
    which, start = given.get("which", "open"), given.get("start", "0")
    level = given.get("level", "")
    wanted = Filter(which if which in _WHICH else "open", given.get("of", "") if given.get("of") in services.OF else "",
                    int(level) if level.isdecimal() and len(level) < 3 else 0, given.get("facility", "")[:100])  # fmt: skip
    first = int(start) if start.isdecimal() and len(start) < 8 else 0
    total = queries.count(frame.scope, wanted, now=now)
    shown = queries.risks(frame.scope, wanted, now=now, at_most=AT_ONCE, after=first)
    context = frame.context(request, "risks", *SHEETS) | {
        "shown": [risk_on_page(line, frame.language, now) for line in shown], "total": total, "wanted": wanted,
        "overdue": queries.count(frame.scope, Filter("overdue"), now=now),
        "which": [("open", _("Open")), ("overdue", _("Review overdue")), ("closed", _("Closed")), ("all", _("All"))],
        "kinds": of_words().items(), "levels": [(one.rank, one.word(frame.language)) for one in frame.words.scheme.levels],
        "first_row": first + 1, "last_row": first + len(shown),
        "previous": _to_row(request, max(first - AT_ONCE, 0)) if first else "",
        "next": _to_row(request, first + AT_ONCE) if first + AT_ONCE < total else "",
        "plan": [inspection_on_page(line, frame.language, now) for line in queries.inspections(frame.scope)],
        "may_enter": frame.actor.may(Act.KEEP_RISKS) and bool(matrices()),
    }  # fmt: skip
    return render(request, "console/risks.html", context)


@require_safe
@acting(Act.READ_RISKS)
def risk(request: HttpRequest, risk_id: str) -> HttpResponse:
    """One risk."""
    return _risk_page(request, risk_id)


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.KEEP_RISKS)
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new risk, and what it brings."""
    frame = open_frame(request)
    if request.method != "POST":
        return _form(request, frame, None)
    try:
        made = services.enter_risk(_given(request, frame), actor=frame.actor, now=clock.now())
    except Refused as error:
        return _form(request, frame, error)
    return HttpResponseRedirect(reverse("console:risk", args=[made]))


@require_POST
@acting(Act.KEEP_RISKS)
def change(request: HttpRequest, risk_id: str, verb: str) -> HttpResponse:
    """Assess it anew, hand it on, close it. A refusal is shown on the page, with what was typed still in its form."""
    actor, now = actor_of_request(request), clock.now()
    queries.risk_file(actor.scope, risk_id)
    try:
        version = _version(request)
        if verb == "assess":
            services.assess_risk(risk_id, _assessment(request), version=version, actor=actor, now=now)
        elif verb == "hand":
            services.hand_risk(risk_id, _text(request, "post"), version=version, actor=actor, now=now)
        elif verb == "close":
            services.close_risk(risk_id, _text(request, "why"), version=version, actor=actor, now=now)
        else:
            raise UnknownName(verb[:40], _("there is nothing here"), _("open the risk register"))
    except Refused as error:
        return _risk_page(request, risk_id, error, verb)
    return HttpResponseRedirect(reverse("console:risk", args=[risk_id]))


def _risk_page(request: HttpRequest, risk_id: str, error: Refused | None = None, verb: str = "") -> HttpResponse:
    with one_moment():
        frame = open_frame(request)
        file, now = queries.risk_file(frame.scope, risk_id), from_us(frame.now_us)
        line = file.line
        matrix = matrices().get(line.pack)
        keeps = frame.actor.may(Act.KEEP_RISKS) and line.closed_at is None and frame.scope.covers(line.jurisdiction)
        context = frame.context(request, "risks", *SHEETS) | {
            "risk": risk_on_page(line, frame.language, now), "error": error, "verb": verb,
            "typed": _typed(request, line, error),
            "assessments": [risk_on_page(one, frame.language, now, line.pack) for one in file.assessments],
            "keeps": keeps, "assesses": keeps and matrix is not None, "matrix": matrix, "steps": steps(matrix),
            "treatments": treatment_words().items(),
            "posts": _posts(line.jurisdiction, frame.language) if keeps else [],
            "inspection": next((inspection_on_page(one, frame.language, now) for one in queries.inspections(frame.scope)
                                if one.facility == line.facility), None) if line.facility else None,
        }  # fmt: skip
    return render(request, "console/risk.html", context, status=status_of(error) if error else 200)


def _typed(request: HttpRequest, line: RiskLine, error: Refused | None) -> dict[str, str]:
    """What was typed and refused, else the present assessment."""
    if error is not None:
        return {name: request.POST.get(name, "") for name in _FIELDS}
    return dict.fromkeys(_FIELDS, "") | {"likelihood": line.likelihood, "consequence": line.consequence,
                                         "treatment": line.treatment, "measures": line.measures}  # fmt: skip


def _form(request: HttpRequest, frame: Frame, error: Refused | None) -> HttpResponse:
    known = matrices()
    if not known:
        raise UnknownName(
            _("risk register"), _("no pack in use declares a matrix"), _("have a pack put in force that does")
        )
    typed: Mapping[str, str] = request.POST if request.method == "POST" else request.GET
    chosen = typed.get("pack") if typed.get("pack") in known else next(iter(known))
    areas = [(one.path, _title(one.title, one.path, frame)) for one in places.jurisdictions(frame.scope)]
    facilities = [(one.id, _title(one.title, one.id, frame)) for one in places.facilities(frame.scope)]
    context = frame.context(request, "risks", *SHEETS) | {
        "error": error, "typed": {name: typed.get(name, "") for name in _FIELDS}, "verb": "",
        "kinds": of_words().items(), "areas": areas, "treatments": treatment_words().items(),
        "facilities": sorted(facilities, key=lambda pair: pair[1]), "chosen_area": typed.get("area", frame.actor.jurisdiction),
        "packs": [(name, in_words(matrix.title)) for name, matrix in known.items()], "chosen": chosen,
        "steps": steps(known[str(chosen)]), "chosen_post": typed.get("post", frame.actor.post),
        "posts": _posts(frame.actor.jurisdiction, frame.language, below=True),
    }  # fmt: skip
    return render(request, "console/risk_new.html", context, status=status_of(error) if error else 200)


def _given(request: HttpRequest, frame: Frame) -> NewRisk:
    return NewRisk(
        _text(request, "of"), _text(request, "title"), _text(request, "pack"), _text(request, "post"), _assessment(request),
        _text(request, "facility"), _text(request, "place"), _text(request, "area") or frame.actor.jurisdiction,
    )  # fmt: skip


def _assessment(request: HttpRequest) -> Assessment:
    return Assessment(_text(request, "likelihood"), _text(request, "consequence"), _text(request, "treatment"),
                      _text(request, "measures"), _text(request, "why"))  # fmt: skip


def _posts(jurisdiction: str, language: str, *, below: bool = False) -> list[tuple[str, str]]:
    """Posts that may answer for a risk of a place (``below``: or of a place in its area)."""
    found = [
        post for post in org.posts(EVERYWHERE)
        if post.role in MAY[Act.KEEP_RISKS]
        and (is_inside(jurisdiction, post.jurisdiction) or (below and is_inside(post.jurisdiction, jurisdiction)))
    ]  # fmt: skip
    return sorted(((post.id, post.title.get(language) or post.title.get("en") or post.id) for post in found),
                  key=lambda pair: pair[1])  # fmt: skip


def _title(titles: Mapping[str, str], otherwise: str, frame: Frame) -> str:
    return titles.get(frame.language) or titles.get("en") or otherwise


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise Stale(_("form"), _("it says not which state it was made for"), _("load the page again"))
    return int(text)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n")[:5000]


def _to_row(request: HttpRequest, start: int) -> str:
    kept = {name: value for name, value in request.GET.items() if name != "start" and value}
    return "?" + urlencode(kept | ({"start": str(start)} if start else {}))
