"""Duty lists: whose something was at a moment, what holds then, who changed what; and for who keeps them, their forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.typed_moment import typed_moment
from tocsin.doors.refusals import status_of
from tocsin.geo.jurisdiction import lineage
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records import clock
from tocsin.records.cases.kinds import kinds_in_use
from tocsin.records.cases.refusals import in_words
from tocsin.records.duties import queries, services
from tocsin.records.duties.matter import matters_of
from tocsin.records.duties.queries import DutyLine
from tocsin.records.duties.services import NewLine
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places
from tocsin.terms.errors import Refused, UnknownName
from tocsin.terms.moment import from_us, to_us

__all__ = ["change_duties", "duties_page"]

ROWS_AT_MOST = 200
_FIELDS = ("facility", "matter", "area", "department", "post", "keeps", "from_at", "why")


@never_cache
@require_safe
@acting()
def duties_page(request: HttpRequest) -> HttpResponse:
    """The lists; they name offices, so every post may read them."""
    return _page(request)


@never_cache
@require_POST
@acting(Act.MANAGE_STAFF)
def change_duties(request: HttpRequest, verb: str) -> HttpResponse:
    """Enter a line, or its end. A refusal is shown above the page, with what was typed still in its form."""
    frame = open_frame(request)
    now = clock.now()
    try:
        if verb == "put":
            services.put_duties([_new_line(request)], actor=frame.actor, now=now)
        elif verb == "end":
            number = _text(request, "line")
            services.end_duty(int(number) if number.isdecimal() and len(number) < 16 else 0,
                              until_at=typed_moment(_text(request, "until_at")), actor=frame.actor, now=now)  # fmt: skip
        else:
            raise UnknownName(verb[:40], _("there is nothing here"), _("open the duty lists"))
    except Refused as error:
        return _page(request, error)
    return HttpResponseRedirect(reverse("console:duties"))


def _new_line(request: HttpRequest) -> NewLine:
    return NewLine(
        _text(request, "facility"), _text(request, "matter"), _text(request, "area"), _text(request, "department"),
        _text(request, "post"), request.POST.get("keeps") == "1", _text(request, "why"),
        typed_moment(_text(request, "from_at")),
    )  # fmt: skip


def _page(request: HttpRequest, error: Refused | None = None) -> HttpResponse:
    frame = open_frame(request)
    asked: Mapping[str, str] = {} if request.method == "POST" else request.GET
    try:
        at = typed_moment(asked.get("at", "")[:40]) or from_us(frame.now_us)
    except Refused as wrong:
        error, at = wrong, from_us(frame.now_us)
    facility, matter, area = asked.get("facility", "")[:100], asked.get("matter", "")[:200], asked.get("area", "")[:200]
    names = _Names(frame)
    context = frame.context(request, "duties", "loop.css", "staff.css") | {
        "error": error, "at_us": to_us(at), "asked": {"at": asked.get("at", "")[:40], "facility": facility, "matter": matter,
                                                      "area": area},
        "is_asked": bool(facility or matter), "answer": _answer(frame, names, at, facility, matter, area),
        "lines": [names.row(line) for line in queries.holding(frame.scope, at=at, at_most=ROWS_AT_MOST)],
        "changes": [names.row(line) for line in queries.history(frame.scope, at_most=50)],
        "manages": frame.actor.may(Act.MANAGE_STAFF), "typed": {name: request.POST.get(name, "") for name in _FIELDS},
        "refused": bool(error and request.method == "POST"),
        "facilities": sorted(names.facilities.items(), key=lambda pair: pair[1]),
        "areas": sorted(names.areas.items()), "matters": names.matters.items(),
        "departments": names.chosen(names.departments, [one.id for one in org.departments(frame.scope)]),
        "posts": names.chosen(names.posts, [one.id for one in org.posts(frame.scope)]),
    }  # fmt: skip
    return render(request, "console/duties.html", context, status=status_of(error) if error else 200)


def _answer(frame: Frame, names: _Names, at: Any, facility: str, matter: str, area: str) -> dict[str, Any] | None:
    """Whose it was; a facility brings its own area."""
    registered = places.facility(frame.scope, facility)
    where = registered.jurisdiction if registered else area
    kind, _colon, choice = matter.partition(":")
    question, _equals, value = choice.partition("=")
    matters = matters_of(kind, {question: value} if choice else {}) if matter else []
    line = queries.whose(frame.scope, at=at, facility=facility, matters=matters, area=where)
    return names.row(line) if line and (facility or matter) else None


class _Names:
    """Words for what lines name."""

    def __init__(self, frame: Frame) -> None:
        self._language, self._reader = frame.language, frame.actor
        self.facilities = {one.id: self._title(one.title, one.id) for one in places.facilities(frame.scope)}
        above = lineage(frame.scope.jurisdiction)
        self.areas = {
            one.path: self._title(one.title, one.path) for one in places.jurisdictions(EVERYWHERE)
            if frame.scope.covers(one.path) or one.path in above
        }  # fmt: skip
        self.departments = {one.id: self._title(one.title, one.id) for one in org.departments(EVERYWHERE)}
        self.posts = {one.id: self._title(one.title, one.id) for one in org.posts(EVERYWHERE)}
        self.matters = _matters(kinds_in_use())

    def row(self, line: DutyLine) -> dict[str, Any]:
        """A line as the page shows it."""
        return {
            "line": line, "facility": self.facilities.get(line.facility, line.facility),
            "matter": self.matters.get(line.matter, line.matter),
            "area": self.areas.get(line.jurisdiction, line.jurisdiction) or _("All areas"),
            "department": self.departments.get(line.department, line.department),
            "post": self.posts.get(line.post, line.post), "from_us": to_us(line.from_at),
            "until_us": to_us(line.until_at) if line.until_at else None, "put_us": to_us(line.put_at),
            "by": self.posts.get(line.put_by.partition("/")[0], line.put_by.partition("/")[0]),
            "may_end": line.until_at is None and self._reader.may(Act.MANAGE_STAFF)
                       and self._reader.scope.covers(line.jurisdiction),
        }  # fmt: skip

    @staticmethod
    def chosen(titles: Mapping[str, str], ids: list[str]) -> list[tuple[str, str]]:
        """Those of a reader's own area, by title: what its forms offer."""
        return sorted(((one, titles[one]) for one in ids), key=lambda pair: pair[1])

    def _title(self, titles: Mapping[str, str], otherwise: str) -> str:
        return titles.get(self._language) or titles.get("en") or otherwise


def _matters(kinds: Mapping[str, CaseKind]) -> dict[str, str]:
    """Every matter that a line may name, with its words: kinds of case and the choices of what they ask first."""
    found: dict[str, str] = {}
    for name, kind in kinds.items():
        found[name] = in_words(kind.title)
        for question in kind.forms[kind.form].questions if kind.form else ():
            if question.kind == "choice" and not question.sealed:
                words = {value: in_words(question.words.get(value, {})) or value for value in question.schema["enum"]}
                found |= {
                    f"{name}:{question.name}={value}": f"{in_words(kind.title)}: {word}"
                    for value, word in words.items()
                }
    return found


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()[:300]
