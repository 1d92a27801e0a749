"""Readers of detect. Each takes a scope; what lies outside it is not there."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from tocsin.loop.detect.models import EngineMark, EventArea, EventChangeRow, EventRow, SignalChangeRow, SignalRow
from tocsin.loop.detect.services import EVENT_CHANGE, LEDGER_SUBJECT, SIGNAL_CHANGE, leaf
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger.merkle import merkle_root
from tocsin.records.ledger.queries import Breach
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName
from tocsin.terms.event import EventState, LevelPart
from tocsin.terms.signal import Finality, Measure, Subject

__all__ = [
    "ChangeLine", "Changes", "EventDetail", "EventLine", "Mark", "RecordedChange", "SignalChangeLine", "SignalLine",
    "areas", "changes_since", "consumed_seq", "event", "events", "mark", "newest_cursor", "open_events", "open_signals",
    "recent_events", "recorded_changes", "signal", "signal_changes", "signals", "still_silent", "verify_batches",
    "verify_batches_of",
]  # fmt: skip

_LIVE = (EventState.OPEN, EventState.PROPOSED)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the log is recorded (-1 = nothing yet), and the digest of the log up to there."""

    consumed_seq: int
    log_digest: str


@dataclass(frozen=True, slots=True)
class SignalLine:
    """A signal as a list shows it. ``level`` 0 = cleared; moments in microseconds since 1970 UTC, event time.
    ``silence``: it stands for "no data". ``finality``, ``confirmed``, ``said`` and ``awaited_us`` as in the table: a signal
    whose ``said`` is not 0 is provisional at that level."""

    id: str
    rule: str
    rule_version: int
    hazard: str
    subject: Subject
    level: int
    peak: int
    quality: bool
    onset_us: int
    changed_us: int
    cleared_us: int | None
    jurisdiction: str
    silence: bool = False
    finality: Finality = Finality.FINAL
    final_id: str | None = None
    confirmed: int = 0
    said: int = 0
    awaited_us: int = 0


@dataclass(frozen=True, slots=True)
class SignalChangeLine:
    """One transition of a signal with its evidence (the doors make words of it)."""

    signal: str
    change: str
    level: int
    previous: int
    at_us: int
    seq: int
    rule_version: int
    evidence: tuple[Measure, ...]
    finality: Finality = Finality.FINAL
    amends: int = 0


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event as a list shows it. ``signals``: how many it has; ``lon``/``lat`` NaN where unknown. ``finality``: whether data
    still to come may undo it (provisional), or did (retracted); ``ahead``: whether its level rests on what is provisional."""

    id: str
    hazard: str
    state: EventState
    level: int
    began_us: int
    changed_us: int
    ended_us: int | None
    lon: float
    lat: float
    place: str
    parent: str | None
    merged_into: str | None
    no_data: bool
    signals: int
    jurisdiction: str = ""
    finality: Finality = Finality.FINAL
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line of the feed. ``cursor`` only grows."""

    cursor: int
    event: str
    change: str
    state: EventState
    level: int
    at_us: int
    seq: int
    because: str
    finality: Finality = Finality.FINAL


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened after a cursor: the changes, each touched event as it stands now, and the cursor to go on from.

    ``more``: the limit cut the list; ask again at once."""

    cursor: int
    changes: tuple[ChangeLine, ...]
    events: tuple[EventLine, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change of an event with the ledger entry whose root covers it; None where no entry does."""

    change: ChangeLine
    batch: int
    line: ledger.Line | None


@dataclass(frozen=True, slots=True)
class EventDetail:
    """Everything about one event: its level's explanation, its signals with their transitions, its family."""

    event: EventLine
    explanation: tuple[LevelPart, ...]
    signals: tuple[SignalLine, ...]
    signal_changes: tuple[SignalChangeLine, ...]
    changes: tuple[ChangeLine, ...]
    parent: EventLine | None
    children: tuple[EventLine, ...]
    merged: tuple[EventLine, ...]


def mark() -> Mark:
    """Where the engine goes on after a restart."""
    row = EngineMark.objects.first()
    return Mark(row.consumed_seq, row.log_digest) if row else Mark(-1, "")


def consumed_seq() -> int:
    """The last log record whose results are recorded; -1 = none."""
    return mark().consumed_seq


def open_signals(scope: Scope, *, quality: bool | None = None, at_most: int | None = None) -> list[SignalLine]:
    """Signals that hold now, highest level first, then oldest. ``quality``: only data-quality signals, or none of them."""
    scope.require(Act.READ_EVENTS)
    rows = SignalRow.objects.filter(scope.rows(), level__gt=0)
    if quality is not None:
        rows = rows.filter(quality=quality)
    return [_signal(row) for row in rows.order_by("-level", "onset_us", "id")[:at_most]]


def signals(
    scope: Scope,
    *,
    rule: str | None = None,
    hazard: str | None = None,
    subject: Subject | None = None,
    since_us: int | None = None,
    at_most: int = 1000,
) -> list[SignalLine]:
    """Signals, open and cleared, newest change first. ``since_us``: changed at or after that moment."""
    scope.require(Act.READ_EVENTS)
    wanted = {"rule": rule, "hazard": hazard, "changed_us__gte": since_us}
    if subject is not None:
        wanted |= {"subject_kind": subject.kind, "subject_key": subject.key}
    chosen = {name: value for name, value in wanted.items() if value is not None}
    rows = SignalRow.objects.filter(scope.rows(), **chosen).order_by("-changed_us", "id")
    return [_signal(row) for row in rows[:at_most]]


def signal(scope: Scope, signal_id: str) -> SignalLine:
    """One signal. Raises UnknownName where there is none in the scope."""
    scope.require(Act.READ_EVENTS)
    row = SignalRow.objects.filter(scope.rows(), id=signal_id).first()
    if row is None:
        raise UnknownName(f"signal {signal_id}", "no such signal in your scope", "open the list of signals")
    return _signal(row)


def signal_changes(scope: Scope, signal_ids: Sequence[str]) -> list[SignalChangeLine]:
    """The transitions of these signals in the order in which they were recorded."""
    scope.require(Act.READ_EVENTS)
    rows = SignalChangeRow.objects.filter(scope.rows("signal__jurisdiction"), signal_id__in=list(signal_ids)).order_by(
        "id"
    )
    return [_transition(row) for row in rows]


def still_silent(stream_ids: Collection[str]) -> set[str]:
    """Which of these streams have an open signal of silence (for the wiring, which has no scope)."""
    rows = SignalRow.objects.filter(silence=True, level__gt=0, subject_kind="stream", subject_key__in=list(stream_ids))
    return set(rows.values_list("subject_key", flat=True))


def open_events(scope: Scope, *, at_most: int | None = None) -> list[EventLine]:
    """Open and proposed events: highest level first, then the oldest."""
    rows = _events(scope).filter(state__in=_LIVE).order_by("-level", "began_us", "id")
    return [_event(row) for row in rows[:at_most]]


def recent_events(scope: Scope, *, at_most: int = 200) -> list[EventLine]:
    """Events of any state, the newest first."""
    return [_event(row) for row in _events(scope).order_by("-began_us", "id")[:at_most]]


def events(scope: Scope, event_ids: Collection[str]) -> dict[str, EventLine]:
    """Those of these events that the scope sees, as they stand."""
    return {row.id: _event(row) for row in _events(scope).filter(id__in=list(event_ids))}


def areas(event_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The jurisdictions that each of these events touches, in order (for rooms, which act for all of them)."""
    out: dict[str, list[str]] = {event_id: [] for event_id in event_ids}
    rows = EventArea.objects.filter(event_id__in=list(event_ids)).order_by("jurisdiction")
    for event_id, jurisdiction in rows.values_list("event_id", "jurisdiction"):
        out[event_id].append(jurisdiction)
    return {event_id: tuple(paths) for event_id, paths in out.items()}


def event(scope: Scope, event_id: str) -> EventDetail:
    """One event with all that explains it; signals outside the scope are left out.

    Raises UnknownName where there is none in the scope.
    """
    row = _events(scope).filter(id=event_id).first()
    if row is None:
        raise UnknownName(f"event {event_id}", "no such event in your scope", "open the list of events")
    members = SignalRow.objects.filter(scope.rows(), memberships__event=row).order_by("memberships__id")
    lines = tuple(_signal(member) for member in members)
    changes = EventChangeRow.objects.filter(event=row).order_by("id")
    family = _events(scope).order_by("-level", "began_us", "id")
    parent = family.filter(id=row.parent).first() if row.parent else None
    return EventDetail(
        event=_event(row),
        explanation=tuple(LevelPart(**part) for part in json.loads(row.explanation)),
        signals=lines,
        signal_changes=tuple(signal_changes(scope, [line.id for line in lines])),
        changes=tuple(_change(change) for change in changes),
        parent=_event(parent) if parent else None,
        children=tuple(_event(child) for child in family.filter(parent=event_id)),
        merged=tuple(_event(other) for other in family.filter(merged_into=event_id)),
    )


def changes_since(scope: Scope, cursor: int, *, at_most: int = 1000) -> Changes:
    """The feed after ``cursor`` (0 = from the beginning; ``newest_cursor`` = from now on)."""
    scope.require(Act.READ_EVENTS)
    rows = list(EventChangeRow.objects.filter(_seen(scope, "event_id"), id__gt=cursor).order_by("id")[: at_most + 1])
    more, rows = len(rows) > at_most, rows[:at_most]
    touched = {row.event_id for row in rows}
    events = _events(scope).filter(id__in=touched).order_by("-level", "began_us", "id")
    return Changes(
        cursor=rows[-1].pk if rows else cursor,
        changes=tuple(_change(row) for row in rows),
        events=tuple(_event(row) for row in events),
        more=more,
    )


def newest_cursor() -> int:
    """The cursor of the newest change: what a page that shows ``open_events`` goes on from (ask before reading them)."""
    return EventChangeRow.objects.order_by("-id").values_list("id", flat=True).first() or 0


def recorded_changes(scope: Scope, event_ids: Collection[str]) -> list[RecordedChange]:
    """What was recorded of these events, in the order of recording, each with the ledger entry of its batch: so one reads
    when the record learned it, and that it is what was written then."""
    rows = list(EventChangeRow.objects.filter(_seen(scope, "event_id"), event_id__in=list(event_ids)).order_by("id"))
    lines = ledger.entries_by(LEDGER_SUBJECT, "batch", {row.batch for row in rows})
    return [RecordedChange(_change(row), row.batch, lines.get(row.batch)) for row in rows]


def verify_batches() -> list[Breach]:
    """Compare every recorded transition and event change with the root that the ledger holds of its batch."""
    roots = {line.body["batch"]: line for line in ledger.chain(LEDGER_SUBJECT)}
    breaches = [breach for line in roots.values() for breach in _batch_breaches(line)]
    for model in (SignalChangeRow, EventChangeRow):
        batches = set(model.objects.values_list("batch", flat=True).distinct())
        strays = sorted(batches - roots.keys())
        breaches += [Breach(LEDGER_SUBJECT, 0, "inserted", f"batch {batch} was never recorded") for batch in strays]
    return breaches


def verify_batches_of(changes: Sequence[RecordedChange]) -> list[Breach]:
    """The same for the batches of these changes alone."""
    lines = {recorded.batch: recorded.line for recorded in changes}
    strays = [batch for batch, line in lines.items() if line is None]
    breaches = [Breach(LEDGER_SUBJECT, 0, "inserted", f"batch {batch} was never recorded") for batch in strays]
    return breaches + [breach for line in lines.values() if line is not None for breach in _batch_breaches(line)]


def _batch_breaches(line: ledger.Line) -> list[Breach]:
    batch = line.body["batch"]
    signal_rows = SignalChangeRow.objects.filter(batch=batch).order_by("id").values_list(*SIGNAL_CHANGE)
    event_rows = EventChangeRow.objects.filter(batch=batch).order_by("id").values_list(*EVENT_CHANGE)
    if merkle_root([leaf(row) for row in (*signal_rows, *event_rows)]) == line.body["merkle"]:
        return []
    return [Breach(LEDGER_SUBJECT, line.number, "edited", f"batch {batch} is not what was recorded")]


def _events(scope: Scope) -> QuerySet[EventRow]:
    scope.require(Act.READ_EVENTS)
    return EventRow.objects.filter(_seen(scope, "id")).annotate(members_n=Count("members"))


def _seen(scope: Scope, event_column: str) -> Q | Exists:
    if not scope.jurisdiction:
        return Q()
    return Exists(EventArea.objects.filter(scope.rows(), event_id=OuterRef(event_column)))


def _signal(row: SignalRow) -> SignalLine:
    return SignalLine(
        row.id, row.rule, row.rule_version, row.hazard, Subject(row.subject_kind, row.subject_key), row.level, row.peak,
        row.quality, row.onset_us, row.changed_us, row.cleared_us, row.jurisdiction, row.silence,
        Finality(row.finality), row.final_id, row.confirmed, row.said, row.awaited_us,
    )  # fmt: skip


def _transition(row: SignalChangeRow) -> SignalChangeLine:
    measures = tuple(
        Measure(m["what"], math.nan if m["value"] is None else m["value"], m["unit"], m["comparison"], m["threshold"])
        for m in json.loads(row.evidence)
    )
    return SignalChangeLine(
        row.signal_id, row.change, row.level, row.previous, row.at_us, row.seq, row.rule_version, measures,
        Finality(row.finality), row.amends,
    )  # fmt: skip


def _event(row: EventRow) -> EventLine:
    return EventLine(
        row.id, row.hazard, EventState(row.state), row.level, row.began_us, row.changed_us, row.ended_us,
        math.nan if row.lon is None else row.lon, math.nan if row.lat is None else row.lat, row.place, row.parent,
        row.merged_into, row.no_data, row.members_n, row.jurisdiction,  # type: ignore[attr-defined]
        Finality(row.finality), row.ahead,
    )  # fmt: skip


def _change(row: EventChangeRow) -> ChangeLine:
    return ChangeLine(
        row.pk, row.event_id, row.change, EventState(row.state), row.level, row.at_us, row.seq, row.because,
        Finality(row.finality),
    )  # fmt: skip
