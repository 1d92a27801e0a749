"""How far the loop is with an event: eight stages, each with its state, since when, and until when it should be over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.loop.detect import queries as detect
from tocsin.loop.detect.queries import EventDetail
from tocsin.loop.rectify import queries as rectify
from tocsin.loop.respond import queries as respond
from tocsin.loop.review.closing import CLOSED_FINDING
from tocsin.loop.review.models import ReviewRow
from tocsin.loop.verify import queries as verify
from tocsin.loop.verify.queries import DossierLine
from tocsin.loop.warn import queries as warn
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.tasks import queries as tasks
from tocsin.terms.event import EventState
from tocsin.terms.moment import from_us

__all__ = ["STATES", "StageState", "loop_state"]

STATES = ("none", "todo", "running", "overdue", "done")


@dataclass(frozen=True, slots=True)
class StageState:
    """``state``: none (nothing was asked of it), todo (somebody should), running, overdue, done."""

    stage: str
    state: str
    since: datetime | None = None
    due: datetime | None = None


def loop_state(scope: Scope, event_id: str, *, now: datetime) -> list[StageState]:
    """The eight stages of an event in the order of the loop. An event that is merged into another has its stages there; here
    they stand as they were. Raises NotAllowed, UnknownName."""
    scope.require(Act.READ_EVENTS)
    detail = detect.event(scope, event_id)
    dossier = verify.dossiers(EVERYWHERE, [event_id]).get(event_id)
    return [
        _observe(detail), _detect(detail), _verify(detail, dossier, now), _warn(event_id, now), _respond(event_id, now),
        _rectify(event_id, now), _review(event_id, dossier), _evaluate(dossier),
    ]  # fmt: skip


def _observe(detail: EventDetail) -> StageState:
    first = min((signal.onset_us for signal in detail.signals), default=None)
    return StageState("observe", "none" if first is None else "done", None if first is None else from_us(first))


def _detect(detail: EventDetail) -> StageState:
    event = detail.event
    if event.state is EventState.OPEN:
        return StageState("detect", "running", from_us(event.began_us))
    if event.state is EventState.PROPOSED:
        return StageState("detect", "none", from_us(event.began_us))
    return StageState("detect", "done", from_us(event.ended_us or event.changed_us))


def _verify(detail: EventDetail, dossier: DossierLine | None, now: datetime) -> StageState:
    asked = [line for line in verify.verifications(EVERYWHERE, detail.event.id) if line.is_open]
    if asked:
        late = any(line.is_late(now) for line in asked)
        return StageState("verify", "overdue" if late else "running", min(line.asked_at for line in asked),
                          min(line.due_at for line in asked))  # fmt: skip
    if dossier is not None and not dossier.is_unverified:
        return StageState("verify", "done", dossier.verdict_at)
    live = detail.event.state is EventState.OPEN and (dossier is None or dossier.closed_at is None)
    return StageState("verify", "todo" if live else "none", dossier.opened_at if dossier else None)


def _warn(event_id: str, now: datetime) -> StageState:
    lines = warn.warnings_of(EVERYWHERE, event_id)
    waiting = [line for line in lines if str(line.state) in ("draft", "returned", "submitted")]
    if waiting:
        return StageState("warn", "running", min(line.drafted_at for line in waiting))
    holding = [line for line in lines if line.in_force(now)]
    if holding:
        return StageState("warn", "running", min(line.issued_at or line.drafted_at for line in holding),
                          max(line.expires_at for line in holding))  # fmt: skip
    issued = [line.issued_at for line in lines if line.issued_at is not None]
    return StageState("warn", "done", max(issued)) if issued else StageState("warn", "none")


def _respond(event_id: str, now: datetime) -> StageState:
    incident = respond.incident_of(EVERYWHERE, event_id)
    if incident is None:
        return StageState("respond", "none")
    if not incident.is_open:
        return StageState("respond", "done", incident.ended_at)
    due = [task.due_at for task in tasks.of_event(EVERYWHERE, event_id) if task.is_open]
    if not incident.runs:
        return StageState("respond", "todo", incident.proposed_at)
    return StageState("respond", _late(due, now), incident.opened_at, min(due, default=None))


def _rectify(event_id: str, now: datetime) -> StageState:
    findings = rectify.findings(EVERYWHERE, event=event_id)
    if not findings:
        return StageState("rectify", "none")
    going_on = [finding for finding in findings if str(finding.state) not in CLOSED_FINDING]
    if not going_on:
        return StageState("rectify", "done", max((f.closed_at or f.recorded_at for f in findings), default=None))
    due = [
        f.limit_at for f in going_on if f.limit_at is not None and str(f.state) in ("ordered", "planned", "reopened")
    ]
    return StageState("rectify", _late(due, now), min(f.recorded_at for f in going_on), min(due, default=None))


def _review(event_id: str, dossier: DossierLine | None) -> StageState:
    row = ReviewRow.objects.filter(event=event_id).first()
    if row is not None and row.published_at is not None:
        return StageState("review", "done", row.published_at)
    if row is not None:
        return StageState("review", "running", row.drafted_at)
    closed = dossier is not None and dossier.closed_at is not None
    return (
        StageState("review", "todo", dossier.closed_at if dossier else None) if closed else StageState("review", "none")
    )


def _evaluate(dossier: DossierLine | None) -> StageState:
    """Done once the indicators were computed over a ledger that holds the closing."""
    if dossier is None or dossier.closed_at is None:
        return StageState("evaluate", "none")
    computed = ledger.lines(verbs=("indicators_computed",), since=dossier.closed_at)
    return (
        StageState("evaluate", "done", computed[0].at)
        if computed
        else StageState("evaluate", "todo", dossier.closed_at)
    )


def _late(due: Iterable[datetime], now: datetime) -> str:
    return "overdue" if any(moment < now for moment in due) else "running"
