"""How often a facility is inspected follows its gravest open risk: the plan, and the cases that it opens. Written for
``services``, inside its transactions.

The interval runs from the last inspection that was done, else from the first risk that was entered. A case is opened some days
ahead, once. One that is called off names the day of the next, and the plan goes on from there: on that day, or when the
interval ends that is counted from the calling off, whichever comes first; so nobody puts an inspection off for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from tocsin.packkit.answers import start_of
from tocsin.packkit.risks import InspectionPlan
from tocsin.records.cases import queries as cases
from tocsin.records.cases import services as case_services
from tocsin.records.cases.facts import CaseMoved, CaseOpened
from tocsin.records.cases.queries import Filter
from tocsin.records.cases.running import zone_of
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import service
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.places import queries as places
from tocsin.records.risks.facts import InspectionOverdue
from tocsin.records.risks.matrices import ends_of, matrices, pack_of
from tocsin.records.risks.models import InspectionRow, RiskRow
from tocsin.terms.errors import Refused, Unavailable
from tocsin.terms.moment import to_us

__all__ = ["on_case_moved", "on_case_opened", "open_due", "plan_facility"]

PLANNER = service("rule:risk-plan")
_AT_ONCE = 50
_TRY_AGAIN = timedelta(hours=1)  # where no post could own the case
log = logging.getLogger(__name__)


def on_case_opened(facts: Sequence[CaseOpened], now: datetime) -> None:
    """An inspection was opened, by the plan or by hand: the plan opens no second one."""
    _follow([(fact.kind, fact.case) for fact in facts], now)


def on_case_moved(facts: Sequence[CaseMoved], now: datetime) -> None:
    """An inspection was done or called off: the facility's next one is planned from there."""
    _follow([(fact.kind, fact.case) for fact in facts], now)


def plan_facility(facility: str, *, now: datetime) -> None:
    """Plan a facility's next inspection anew by its open risks and its inspections so far."""
    if not facility:
        return
    known = matrices()
    open_risks = RiskRow.objects.filter(facility=facility, closed_at=None)
    planned = [
        (risk, plan) for risk in open_risks.order_by("-level", "opened_at", "id")
        if risk.pack in known and (plan := known[risk.pack].plan) and _interval(risk)
    ]  # fmt: skip
    row = InspectionRow.objects.select_for_update().filter(facility=facility).first()
    if not planned:
        if row is not None:
            row.delete()
        return
    gravest, plan = planned[0]
    past = _inspections(plan, facility, gravest.jurisdiction)
    first = open_risks.order_by("opened_at").values_list("opened_at", flat=True)
    since = past.done or first[0]
    due_at = _interval_ends(gravest, past.off or since)
    if past.off and past.next_end:
        due_at = min(due_at, past.next_end)
    InspectionRow.objects.update_or_create(
        facility=facility,
        defaults={
            "jurisdiction": gravest.jurisdiction, "pack": gravest.pack, "grade": gravest.grade, "level": gravest.level,
            "since": since, "inspected": past.done is not None, "called_off": past.off, "due_at": due_at,
            "open_at": due_at - timedelta(days=plan.ahead_days), "case": past.is_open, "why_not": "", "tried_at": None,
            "overdue_at": row.overdue_at if row is not None and row.due_at == due_at else None,
        },
    )  # fmt: skip


def open_due(*, now: datetime) -> int:
    """Open a case for each facility whose inspection comes near, and tell, once, of each whose day has passed."""
    done = 0
    waiting = InspectionRow.objects.filter(
        Q(tried_at=None) | Q(tried_at__lte=now - _TRY_AGAIN), case="", open_at__lte=now
    )
    for row in waiting.order_by("open_at", "facility")[:_AT_ONCE]:
        done += _open(row, now)
    late = InspectionRow.objects.filter(overdue_at=None, due_at__lte=now)
    while late.exists():
        with transaction.atomic():
            for row in late.select_for_update().order_by("due_at", "facility")[:_AT_ONCE]:
                row.overdue_at = now
                row.save(update_fields=["overdue_at"])
                body = {"facility": row.facility, "due_us": to_us(row.due_at), "case": row.case}
                ledger.append(f"inspection:{row.facility}", "inspection_overdue", body, actor=PLANNER.name, now=now)
                outbox.put([InspectionOverdue(row.facility, row.jurisdiction, to_us(row.due_at))], now=now)
                done += 1
    return done


def _open(row: InspectionRow, now: datetime) -> int:
    plan = matrices()[row.pack].plan if row.pack in matrices() else None
    if plan is None:
        return 0
    opened_before = cases.count(EVERYWHERE, Filter("all", kind=plan.case, facility=row.facility))
    answers = {**plan.answers, plan.day: _day(row, now).isoformat()}
    try:
        with transaction.atomic():
            made = case_services.open_case(
                plan.case, answers, facility=row.facility, once=f"inspection:{row.facility}:{opened_before}"[:64],
                actor=PLANNER, now=now,
            )  # fmt: skip
            InspectionRow.objects.filter(facility=row.facility).update(case=made.id)
            body = {"facility": row.facility, "case": made.id, "grade": row.grade, "due_us": to_us(row.due_at)}
            ledger.append(f"inspection:{row.facility}", "inspection_planned", body, actor=PLANNER.name, now=now)
    except (Refused, Unavailable) as error:
        log.warning("no inspection of %s could be opened: %s", row.facility, error)
        InspectionRow.objects.filter(facility=row.facility).update(
            why_not=f"{error.rule}: {error.remedy}"[:300], tried_at=now
        )
        return 0
    return 1


def _day(row: InspectionRow, now: datetime) -> date:
    """The day for which it is planned: the last one in time, else today."""
    last = max(row.due_at - timedelta(microseconds=1), now)
    return places.local_time(last, row.jurisdiction).date()


def _interval(risk: RiskRow) -> str:
    """The clock of its class's inspections; "" where the class, or the matrix, is declared no more."""
    matrix = matrices().get(risk.pack)
    found = next((one for one in matrix.classes if one.code == risk.grade), None) if matrix else None
    return found.inspect if found else ""


@dataclass(frozen=True, slots=True)
class _Past:
    """When the last inspection was done; when one was called off after that, and the end of the day that was named then; the id
    of one that is open."""

    done: datetime | None
    off: datetime | None
    next_end: datetime | None
    is_open: str


def _inspections(plan: InspectionPlan, facility: str, area: str) -> _Past:
    found = cases.cases(EVERYWHERE, Filter("all", kind=plan.case, facility=facility), at_most=100)
    over = [(line.over_at, line) for line in found if line.over_at is not None]
    done = max((at for at, line in over if line.state == plan.done), default=None)
    off = [(at, line) for at, line in over if line.state == plan.called_off and (done is None or at > done)]
    at, last = max(off, key=lambda pair: pair[0], default=(None, None))
    named = (
        last.values.get(plan.next) if last else None
    )  # none where it was called off under an earlier version of the pack
    end = start_of((date.fromisoformat(named) + timedelta(days=1)).isoformat(), zone_of(area)) if named else None
    return _Past(done, at, end, next((line.id for line in found if line.over_at is None), ""))


def _interval_ends(risk: RiskRow, since: datetime) -> datetime:
    return ends_of(pack_of(risk.pack), _interval(risk), since, risk.jurisdiction).due_at


def _follow(moved: list[tuple[str, str]], now: datetime) -> None:
    kinds = {matrix.plan.case for matrix in matrices().values() if matrix.plan}
    for kind, case in moved:
        if kind in kinds:
            with transaction.atomic():
                plan_facility(cases.case_file(EVERYWHERE, case).line.facility, now=now)
