"""The only writer of detect's tables: what the engine found, committed in one transaction for each engine batch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from tocsin.loop.detect import facts, lifecycle
from tocsin.loop.detect.models import (
    EngineMark,
    EventArea,
    EventChangeRow,
    EventMember,
    EventRow,
    SignalChangeRow,
    SignalRow,
)
from tocsin.loop.observe.queries import jurisdictions_of
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.merkle import merkle_root
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import Damaged
from tocsin.terms.event import Event, EventState
from tocsin.terms.signal import Change, Subject, Transition

if TYPE_CHECKING:
    from tocsin.engine.grouping import EventChange

__all__ = ["LEDGER_SUBJECT", "Recorded", "leaf", "record_batch"]

LEDGER_SUBJECT = "detect"
_AT_ONCE = 500  # names in one IN (...)
_RESTART = "restart the engine: it replays the log from the last recorded batch"
_SIGNAL_STANDING = ["rule_version", "level", "peak", "changed_us", "cleared_us", "seq"]
_EVENT_STANDING = ["hazard", "state", "level", "changed_us", "ended_us", "lon", "lat", "place", "parent", "merged_into",
                   "no_data", "explanation"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one call wrote. ``consumed_seq``: how far the log is recorded now."""

    consumed_seq: int
    transitions: int = 0
    event_changes: int = 0


def record_batch(
    *,
    transitions: Sequence[Transition],
    event_changes: Sequence[EventChange],
    consumed_seq: int,
    log_digest: str,
    actor: str,
    now: datetime,
    first_seq: int | None = None,
) -> Recorded:
    """Record what the engine found in the log up to and including record ``consumed_seq``: all of it or nothing.

    After a crash the engine evaluates again what it may have recorded already: transitions and event changes of records
    up to the mark are left out, so a repeat changes nothing and an overlap adds only what is new.
    ``first_seq`` is the first record this batch evaluated. Raises Damaged where it leaves out records after the mark,
    and where a transition or event change does not follow from what is recorded: then a batch is missing.
    """
    with transaction.atomic():
        EngineMark.objects.bulk_create([EngineMark()], ignore_conflicts=True)
        mark = EngineMark.objects.select_for_update().get(id=1)
        if first_seq is not None and first_seq > mark.consumed_seq + 1:
            raise Damaged(f"engine batch from record {first_seq}",
                          f"records {mark.consumed_seq + 1} to {first_seq - 1} were never recorded", _RESTART)  # fmt: skip
        if consumed_seq <= mark.consumed_seq:
            return Recorded(mark.consumed_seq)
        fresh = [transition for transition in transitions if transition.seq > mark.consumed_seq]
        changes = [change for change in event_changes if change.seq > mark.consumed_seq]
        if fresh or changes:
            leaves = _put_signals(fresh, consumed_seq) + _put_events(changes, consumed_seq)
            body = {"batch": consumed_seq, "after": mark.consumed_seq, "log_digest": log_digest,
                    "transitions": len(fresh), "event_changes": len(changes), "merkle": merkle_root(leaves)}  # fmt: skip
            ledger.append(LEDGER_SUBJECT, "batch_recorded", body, actor=actor, now=now)
            outbox.put([*map(_signal_fact, fresh), *map(_event_fact, changes)], now=now)
        EngineMark.objects.update(consumed_seq=consumed_seq, log_digest=log_digest)
        return Recorded(consumed_seq, len(fresh), len(changes))


def leaf(row: SignalChangeRow | EventChangeRow) -> bytes:
    """What the ledger's batch root covers of a row: every column, in order."""
    if isinstance(row, SignalChangeRow):
        parts = (row.signal_id, row.change, row.level, row.previous, row.at_us, row.seq, row.rule_version, row.evidence)
    else:
        parts = (row.event_id, row.change, row.state, row.level, row.at_us, row.seq, row.because)
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


# ---------------------------------------------------------------- signals
def _put_signals(transitions: Sequence[Transition], batch: int) -> list[bytes]:
    ids = [transition.signal for transition in transitions]  # each is a hash: computed once
    standing = {row.id: row for row in _by_id(SignalRow, set(ids))}
    touched: dict[str, SignalRow] = {}
    for signal_id, transition in zip(ids, transitions, strict=True):
        touched[signal_id] = standing[signal_id] = _moved(standing.get(signal_id), signal_id, transition)
    _place(row for row in touched.values() if not row.jurisdiction)
    SignalRow.objects.bulk_create(
        touched.values(), update_conflicts=True, unique_fields=["id"], update_fields=_SIGNAL_STANDING
    )
    rows = [
        SignalChangeRow(signal_id=signal_id, change=t.change.value, level=t.level, previous=t.previous, at_us=t.at_us,
                        seq=t.seq, rule_version=t.rule_version, evidence=_evidence(t), batch=batch)
        for signal_id, t in zip(ids, transitions, strict=True)
    ]  # fmt: skip
    SignalChangeRow.objects.bulk_create(rows)
    return [leaf(row) for row in rows]


def _moved(row: SignalRow | None, signal_id: str, t: Transition) -> SignalRow:
    state = lifecycle.SignalState.NONE
    if row is not None:
        state = lifecycle.SignalState.CLEARED if row.cleared_us is not None else lifecycle.SignalState.RAISED
    if lifecycle.signal_after(state, t.change) is None or (row is not None and row.level != t.previous):
        level = row.level if row else 0
        raise Damaged(f"signal {signal_id} ({t.rule} at {t.subject})",
                      f"{t.change} from level {t.previous} cannot follow {state} at level {level}", _RESTART)  # fmt: skip
    if row is None:
        row = SignalRow(id=signal_id, rule=t.rule, hazard=t.hazard, subject_kind=t.subject.kind, subject_key=t.subject.key,
                        quality=t.quality, onset_us=t.onset_us, peak=0)  # fmt: skip
    row.rule_version, row.level, row.changed_us, row.seq = t.rule_version, t.level, t.at_us, t.seq
    row.peak = max(row.peak, t.level)
    row.cleared_us = t.at_us if t.change is Change.CLEARED else None
    return row


def _place(rows: Iterable[SignalRow]) -> None:
    rows = list(rows)
    where = jurisdictions_of({Subject(row.subject_kind, row.subject_key) for row in rows})
    for row in rows:
        row.jurisdiction = where[Subject(row.subject_kind, row.subject_key)]


def _evidence(transition: Transition) -> str:
    """The measures as JSON; what is not a number (a window without data) as null."""
    measures = [
        {"what": m.what, "value": m.value if math.isfinite(m.value) else None, "unit": m.unit,
         "comparison": m.comparison, "threshold": m.threshold}
        for m in transition.evidence
    ]  # fmt: skip
    return json.dumps(measures, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


# ---------------------------------------------------------------- events
def _put_events(changes: Sequence[EventChange], batch: int) -> list[bytes]:
    if not changes:
        return []
    newest = {change.event.id: change.event for change in changes}
    _check_moves(newest)
    EventRow.objects.bulk_create(
        [_event_row(event) for event in newest.values()],
        update_conflicts=True, unique_fields=["id"], update_fields=_EVENT_STANDING,
    )  # fmt: skip
    _put_members(newest)
    _put_areas(newest)
    rows = [
        EventChangeRow(event_id=c.event.id, change=str(c.change), state=c.event.state.value, level=c.event.level,
                       at_us=c.at_us, seq=c.seq, because=_words(c.because), batch=batch)
        for c in changes
    ]  # fmt: skip
    EventChangeRow.objects.bulk_create(rows)
    return [leaf(row) for row in rows]


def _check_moves(newest: Mapping[str, Event]) -> None:
    before = {row.id: EventState(row.state) for row in _by_id(EventRow, newest)}
    for event in newest.values():
        if not lifecycle.event_may(before.get(event.id), event.state):
            raise Damaged(f"event {event.id}", f"{event.state} cannot follow {before.get(event.id)}", _RESTART)


def _event_row(event: Event) -> EventRow:
    return EventRow(
        id=event.id, hazard=event.hazard, state=event.state.value, level=event.level, began_us=event.began_us,
        changed_us=event.changed_us, ended_us=event.ended_us,
        lon=event.lon if math.isfinite(event.lon) else None, lat=event.lat if math.isfinite(event.lat) else None,
        place=event.place, parent=event.parent, merged_into=event.merged_into, no_data=event.no_data,
        explanation=json.dumps([asdict(part) for part in event.explanation], ensure_ascii=False),
    )  # fmt: skip


def _put_members(newest: Mapping[str, Event]) -> None:
    had = set(_pairs(EventMember, newest, "signal_id"))
    wanted = ((event.id, signal) for event in newest.values() for signal in event.signals)
    EventMember.objects.bulk_create(
        EventMember(event_id=event, signal_id=signal) for event, signal in wanted if (event, signal) not in had
    )


def _put_areas(newest: Mapping[str, Event]) -> None:
    """An event touches the jurisdictions of its signals; one that has none yet, those of its parent."""
    inherits = {event.id: event.parent for event in newest.values() if not event.signals and event.parent}
    of_parent = _grouped(_pairs(EventArea, {*inherits.values()}, "jurisdiction"))
    of_signals = _grouped(_pairs(EventMember, newest, "signal__jurisdiction"))
    wanted = {(event, area) for event, areas in of_signals.items() for area in areas}
    wanted |= {(event, area) for event, parent in inherits.items() for area in of_parent.get(parent, ())}
    fresh = sorted(wanted - set(_pairs(EventArea, newest, "jurisdiction")))
    EventArea.objects.bulk_create(EventArea(event_id=event, jurisdiction=area) for event, area in fresh)


def _pairs(model: type[EventMember | EventArea], events: Iterable[str], column: str) -> Iterator[tuple[str, str]]:
    ids = list(events)
    for start in range(0, len(ids), _AT_ONCE):
        rows = model.objects.filter(event_id__in=ids[start : start + _AT_ONCE])  # type: ignore[attr-defined]
        yield from rows.values_list("event_id", column).distinct()


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    out: dict[str, set[str]] = {}
    for key, value in pairs:
        out.setdefault(key, set()).add(value)
    return out


def _by_id(model: Any, ids: Iterable[str]) -> Iterator[Any]:
    names = list(ids)
    for start in range(0, len(names), _AT_ONCE):
        yield from model.objects.filter(id__in=names[start : start + _AT_ONCE])


def _words(because: object) -> str:
    return because if isinstance(because, str) else json.dumps(because, ensure_ascii=False, sort_keys=True, default=str)


# ---------------------------------------------------------------- facts
_SIGNAL_FACTS = {
    Change.RAISED: facts.SignalRaised,
    Change.CHANGED: facts.SignalChanged,
    Change.CLEARED: facts.SignalCleared,
}
_EVENT_FACTS = {
    "proposed": facts.EventProposed,
    "opened": facts.EventOpened,
    "changed": facts.EventChanged,
    "ended": facts.EventEnded,
}


def _signal_fact(t: Transition) -> object:
    silence = t.quality and any(measure.what.startswith("silent") for measure in t.evidence)
    return _SIGNAL_FACTS[t.change](t.signal, t.rule, t.hazard, t.subject.kind, t.subject.key, t.level, t.previous,
                                   t.at_us, t.quality, silence)  # fmt: skip


def _event_fact(change: EventChange) -> object:
    event, kind = change.event, str(change.change)
    if kind == "merged":
        return facts.EventMerged(event.id, event.hazard, event.level, change.at_us, event.merged_into or "")
    return _EVENT_FACTS[kind](event.id, event.hazard, event.level, change.at_us)
