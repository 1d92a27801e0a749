"""Readers of review: the timeline of an event from the ledger, its gaps, its review, and how far the loop is with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.loop.detect import queries as detect
from tocsin.loop.review.closing import OpenEnd, findings_going_on, open_ends
from tocsin.loop.review.lifecycle import ReviewState
from tocsin.loop.review.loop_state import StageState, loop_state
from tocsin.loop.review.models import MeasureRow, ReviewRow
from tocsin.loop.review.story import Gap, Moment, Told, gaps, story
from tocsin.loop.verify import queries as verify
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.moment import from_us

__all__ = [
    "Integrity", "MeasureLine", "OpenEnd", "Review", "StageState", "Timeline", "findings_going_on", "is_closed", "loop_state",
    "may_read", "open_ends", "review", "reviews", "subjects_of", "timeline",
]  # fmt: skip
READERS = (Act.READ_LEDGER, Act.PUBLISH_REVIEW, Act.CLOSE_EVENT)  # any of them reads a timeline


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure; ``task`` "" until the review is published."""

    number: int
    words: str
    post: str
    due_at: datetime
    task: str


@dataclass(frozen=True, slots=True)
class Review:
    """The review of an event; ``version`` 0 and state NONE where nobody began one."""

    event: str
    state: ReviewState
    version: int
    lessons: str
    measures: tuple[MeasureLine, ...]
    drafted_at: datetime | None
    drafted_by: str
    published_at: datetime | None
    published_by: str
    entries: int
    digest: str


@dataclass(frozen=True, slots=True)
class Integrity:
    """Whether the chains that a timeline was told from are as they were written, recomputed now. ``verified_to`` of the
    event's own chain; ``root``: the newest root over it; ``at``: when its last sound entry was written."""

    verified_to: int
    at: datetime | None
    root: int | None
    chains: int
    entries: int
    breaches: tuple[ledger.Breach, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was edited, removed, inserted or reordered."""
        return not self.breaches


@dataclass(frozen=True, slots=True)
class Timeline:
    """Who knew what when. ``subjects``: the chains it was told from; ``digest`` covers every entry, so that a published
    review names the very timeline it was written about."""

    event: str
    hazard: str
    onset_us: int
    subjects: tuple[str, ...]
    moments: tuple[Moment, ...]
    gaps: tuple[Gap, ...]
    integrity: Integrity
    digest: str

    @property
    def decisions(self) -> tuple[Moment, ...]:
        """What people did, in a post."""
        return tuple(moment for moment in self.moments if moment.decision)


def may_read(scope: Scope) -> bool:
    """Whether a role may read timelines at all."""
    return any(scope.may(act) for act in READERS)


def timeline(scope: Scope, event_id: str, *, now: datetime) -> Timeline:
    """The timeline of an event, from the chains of the event, of events merged into it and of its findings, and from the
    engine batches that cover its changes. ``now`` only says how late an open deadline is. Raises NotAllowed, UnknownName."""
    if not may_read(scope):
        scope.require(Act.READ_LEDGER)
    event = detect.event(scope, event_id).event
    events = [event_id, *_merged_into(scope, event_id)]
    subjects = subjects_of(events)
    changes = detect.recorded_changes(scope, events)
    told = [*map(_told, ledger.chains(subjects)), *map(_detected, changes)]
    moments = story(event_id, event.began_us, told)
    heads = [[m.told.subject, m.told.number, m.told.hash, m.told.happened_us] for m in moments]
    return Timeline(
        event_id, event.hazard, event.began_us, tuple(subjects), tuple(moments),
        tuple(gaps([moment.told for moment in moments], now)), _integrity(event_id, subjects, changes),
        digest({"entries": heads}),
    )  # fmt: skip


def subjects_of(events: Sequence[str]) -> list[str]:
    """The chains that tell of these events: their own and those of the findings that they name."""
    named = {str(line.body["finding"]) for line in ledger.chains(events) if line.body.get("finding")}
    return [*events, *sorted(named - set(events))]


def review(scope: Scope, event_id: str) -> Review:
    """The review of an event as it stands. Raises NotAllowed, UnknownName."""
    scope.require(Act.READ_EVENTS)
    detect.event(scope, event_id)
    row = ReviewRow.objects.filter(event=event_id).first()
    if row is None:
        return Review(event_id, ReviewState.NONE, 0, "", (), None, "", None, "", 0, "")
    return _review(row)


def reviews(scope: Scope, event_ids: Iterable[str]) -> dict[str, ReviewState]:
    """How far the reviews of these events are; what has none is left out."""
    scope.require(Act.READ_EVENTS)
    rows = ReviewRow.objects.filter(scope.rows(), event__in=list(event_ids))
    return {row.event: ReviewState(row.state) for row in rows}


def is_closed(scope: Scope, event_id: str) -> bool:
    """Whether verify has closed the event's file."""
    detect.event(scope, event_id)
    file = verify.dossiers(EVERYWHERE, [event_id]).get(event_id)  # None: opened this moment
    return file is not None and file.closed_at is not None


def _merged_into(scope: Scope, event_id: str) -> Iterator[str]:
    for other in detect.event(scope, event_id).merged:
        yield other.id
        yield from _merged_into(scope, other.id)


def _told(line: ledger.Line) -> Told:
    return Told(line.at, line.order, line.subject, line.number, line.hash, line.actor, line.verb, line.body)


def _detected(recorded: detect.RecordedChange) -> Told:
    change, line = recorded.change, recorded.line
    body = {"event": change.event, "level": change.level, "state": str(change.state)}
    verb = f"event_{change.change}"
    if line is None:  # no entry covers it: somebody put the row there
        return Told(from_us(change.at_us), 0, "detect", 0, "", "", verb, body, change.at_us, covered=False)
    return Told(line.at, line.order, line.subject, line.number, line.hash, line.actor, verb, body, change.at_us)


def _integrity(event_id: str, subjects: Sequence[str], changes: Sequence[detect.RecordedChange]) -> Integrity:
    states = {subject: ledger.chain_state(subject) for subject in subjects}
    breaches = [breach for state in states.values() for breach in state.breaches]
    own = states[event_id]
    return Integrity(own.verified_to, own.verified_at, own.root, len(states), sum(s.length for s in states.values()),
                     (*breaches, *detect.verify_batches_of(changes)))  # fmt: skip


def _review(row: ReviewRow) -> Review:
    measures = tuple(
        MeasureLine(m.number, m.words, m.post, m.due_at, m.task)
        for m in MeasureRow.objects.filter(review=row).order_by("number")
    )
    return Review(row.event, ReviewState(row.state), row.version, row.lessons, measures, row.drafted_at, row.drafted_by,
                  row.published_at, row.published_by, row.entries, row.digest)  # fmt: skip
