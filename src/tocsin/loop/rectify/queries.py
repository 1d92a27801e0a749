"""Readers of rectify. Each takes a scope; a facility's operator sees only its own facility, and none before its order. A
finding is read from its case and from what the room did beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from tocsin.loop.rectify.lifecycle import CASE_KIND, OPEN, FindingState, Grade
from tocsin.loop.rectify.models import WorkRow
from tocsin.records.cases import queries as cases
from tocsin.records.cases.queries import CaseLine, Filter
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = ["FindingLine", "PhotoLine", "finding", "findings", "open_of_event", "photos", "waiting_for"]


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding as it is read. ``number``: of its case; ``owner``: the post that has it."""

    id: str
    number: str
    owner: str
    event: str
    verification: str
    facility: str
    jurisdiction: str
    grade: Grade
    state: FindingState
    words: str
    recorded_at: datetime
    recorded_by: str
    recorded_account: str
    demand: str
    limit_at: datetime | None
    ordered_at: datetime | None
    ordered_by: str
    orders: int
    operator: str
    task: str
    person: str
    measures: str
    money: Decimal | None
    deadline_at: datetime | None
    plan: str
    planned_at: datetime | None
    planned_by: str
    fixed_at: datetime | None
    fixed_by: str
    fixed_account: str
    fixed_note: str
    recheck_task: str
    recheck_post: str
    rechecked_at: datetime | None
    rechecked_by: str
    recheck_said: str
    recheck_note: str
    overdue_at: datetime | None
    closed_at: datetime | None
    closed_by: str
    ended_why: str
    look_back_on: date | None
    look_back_task: str
    look_back_post: str
    looked_back_at: datetime | None
    looked_back_by: str
    look_back_said: str
    look_back_note: str
    found_again: str
    version: int

    @property
    def is_open(self) -> bool:
        """Whether something still has to happen to it."""
        return self.state in OPEN

    @property
    def due_at(self) -> datetime | None:
        """When it must be put right: the nearer of the plan's deadline and the order's limit."""
        if self.state == FindingState.PLANNED and self.deadline_at and self.limit_at:
            return min(self.deadline_at, self.limit_at)
        return self.limit_at


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """A photograph of a finding: ``moment`` found, fixed, recheck or look_back; "" where it was added by itself."""

    moment: str
    digest: str
    thumbnail: str
    at: datetime


def findings(
    scope: Scope, event: str | None = None, facility: str | None = None, state: str | None = None, *,
    is_open: bool | None = None, at_most: int = 200,
) -> list[FindingLine]:  # fmt: skip
    """Findings of a scope: the overdue first, then major before general, then the oldest."""
    which = {None: "all", True: "open", False: "over"}[is_open]
    if "" in (event, facility, state):
        return []  # nothing belongs to no event
    wanted = Filter(which, CASE_KIND, state or "", event=event or "", facility=facility or "")
    return sorted(
        _lines(scope, wanted, at_most),
        key=lambda f: (not f.is_open, f.overdue_at is None, f.grade != Grade.MAJOR, f.recorded_at, f.id),
    )


def finding(scope: Scope, finding_id: str) -> FindingLine:
    """One finding. Raises UnknownName where there is none in the scope."""
    found = _lines(scope, Filter("all", CASE_KIND, ids=(finding_id,)), 1)
    if not found:
        raise UnknownName(
            _("finding"), _("there is none with this address in your area"), _("open the list of findings")
        )
    return found[0]


def photos(scope: Scope, finding_id: str) -> list[PhotoLine]:
    """The photographs of a finding in the order in which they came."""
    kept = cases.documents(scope, finding(scope, finding_id).id)
    return [PhotoLine(_MOMENTS.get(one.step, ""), one.digest, one.thumbnail, one.at) for one in kept]


def open_of_event(scope: Scope, event: str) -> list[FindingLine]:
    """Findings of an event that are not closed: for the guard that closes the event."""
    return findings(scope, event=event, is_open=True)


def waiting_for(scope: Scope) -> list[FindingLine]:
    """Findings in which the next step is this role's."""
    steps = {
        Role.CASE_HANDLER: (FindingState.RECORDED, FindingState.RECHECKED, FindingState.REOPENED),
        Role.FACILITY_OPERATOR: (FindingState.ORDERED, FindingState.PLANNED, FindingState.REOPENED),
        Role.INSPECTOR: (FindingState.FIXED,),
    }.get(Role(scope.role), ())
    waiting = [line for line in findings(scope, is_open=True) if line.state in steps]
    if scope.role == Role.INSPECTOR:
        asked = WorkRow.objects.filter(looked_back_at=None).exclude(look_back_task="").values_list("case", flat=True)
        back = _lines(scope, Filter("over", CASE_KIND, ids=tuple(asked[:500])), 200)
        waiting += sorted(back, key=lambda line: (line.look_back_on or date.max, line.id))
    return waiting


_MOMENTS = {
    "open": "found", "fixed": "fixed", "close": "recheck", "look_again": "recheck", "not_fixed": "recheck",
    "in_order": "look_back", "there_again": "look_back",
}  # fmt: skip
_OF_WORK = (
    "verification", "operator", "orders", "ordered_at", "ordered_by", "task", "overdue_at", "planned_at", "planned_by",
    "fixed_at", "fixed_by", "recheck_task", "recheck_post", "rechecked_at", "rechecked_by", "recheck_said", "closed_by",
    "look_back_on", "look_back_task", "look_back_post", "looked_back_at", "looked_back_by", "look_back_said",
)  # fmt: skip


def _lines(scope: Scope, wanted: Filter, at_most: int) -> list[FindingLine]:
    scope.require(Act.READ_FINDINGS)
    lines = cases.cases(scope, wanted, at_most=at_most)
    ids = [line.id for line in lines]
    work = WorkRow.objects.in_bulk(ids)
    again = _found_again(scope, lines)
    return [_line(line, work[line.id], again.get(line.id, "")) for line in lines if line.id in work]


def _found_again(scope: Scope, lines: Sequence[CaseLine]) -> dict[str, str]:
    """The finding that a look-back made of each."""
    over = [line.id for line in lines if line.is_over]
    return cases.children(scope, CASE_KIND, over) if over else {}


def _line(case: CaseLine, work: WorkRow, again: str) -> FindingLine:
    said: dict[str, Any] = case.values
    return FindingLine(
        id=case.id, number=case.number, owner=case.owner, event=case.event, facility=case.facility,
        jurisdiction=case.jurisdiction, grade=Grade(said["grade"]), state=FindingState(case.state), words=said["words"],
        recorded_at=case.opened_at, recorded_by=case.opened_by, recorded_account=case.makers.get("open", ""),
        demand=said.get("demand", ""), limit_at=_moment(said.get("limit_at")), person=said.get("responsible", ""),
        measures=said.get("measures", ""), money=_money(said.get("money")), deadline_at=_moment(said.get("deadline_at")),
        plan=said.get("plan", ""), fixed_account=case.makers.get("fixed", ""), fixed_note=said.get("fixed_note", ""),
        recheck_note=said.get("recheck_note", ""), ended_why=said.get("ended_why", ""), closed_at=case.over_at,
        look_back_note=said.get("look_back_note", ""), found_again=again, version=case.version,
        **{name: getattr(work, name) for name in _OF_WORK},
    )  # fmt: skip


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _money(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(str(amount)).quantize(Decimal("0.01"))
