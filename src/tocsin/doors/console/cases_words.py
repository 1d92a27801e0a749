"""Cases as pages show them, every word chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tocsin.doors.console.cases_form import Asked, asked
from tocsin.doors.console.frame import Frame
from tocsin.doors.console.standing import post_title
from tocsin.loop.respond.doers import facility_title
from tocsin.loop.review.words import verb_words
from tocsin.packkit.answers import AnswerFault
from tocsin.packkit.appeal_levels import next_level
from tocsin.packkit.case_moves import Standing, WhyNot, why_not
from tocsin.packkit.checklists import form_of
from tocsin.packkit.grading import grade_kept, hops_left
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.letters import APPEAL, GRADE, NEAR, PASSED
from tocsin.records.cases.queries import CaseFile, CaseLine, ClockLine
from tocsin.records.cases.refusals import in_words
from tocsin.records.cases.services.grading import GRADED
from tocsin.records.dispatch.queries import ToldLine
from tocsin.records.ledger.queries import Line
from tocsin.records.org.actor import Actor
from tocsin.terms.moment import to_us

__all__ = [
    "CaseOnPage",
    "ClockOnPage",
    "MoveOnPage",
    "case_on_page",
    "clocks_on_page",
    "letters_on_page",
    "levels_on_page",
    "hand_words",
    "moves_on_page",
    "own_page",
    "told",
]

_PAGES = {"rectify": "rectify:finding"}  # by the room that keeps a kind


@dataclass(frozen=True, slots=True)
class CaseOnPage:
    """A case with its words; ``where``: the facility, else the place; moments in microseconds."""

    line: CaseLine
    kind: str
    state: str
    owner: str
    where: str
    opened_us: int
    due_us: int | None
    over_us: int | None
    grade: str = ""


@dataclass(frozen=True, slots=True)
class ClockOnPage:
    """A clock with its words; ``acts``: what the reader may do to it, (code, word)."""

    line: ClockLine
    title: str
    clause: str
    verified: bool
    started_us: int
    due_us: int
    strict_us: int
    ended_us: int | None
    state: str
    acts: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MoveOnPage:
    """A move the reader may make: its questions, and whether one of them is to be corrected. ``items``: of its checklist, each
    with its note."""

    code: str
    title: str
    questions: list[Asked]
    is_open: bool
    list_title: str = ""
    items: list[tuple[Asked, Asked]] = field(default_factory=list)
    takes_pictures: bool = False


def case_on_page(line: CaseLine, language: str) -> CaseOnPage:
    """A case with its words."""
    return CaseOnPage(
        line, in_words(line.kind.title), in_words(line.kind.states[line.state].title), post_title(line.owner, language),
        facility_title(line.facility, language) or line.place,
        to_us(line.opened_at), to_us(line.due_at) if line.due_at and not line.is_over else None, _us(line.over_at),
        in_words(grade.title) if (grade := grade_kept(line.kind, line.values)) else "",
    )  # fmt: skip


def clocks_on_page(file: CaseFile, actor: Actor, now: datetime) -> list[ClockOnPage]:
    """The clocks of a case, running ones first."""
    return [_clock(one, file.line, actor, now) for one in file.clocks]


def moves_on_page(
    line: CaseLine,
    actor: Actor,
    typed: Mapping[str, str],
    chosen: str,
    faults: Sequence[AnswerFault],
    *,
    operates: bool,
    running: Sequence[str] = (),
) -> list[MoveOnPage]:
    """The moves that the reader may make now. Those that wait only for an answer of their own form are shown too. ``running``:
    clocks whose deadline lies ahead."""
    kind, out = line.kind, []
    standing = Standing(line.state, line.values, line.makers, line.legs_open, line.contested_at is not None,
                        line.replied_at is not None, running, hops_left(kind, line.values))  # fmt: skip
    for move in kind.moves_from(line.state):
        why = why_not(kind, move.code, standing, role=actor.role, account=actor.account, is_owner=actor.post == line.owner,
                      operates=operates)  # fmt: skip
        answers_itself = (
            why is WhyNot.WHEN and move.form and any(kind.forms[move.form].question(name) for name in move.when)
        )
        if why is None or answers_itself:
            mine = chosen == move.code
            form = form_of(kind, move, line.values)
            questions = asked(kind, form, line.values, move.code, typed if mine else {}, list(faults) if mine else [])
            items = (
                kind.checklists.lists[str(line.values[kind.checklists.by])]
                if kind.checklists and form != move.form
                else None
            )
            out.append(MoveOnPage(
                move.code, in_words(move.title), [one for one in questions if not one.item], mine,
                in_words(items.title) if items else "", _in_pairs([one for one in questions if one.item]),
                move.pictures or bool(items and any(item.picture for item in items.items)),
            ))  # fmt: skip
    return out


def _in_pairs(items: list[Asked]) -> list[tuple[Asked, Asked]]:
    return list(zip(items[::2], items[1::2], strict=True))


def own_page(line: CaseLine) -> str:
    """Where the steps of a case are made that a room keeps; "" for one that is worked on here."""
    return reverse(_PAGES[line.kind.room], args=[line.id]) if line.kind.room in _PAGES else ""


def hand_words(what: str) -> str:
    """What happened to the assignment."""
    return {
        "assigned": _("Assigned to"), "transferred": _("Handed to"), "contested": _("Disputed; named instead"),
        "ruled": _("Decided: it is for"), "stands_in": _("Stands in, for want of a post"),
    }.get(what, what)  # fmt: skip


def levels_on_page(kind: CaseKind, outcomes: Sequence[bool | None]) -> list[str]:
    """What each appeal of a case was called, in their order; ``outcomes``: whether they were upheld, None where one is open."""
    desks = [next_level(kind, [bool(upheld) for upheld in outcomes[:place]]) for place in range(len(outcomes))]
    return [(in_words(desk.title) if desk else "") or _("Appeal") for desk in desks]


def letters_on_page(lines: Sequence[ToldLine], language: str) -> list[tuple[str, str, int, str]]:
    """Letters about clocks: what, to whom, when it was put, what became of it."""
    words = {
        NEAR: _("Deadline near"), PASSED: _("Deadline passed"), APPEAL: _("Appeal made"), GRADE: _("Grade changed"),
    }  # fmt: skip
    became = {
        "accepted": _("on its way"), "waiting": _("waits"), "held": _("held back until the quiet hours end"),
        "bundled": _("went with others in one letter"), "superseded": _("a newer one went instead"),
        "failed": _("not reached"), "too_late": _("no longer wanted"),
    }  # fmt: skip
    return [
        (words.get(one.kind, one.kind), post_title(one.recipient.removeprefix("post:"), language), to_us(one.put_at),
         became.get(one.state, one.state)) for one in lines
    ]  # fmt: skip


def told(lines: Sequence[Line], line: CaseLine, frame: Frame) -> list[dict[str, Any]]:
    """The chain of a case as its timeline, the newest first: what, when, by which post."""
    out = []
    for one in reversed(lines):
        post = one.actor.partition("/")[0]
        what = str(verb_words(one.verb))
        if one.verb == "case_moved":
            move = line.kind.moves.get(one.body.get("move", ""))
            what = in_words(move.title) if move else what
        if one.verb == GRADED and line.kind.grade and (grade := line.kind.grade.grade(one.body.get("grade"))):
            what = f"{what}: {in_words(grade.title)}"
        code = one.body.get("clock", "")
        if code in line.kind.clocks:
            what = f"{what}: {in_words(line.kind.clocks[code].title)}"
        out.append({"what": what, "at_us": to_us(one.at), "by": _by(post, frame.language), "number": one.number})
    return out


def _by(post: str, language: str) -> str:
    if post == "requester":
        return _("The requester")
    return "" if ":" in post else post_title(post, language)


def _clock(one: ClockLine, line: CaseLine, actor: Actor, now: datetime) -> ClockOnPage:
    spec = line.kind.clocks[one.code]
    acts = []
    if one.ended_at is None and not line.survivor:
        if spec.pause and actor.role in spec.pause.who:
            acts.append(("resume", _("Let it go on")) if one.standing else ("pause", _("Stop the clock")))
        extends = spec.extension and actor.role in spec.extension.who and one.extensions < spec.extension.times
        if extends and (one.due_at > now or one.standing):
            acts.append(("extend", _("Extend it")))
    return ClockOnPage(one, in_words(spec.title), spec.clause, spec.verified, to_us(one.started_at), to_us(one.due_at),
                       to_us(one.strict_at), _us(one.ended_at), _state(one), acts)  # fmt: skip


def _state(one: ClockLine) -> str:
    if one.ended_at is not None:
        return (
            _("Ended late")
            if one.overdue_at
            else {"merged": _("Merged"), "waived": _("Waived"), "lapsed": _("Lapsed")}.get(one.ended_how, _("Ended"))
        )
    if one.standing:
        return _("Stands still")
    return _("Passed") if one.overdue_at else _("Near") if one.warned_at else _("Running")


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
