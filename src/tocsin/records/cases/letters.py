"""Letters about clocks: the owner is told of a warning point and of a deadline, the supervisor of a deadline too; who owns an
appeal, that it was made; owner and supervisor, that the grade of a case changed.

A crossing is a fact, and each fact comes here once (``records.outbox.carrier``): so there is one letter for each crossing, also
when the worker was down as it happened. What is no longer so when the worker comes is not told. How and when a letter goes is
for ``records.dispatch``: its channels, quiet hours and limits. A letter holds number, kind, clock and date, never what a
case is about. Cases that a room of the loop keeps are told of by that room.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from tocsin.packkit.appeal_levels import next_level
from tocsin.packkit.grading import grade_kept
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.appeal_owner import nearest
from tocsin.records.cases.facts import CaseChanged, ClockNearing, ClockRunOut
from tocsin.records.cases.kinds import kind_of
from tocsin.records.cases.models import AppealRow, CaseRow, ClockRow
from tocsin.records.cases.refusals import in_words
from tocsin.records.cases.services.grading import GRADED
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.org import queries as org
from tocsin.records.org.actor import service
from tocsin.records.org.services import PostLine
from tocsin.terms.moment import to_us

__all__ = ["APPEAL", "GRADE", "NEAR", "PASSED", "on_case_changed", "on_clock_nearing", "on_clock_run_out"]

NEAR, PASSED, APPEAL = "case_deadline_near", "case_deadline_passed", "case_appeal_made"
GRADE = "case_grade_changed"
_BY = service("rule:clocks")


def on_clock_nearing(facts: Sequence[ClockNearing], now: datetime) -> None:
    """Warning points passed: whoever has it in hand is told, unless it is done, stands still, or was moved meanwhile."""
    for fact in facts:
        clock = _clock(fact)
        if clock is None or clock.ended_at or clock.standing or clock.warned_at is None or clock.due_at <= now:
            continue  # past the deadline the other letter says it
        _tell(NEAR, clock, fact.owner, now)


def on_clock_run_out(facts: Sequence[ClockRunOut], now: datetime) -> None:
    """Deadlines passed: whoever has it in hand is told, and the supervisor, also where it was done too late; unless the
    deadline was moved meanwhile."""
    for fact in facts:
        clock = _clock(fact)
        if clock is not None and to_us(clock.due_at) == fact.due_us:
            _tell(PASSED, clock, fact.owner, now)


def on_case_changed(facts: Sequence[CaseChanged], now: datetime) -> None:
    """Appeals were made: each owner is told, unless it is decided already. A grade changed: the owner of the case and the
    supervisor are told what it is now."""
    for fact in facts:
        if fact.what == GRADED:
            _tell_of_grade(CaseRow.objects.get(id=fact.case), now)
        if fact.what == "appeal_made":
            made = AppealRow.objects.select_related("case").filter(case=fact.case, decided_at=None).first()
            if made is not None:
                _tell_of_appeal(made, now)


def _tell_of_appeal(made: AppealRow, now: datetime) -> None:
    case = made.case
    kind = kind_of(case.kind, case.declaration_id)
    decided = AppealRow.objects.filter(case=case).exclude(decided_at=None).order_by("id")
    desk = next_level(kind, [bool(upheld) for upheld in decided.values_list("upheld", flat=True)])
    clock = ClockRow.objects.filter(case=case, purpose="appeal", ended_at=None).order_by("-id").first()

    def write(language: str) -> Text:
        given = {
            "number": case.number,
            "kind": in_words(kind.title),
            "level": (in_words(desk.title) if desk else "") or _("Appeal"),
        }
        body = _("{kind} {number}. {level}: it is yours to decide.").format(**given)
        if clock is not None:
            body += " " + _("By {due} ({clause}).").format(due=_local(clock), clause=kind.clocks[clock.code].clause)
        return Text(_("{number}: {level} asked for").format(**given), body)

    tell_posts(APPEAL, [org.post(made.owner)], write, about=case.id, link=f"/cases/{case.id}/", actor=_BY, now=now)


def _tell_of_grade(case: CaseRow, now: datetime) -> None:
    goes_on = CaseRow.objects.get(id=case.survivor) if case.survivor else case
    kind = kind_of(case.kind, case.declaration_id)
    grade = grade_kept(kind, case.values)
    if kind.grade is None or grade is None or case.purged_at is not None:
        return
    table, chain = kind.grade, kind.grade.chain
    running = ClockRow.objects.filter(case=case, code=chain.clock if chain else "", purpose="case", ended_at=None)
    next_hop = running.order_by("-id").first() if chain else None
    owner = org.post(goes_on.owner)
    posts = [owner, *nearest(kind.supervisor, case.jurisdiction, now=now, but=[owner.id])[:1]]

    def write(language: str) -> Text:
        given = {"number": case.number, "kind": in_words(kind.title), "grade": in_words(grade.title)}
        body = [_("{kind} {number} is now graded: {grade}.").format(**given)]
        if by := table.body(grade.investigated_by):
            body.append(_("Investigated by: {body}.").format(body=in_words(by.title)))
        if to := table.body(grade.report_to):
            body.append(_("To be reported up to: {body}.").format(body=in_words(to.title)))
        if next_hop is not None:
            clause = kind.clocks[next_hop.code].clause
            body.append(_("The next report up is due by {due} ({clause}).").format(due=_local(next_hop), clause=clause))
        return Text(_("{number}: now {grade}").format(**given), " ".join(body))

    link, thread = f"/cases/{goes_on.id}/", f"grade:{case.id}"
    tell_posts(GRADE, posts, write, about=goes_on.id, link=link, thread=thread, actor=_BY, now=now)


def _local(clock: ClockRow) -> str:
    return f"{clock.due_at.astimezone(ZoneInfo(clock.zone)):%Y-%m-%d %H:%M}"


def _clock(fact: ClockNearing | ClockRunOut) -> ClockRow | None:
    rows = ClockRow.objects.select_related("case", "leg")
    if fact.clock_id:
        return rows.filter(id=fact.clock_id).first()
    return rows.filter(case=fact.case, code=fact.clock).order_by("-id").first()  # told by an older version


def _tell(what: str, clock: ClockRow, named: str, now: datetime) -> None:
    case = clock.case
    goes_on = CaseRow.objects.get(id=case.survivor) if case.survivor else case
    kind = kind_of(case.kind, case.declaration_id)
    if kind.room:
        return  # that room tells whoever must act
    posts = [_owner(clock, kind, goes_on, named, now)]
    if what == PASSED:
        posts += nearest(kind.supervisor, case.jurisdiction, now=now, but=[posts[0].id])[:1]

    def write(language: str) -> Text:
        return _words(what, clock, kind, _local(clock))

    tell_posts(
        what, posts, write, about=goes_on.id, link=f"/cases/{goes_on.id}/", thread=f"clock:{clock.pk}",
        not_after=clock.due_at if what == NEAR else None, actor=_BY, now=now,
    )  # fmt: skip


def _owner(clock: ClockRow, kind: CaseKind, goes_on: CaseRow, named: str, now: datetime) -> PostLine:
    """Who has it in hand now: the helper of a leg, who decides an appeal or a dispute, else the owner of the case."""
    if clock.purpose == "ruling" and kind.ruling:
        desk = nearest(kind.ruling.role, goes_on.jurisdiction, now=now, but=[goes_on.owner])
        return desk[0] if desk else org.post(goes_on.owner)
    return org.post(named if clock.purpose in ("leg", "appeal") else goes_on.owner)


def _words(what: str, clock: ClockRow, kind: CaseKind, due: str) -> Text:
    spec = kind.clocks[clock.code]
    given = {"number": clock.case.number, "kind": in_words(kind.title), "clock": in_words(spec.title), "due": due,
             "clause": spec.clause}  # fmt: skip
    if what == NEAR:
        return Text(_("{number}: {clock} is due by {due}").format(**given),
                    _("{kind} {number}. {clock}: by {due} ({clause}).").format(**given))  # fmt: skip
    body = _("{kind} {number}. {clock} was due by {due} ({clause}).").format(**given)
    if clock.ended_at is not None:
        return Text(_("{number}: {clock} came too late").format(**given), f"{body} {_('It has been done since.')}")
    return Text(_("{number}: {clock} is overdue").format(**given), body)
