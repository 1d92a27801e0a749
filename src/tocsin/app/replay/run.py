"""Run: a dataset through validation, ticks, engine and grouping, exactly as live data goes; nothing is judged here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from tocsin.app.engine_process.standing_places import PlaceBook
from tocsin.app.replay.dataset import Dataset
from tocsin.app.replay.intake import Taken, take_in
from tocsin.app.replay.signals import SignalSpan, spans
from tocsin.engine.event_change import EventChange
from tocsin.engine.grouping import Grouper, no_data_rules
from tocsin.engine.runner import Engine
from tocsin.engine.ticks import with_ticks
from tocsin.packkit import Pack
from tocsin.terms.event import Event
from tocsin.terms.level import Scheme
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Transition
from tocsin.terms.stream import Catalogue

__all__ = ["Progress", "Replayed", "replay"]

Progress = Callable[[str, int, int], None]  # what is being done, how much of it, of how much


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a dataset. ``counts``: taken, missing, refused, late, duplicate. ``refused`` has the columns of the
    quarantine. ``events`` as they stood at the end, in order of beginning. ``seconds`` by stage."""

    dataset: Dataset
    pack: Pack
    transitions: tuple[Transition, ...]
    signals: tuple[SignalSpan, ...]
    changes: tuple[EventChange, ...]
    events: tuple[Event, ...]
    counts: dict[str, int]
    refused: pa.Table
    began_us: int
    ended_us: int
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def scheme(self) -> Scheme:
        """The pack's levels."""
        return self.pack.scheme

    def without(self, readings: Sequence[tuple[str, int]]) -> Replayed:
        """The same replay with these readings (stream id, observed_at in us) left out."""
        rows, keep = self.dataset.rows, np.ones(len(self.dataset.rows), bool)
        for stream, at in readings:
            keep &= ~((rows.stream == self.dataset.catalogue.index(stream)) & (rows.observed_at == at))
        return replay(replace(self.dataset, rows=rows.take(keep)), self.pack)


def replay(dataset: Dataset, pack: Pack, *, progress: Progress | None = None) -> Replayed:
    """Validate all rows, run the pack's rules over them in order of time, group the signals into events."""
    say = progress or (lambda what, done, of: None)
    seconds: dict[str, float] = {}
    began = time.perf_counter()
    taken = take_in(dataset, say)
    seconds["validation"] = time.perf_counter() - began
    ended_us = int(dataset.rows.observed_at[-1]) if len(dataset.rows) else 0
    began = time.perf_counter()
    engine = Engine(pack.rules, dataset.catalogue)
    steps = list(_run(engine, taken, round(dataset.profile.tick_s * 1e6), ended_us, say))
    transitions = tuple(t for step in steps for t in step.transitions)
    seconds["engine"] = time.perf_counter() - began
    began = time.perf_counter()
    changes = tuple(_group(pack, dataset.catalogue, steps))
    events = {change.event.id: change.event for change in changes}
    seconds["grouping"] = time.perf_counter() - began
    counters = engine.counters
    return Replayed(
        dataset=dataset,
        pack=pack,
        transitions=transitions,
        signals=tuple(spans(transitions)),
        changes=changes,
        events=tuple(sorted(events.values(), key=lambda e: (e.began_us, e.id))),
        counts={
            "rows": len(dataset.rows),
            "taken": int(counters.accepted.sum()),
            "missing": taken.missing,
            "refused": taken.refused.num_rows,
            "late": int(counters.late.sum()),
            "duplicate": int(counters.duplicate.sum()),
        },
        refused=taken.refused,
        began_us=int(dataset.rows.observed_at[0]) if len(dataset.rows) else 0,
        ended_us=ended_us,
        seconds=seconds,
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """What one record gave; ``tick_us`` for a tick."""

    transitions: list[Transition]
    tick_us: int | None = None


def _run(engine: Engine, taken: Taken, tick_us: int, ended_us: int, say: Progress) -> Iterator[_Step]:
    """Record by record, then the file's end: a last tick at its newest observation, and what lateness held back."""
    done, total = 0, sum(batch.num_rows for batch in taken.batches)
    records = (Record(seq, RecordKind.OBSERVATIONS, 0, batch) for seq, batch in enumerate(taken.batches))
    for record in with_ticks(records, tick_us):
        yield _Step(engine.feed(record), record.at_us if record.kind is RecordKind.TICK else None)
        if record.batch is not None:
            done += record.batch.num_rows
            say("judging", done, total)
    yield _Step(engine.feed(Record(engine.next_seq, RecordKind.TICK, ended_us)), ended_us)
    yield _Step(engine.finish(ended_us), ended_us)


def _group(pack: Pack, catalogue: Catalogue, steps: Sequence[_Step]) -> Iterator[EventChange]:
    """Events as the engine process makes them: fed record by record, advanced by ticks."""
    places = PlaceBook(catalogue, {rule.distinct for rule in pack.rules if rule.distinct})
    grouper = Grouper(
        pack.hazards,
        pack.cascades,
        (),
        pack.scheme,
        independent_of=places.independent,
        no_data_rules=no_data_rules(pack.rules),
    )
    for step in steps:
        if step.transitions:
            yield from grouper.feed(step.transitions, places)
        if step.tick_us is not None:
            yield from grouper.advance(step.tick_us)
