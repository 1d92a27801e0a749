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
from tocsin.records.rows import put_rows
from tocsin.terms.errors import Damaged
from tocsin.terms.event import Event, EventState
from tocsin.terms.signal import Change, Finality, Subject, Transition

if TYPE_CHECKING:
    from tocsin.engine.event_change import EventChange

__all__ = ["EVENT_CHANGE", "LEDGER_SUBJECT", "SIGNAL_CHANGE", "Recorded", "evidence_text", "leaf", "record_batch"]

LEDGER_SUBJECT = "detect"
_AT_ONCE = 500  # names in one IN (...)
_RESTART = "restart the engine: it replays the log from the last recorded batch"
SIGNAL_CHANGE = ("signal_id", "change", "level", "previous", "at_us", "seq", "rule_version", "evidence", "finality",
                 "amends")  # fmt: skip
EVENT_CHANGE = ("event_id", "change", "state", "level", "at_us", "seq", "because", "finality")
_PLAIN = {len(SIGNAL_CHANGE): ("final", 0), len(EVENT_CHANGE): ("final",)}
_SIGNAL_STANDING = ("rule_version", "level", "peak", "onset_us", "changed_us", "cleared_us", "seq", "final_id", "finality",
                    "confirmed", "said", "awaited_us")  # fmt: skip
_SIGNAL = ("id", "rule", "hazard", "subject_kind", "subject_key", "quality", "silence", "jurisdiction",
           *_SIGNAL_STANDING)  # fmt: skip
_EVENT_STANDING = ("hazard", "state", "level", "began_us", "changed_us", "ended_us", "lon", "lat", "place",
                   "jurisdiction", "parent", "merged_into", "no_data", "explanation", "finality", "ahead")  # fmt: skip
_EVENT = ("id", *_EVENT_STANDING)


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
            signals, leaves = _put_signals(fresh, consumed_seq)
            leaves += _put_events(changes, consumed_seq)
            body = {"batch": consumed_seq, "after": mark.consumed_seq, "log_digest": log_digest,
                    "transitions": len(fresh), "event_changes": len(changes), "merkle": merkle_root(leaves)}  # fmt: skip
            ledger.append(LEDGER_SUBJECT, "batch_recorded", body, actor=actor, now=now)
            told = [_signal_fact(t, signal) for t, signal in zip(fresh, signals, strict=True)]
            outbox.put([*told, *map(_event_fact, changes)], now=now)
        EngineMark.objects.update(consumed_seq=consumed_seq, log_digest=log_digest)
        return Recorded(consumed_seq, len(fresh), len(changes))


def leaf(columns: Sequence[object]) -> bytes:
    """What the ledger's batch root covers of a row: the values of SIGNAL_CHANGE or EVENT_CHANGE, in that order. What is final
    and settles nothing is covered as it was before anything could be provisional, so that old batches still verify."""
    plain = _PLAIN.get(len(columns), ())
    if plain and tuple(columns[-len(plain) :]) == plain:
        columns = columns[: -len(plain)]
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode()


# ---------------------------------------------------------------- signals
def _put_signals(transitions: Sequence[Transition], batch: int) -> tuple[list[SignalRow], list[bytes]]:
    """The signal of each transition as it stands after the batch, and the leaf of each transition."""
    ids = [transition.known_as for transition in transitions]  # each is a hash: computed once
    standing = {row.id: row for row in _by_id(SignalRow, set(ids))}
    touched: dict[str, SignalRow] = {}
    for signal_id, transition in zip(ids, transitions, strict=True):
        touched[signal_id] = standing[signal_id] = _moved(standing.get(signal_id), signal_id, transition)
    _place(row for row in touched.values() if not row.jurisdiction)
    rows = ([getattr(row, column) for column in _SIGNAL] for row in touched.values())
    put_rows(SignalRow, _SIGNAL, rows, key="id", replace=_SIGNAL_STANDING)
    changes = [
        (
            signal_id,
            t.change.value,
            t.level,
            t.previous,
            t.at_us,
            t.seq,
            t.rule_version,
            evidence_text(t),
            t.finality.value,
            t.amends,
        )
        for signal_id, t in zip(ids, transitions, strict=True)
    ]
    put_rows(SignalChangeRow, (*SIGNAL_CHANGE, "batch"), [(*change, batch) for change in changes])
    return [touched[signal_id] for signal_id in ids], [leaf(change) for change in changes]


def _moved(row: SignalRow | None, signal_id: str, t: Transition) -> SignalRow:
    state, final = _state(row), t.finality is Finality.FINAL
    level = 0 if row is None else row.confirmed if final else row.level
    after = lifecycle.signal_after(state, t.change, t.finality)
    if after is None or level != t.previous:
        raise Damaged(f"signal {signal_id} ({t.rule} at {t.subject})",
                      f"{t.finality} {t.change} from level {t.previous} cannot follow {state} at level {level}",
                      _RESTART)  # fmt: skip
    if row is None:
        row = SignalRow(id=signal_id, rule=t.rule, hazard=t.hazard, subject_kind=t.subject.kind, subject_key=t.subject.key,
                        quality=t.quality, onset_us=t.onset_us, silence=_judged_silence(t), peak=0, confirmed=0, said=0,
                        finality=t.finality.value)  # fmt: skip
    if final and row.final_id is None:  # what it had been called provisionally is no height that it reached
        row.final_id, row.finality, row.onset_us, row.peak = t.signal, Finality.FINAL.value, t.onset_us, 0
    row.confirmed = t.level if final else row.confirmed
    if t.change is Change.RETRACTED or t.amends:
        row.said = 0
    elif not final:
        row.said = t.level
    if after is lifecycle.SignalState.RETRACTED:
        row.finality = Finality.RETRACTED.value
    row.level = max(row.confirmed, row.said)
    row.peak = max(row.peak, t.level if final or row.final_id is None else 0)
    row.rule_version, row.changed_us, row.seq, row.awaited_us = t.rule_version, t.at_us, t.seq, t.awaited_us
    row.cleared_us = t.at_us if row.level == 0 else None
    return row


def _state(row: SignalRow | None) -> lifecycle.SignalState:
    if row is None:
        return lifecycle.SignalState.NONE
    if row.finality != Finality.FINAL:
        return lifecycle.SignalState(row.finality)
    return lifecycle.SignalState.CLEARED if row.cleared_us is not None else lifecycle.SignalState.RAISED


def _place(rows: Iterable[SignalRow]) -> None:
    rows = list(rows)
    where = jurisdictions_of({Subject(row.subject_kind, row.subject_key) for row in rows})
    for row in rows:
        row.jurisdiction = where[Subject(row.subject_kind, row.subject_key)]


def evidence_text(transition: Transition) -> str:
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
    put_rows(EventRow, _EVENT, map(_event_columns, newest.values()), key="id", replace=_EVENT_STANDING)
    _put_members(newest)
    _put_areas(newest)
    lines = [
        (
            c.event.id,
            str(c.change),
            c.event.state.value,
            c.event.level,
            c.at_us,
            c.seq,
            _words(c.because),
            c.event.finality.value,
        )
        for c in changes
    ]
    put_rows(EventChangeRow, (*EVENT_CHANGE, "batch"), [(*line, batch) for line in lines])
    return [leaf(line) for line in lines]


def _check_moves(newest: Mapping[str, Event]) -> None:
    before = {row.id: EventState(row.state) for row in _by_id(EventRow, newest)}
    for event in newest.values():
        if not lifecycle.event_may(before.get(event.id), event.state):
            raise Damaged(f"event {event.id}", f"{event.state} cannot follow {before.get(event.id)}", _RESTART)


def _event_columns(event: Event) -> list[object]:
    lon, lat = (value if math.isfinite(value) else None for value in (event.lon, event.lat))
    explanation = json.dumps([asdict(part) for part in event.explanation], ensure_ascii=False)
    other = {"state": event.state.value, "lon": lon, "lat": lat, "explanation": explanation,
             "finality": event.finality.value}  # fmt: skip
    return [other[column] if column in other else getattr(event, column) for column in _EVENT]


def _put_members(newest: Mapping[str, Event]) -> None:
    had = set(_pairs(EventMember, newest, "signal_id"))
    wanted = ((event.id, signal) for event in newest.values() for signal in event.signals)
    put_rows(EventMember, ("event_id", "signal_id"), [pair for pair in wanted if pair not in had])


def _put_areas(newest: Mapping[str, Event]) -> None:
    """An event touches the jurisdictions of its signals; a proposal, which has none yet, that of its facility."""
    wanted = {*_pairs(EventMember, newest, "signal__jurisdiction")}
    wanted |= {(event.id, event.jurisdiction) for event in newest.values() if not event.signals}
    fresh = sorted(wanted - set(_pairs(EventArea, newest, "jurisdiction")))
    put_rows(EventArea, ("event_id", "jurisdiction"), fresh)


def _pairs(model: type[EventMember | EventArea], events: Iterable[str], column: str) -> Iterator[tuple[str, str]]:
    ids = list(events)
    for start in range(0, len(ids), _AT_ONCE):
        rows = model.objects.filter(event_id__in=ids[start : start + _AT_ONCE])
        yield from rows.values_list("event_id", column).distinct()


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
    Change.RETRACTED: facts.SignalRetracted,
}
_EVENT_FACTS = {
    "proposed": facts.EventProposed,
    "opened": facts.EventOpened,
    "changed": facts.EventChanged,
    "ended": facts.EventEnded,
}


def _judged_silence(transition: Transition) -> bool:
    return any(measure.what.startswith("silent") for measure in transition.evidence)


def _signal_fact(t: Transition, row: SignalRow) -> object:
    kind: type = _SIGNAL_FACTS[t.change]
    if t.change is Change.RETRACTED and t.level:
        kind = facts.SignalChanged
    elif t.change is Change.RAISED and t.finality is Finality.FINAL and t.episode:
        kind = facts.SignalConfirmed
    told: object = kind(row.id, t.rule, t.hazard, t.subject.kind, t.subject.key, t.level, t.previous, t.at_us, t.quality,
                        row.silence, t.finality.value)  # fmt: skip
    return told


def _event_fact(change: EventChange) -> object:
    event, kind = change.event, str(change.change)
    if kind == "merged":
        return facts.EventMerged(event.id, event.hazard, event.level, change.at_us, event.merged_into or "")
    return _EVENT_FACTS[kind](event.id, event.hazard, event.level, change.at_us)
