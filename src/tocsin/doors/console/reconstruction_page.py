"""Whose a place was, what was known of it, what was done and what was not, before what a case is about happened: one page from
the case, told by the ledger alone. Looking at it is an entry of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.ages import absolute, age_words
from tocsin.doors.console.cases_form import shown_value
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.story_words import EntryOnPage, Teller, breach_words
from tocsin.loop.respond.doers import facility_title
from tocsin.loop.review import services as review
from tocsin.loop.review.owed import Owed
from tocsin.loop.review.reconstructing import READERS, Found, reconstruction
from tocsin.loop.review.reconstruction import PARTS, Held, Line
from tocsin.packkit.checklist import ITEM_ANSWERS, MET
from tocsin.packkit.clocks import ClockSpec
from tocsin.records import clock
from tocsin.records.cases.refusals import in_words
from tocsin.records.one_moment import one_moment
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.risks.matrices import matrices
from tocsin.terms.errors import BadTime
from tocsin.terms.moment import from_us, to_us

__all__ = ["reconstruction_page"]

_LINES = 300  # of a part; `tocsin duties reconstruct` prints all


@dataclass(frozen=True, slots=True)
class OwedOnPage:
    """Something that was due, in words; ``clause``: of its clock, ``verified``: somebody has read that."""

    what: str
    of: str
    clause: str
    verified: bool
    post: str
    due_us: int
    fate: str
    is_gap: bool
    subject: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class LineOnPage:
    """An entry with the number of its case or the title of its risk, the move's name, and the vouched answers in words."""

    entry: EntryOnPage
    of: str
    move: str
    answers: list[tuple[str, str]]


@require_safe
@acting(*READERS)
def reconstruction_page(request: HttpRequest, case_id: str) -> HttpResponse:
    """The page, at the moment that the case is about or at ``at``."""
    actor, now = actor_of_request(request), clock.now()
    actor.scope.require(Act.READ_CASES)
    with one_moment():
        frame = open_frame(request)
        error: BadTime | None = None
        try:
            at = _moment(request.GET.get("at", ""), frame)
        except BadTime as refused:
            at, error = None, refused
        found = reconstruction(frame.scope, case_id, at=at, now=now)
        context = _context(request, frame, found) | {"error": error}
    if request.method == "GET":
        review.note_read("reconstruction_read", {"case": case_id, "at_us": to_us(found.told.at)}, actor=actor, now=now)
    response = render(request, "console/reconstruction.html", context, status=422 if error else 200)
    response["Cache-Control"] = "no-store"
    return response


def _context(request: HttpRequest, frame: Frame, found: Found) -> dict[str, Any]:
    words, told = _Words(frame, found), found.told
    parts = [(name, title, told.part(name)) for name, title in _titles().items() if told.part(name)]
    owed = [words.owed(one) for one in told.owed]
    return frame.context(request, "cases", "loop.css", "staff.css", "review.css") | {
        "line": found.case, "kind": in_words(found.case.kind.title), "at_us": to_us(told.at),
        "at_local": told.at.astimezone(frame.zone).strftime("%Y-%m-%dT%H:%M"),
        "facility": facility_title(found.case.facility, frame.language),
        "now_at": from_us(frame.now_us).isoformat(),
        "duties": [words.duty(one) for one in told.duties], "gaps": [one for one in owed if one.is_gap],
        "owed": [one for one in owed if not one.is_gap],
        "parts": [(name, title, [words.line(line) for line in lines[-_LINES:]], max(0, len(lines) - _LINES))
                  for name, title, lines in parts],
        "entries": len(told.lines), "breaches": [breach_words(one) for one in found.breaches[:20]], "cut": found.cut,
    }  # fmt: skip


class _Words:
    """Makes words of a reconstruction in the reader's language."""

    def __init__(self, frame: Frame, found: Found) -> None:
        self._frame, self._found, self._teller = frame, found, Teller(frame)
        self._departments = {one.id: one.title for one in org.departments(EVERYWHERE)}

    def duty(self, one: Held) -> tuple[Held, str, str, int, int]:
        """A line of the duty list: department, post, from when, entered when."""
        title = self._departments.get(one.department, {})
        named = title.get(self._frame.language) or title.get("en") or one.department
        return one, named, self._teller.post(one.post) if one.post else "", to_us(one.from_at), to_us(one.told.at)

    def owed(self, one: Owed) -> OwedOnPage:
        """Something that was due."""
        spec = self._clock(one)
        told = one.told
        return OwedOnPage(
            self._what(one, spec), self._of(one.subject), spec.clause if spec else "", spec.verified if spec else True,
            self._teller.post(one.post) if one.post else "", to_us(one.due_at), self._fate(one),
            one.is_gap(self._found.told.at), told.subject, told.number, told.hash,
        )  # fmt: skip

    def line(self, line: Line) -> LineOnPage:
        """An entry."""
        told, case = line.told, self._found.cases.get(line.told.subject)
        move = case.kind.moves.get(str(told.body.get("move", ""))) if case else None
        return LineOnPage(self._teller.told(told), self._of(told.subject), in_words(move.title) if move else "",
                          [*self._named(line), *self._answers(line)])  # fmt: skip

    def _named(self, line: Line) -> Iterator[tuple[str, str]]:
        """What an entry names beside what a timeline shows of it: the class of a risk, posts, areas."""
        body = line.told.body
        if line.part == "risk" and body.get("grade"):
            matrix = matrices().get(str(body.get("pack", "")))
            graded = next((one.title for one in matrix.classes if one.code == body["grade"]), None) if matrix else None
            yield _("Class"), in_words(graded) if graded else str(body["grade"])
        if isinstance(body.get("owner"), str) and body["owner"]:
            yield _("Owner"), self._teller.post(body["owner"])
        if isinstance(body.get("review_us"), int):
            yield _("Next review"), absolute(body["review_us"], self._frame.zone, self._frame.now_us)
        if isinstance(body.get("posts"), list) and body["posts"]:
            yield _("Asked"), ", ".join(self._teller.post(str(one)) for one in body["posts"])
        if isinstance(body.get("areas"), list) and body["areas"]:
            yield _("Areas"), ", ".join(map(str, body["areas"]))

    def _answers(self, line: Line) -> Iterator[tuple[str, str]]:
        case = self._found.cases.get(line.told.subject)
        if case is None or line.answers is None:
            return
        met = 0
        for name, value in sorted(line.answers.items(), key=lambda pair: _place(case.kind, pair[0])):
            question = next((one for form in case.kind.forms.values() if (one := form.question(name))), None)
            if value == MET and question is not None and question.words == ITEM_ANSWERS:
                met += 1
            else:
                yield shown_value(case.kind, name, value, self._frame.zone)
        if met:
            yield _("Items of the checklist that were met"), str(met)

    def _clock(self, one: Owed) -> ClockSpec | None:
        case = self._found.cases.get(one.subject)
        if one.what == "helper" and case is not None and case.kind.legs is not None:
            return case.kind.clocks.get(case.kind.legs.clock)
        return case.kind.clocks.get(one.code) if case is not None and one.what == "clock" else None

    def _of(self, subject: str) -> str:
        case = self._found.cases.get(subject)
        if case is not None:
            return f"{case.number} {in_words(case.kind.title)}"
        return self._found.risks.get(subject) or ("" if subject.startswith("inspection:") else subject)

    def _what(self, one: Owed, spec: ClockSpec | None) -> str:
        if spec is not None and one.what == "clock":
            return in_words(spec.title)
        return {
            "inspection": _("Inspection by the plan"), "review": _("Review of the risk"), "task": _("Task"),
            "helper": _("A helper's part"), "opinion": _("Opinion"),
        }.get(one.what, one.code)  # fmt: skip

    def _fate(self, one: Owed) -> str:
        at, fate = self._found.told.at, one.fate(self._found.told.at)
        if fate == "late" and one.ended is not None:
            return _("{age} late").format(age=age_words((one.ended.at - one.due_at).total_seconds()))
        if fate == "missed":
            return _("Not done, overdue by {age}").format(age=age_words((at - one.due_at).total_seconds()))
        return {"kept": _("In time"), "dropped": _("Taken back")}.get(fate, _("Not due yet"))


def _place(kind: Any, name: str) -> tuple[int, int]:
    found = [(at, nth) for at, form in enumerate(kind.forms.values()) for nth, one in enumerate(form.questions)
             if one.name == name]  # fmt: skip
    return max(found, default=(99, 0))


def _titles() -> Mapping[str, str]:
    titles = {
        "risk": _("Risks on the register"), "inspection": _("Inspections"), "finding": _("Findings, orders and re-checks"),
        "case": _("Other cases of the place"), "task": _("Tasks and receipts"), "consultation": _("Who was asked"),
        "warning": _("Warnings and bulletins for the place"), "told": _("Who was told what"),
        "read": _("Readings of what lies under seal"), "event": _("The event"),
    }  # fmt: skip
    return {name: titles[name] for name in PARTS}


def _moment(text: str, frame: Frame) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text[:40])
    except ValueError:
        raise BadTime(_("moment"), _("it cannot be read"), _("choose day and time")) from None
    return at if at.tzinfo else at.replace(tzinfo=frame.zone)
