"""Run: a dataset through validation, ticks, engine and grouping, exactly as live data goes; nothing is judged here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

import numpy as np
import pyarrow as pa

from tocsin.app.engine_process.standing_places import PlaceBook
from tocsin.app.replay.dataset import Dataset
from tocsin.app.replay.intake import Taken, take_in
from tocsin.app.replay.signals import SignalSpan, spans
from tocsin.engine.event_change import EventChange
from tocsin.engine.grouping import Grouper, no_data_rules
from tocsin.engine.provisional.engine import ProvisionalEngine
from tocsin.engine.ticks import with_ticks
from tocsin.packkit import Pack, require_fit
from tocsin.terms.event import Event
from tocsin.terms.level import CHINA_FOUR_COLOUR, Scheme
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Finality, Transition
from tocsin.terms.stream import Catalogue

__all__ = ["Progress", "Replayed", "replay"]

Progress = Callable[[str, int, int], None]  # what is being done, how much of it, of how much


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a dataset under ``packs`` (of a log: all that were in force). ``counts``: taken, missing, refused,
    late, duplicate. ``transitions`` and ``signals`` are final; ``said`` is what was said provisionally ahead of them.
    ``refused`` has the columns of the quarantine. ``events`` as they stood at the end, in order of beginning. ``seconds`` by
    stage."""

    dataset: Dataset
    packs: tuple[Pack, ...]
    transitions: tuple[Transition, ...]
    signals: tuple[SignalSpan, ...]
    changes: tuple[EventChange, ...]
    events: tuple[Event, ...]
    counts: dict[str, int]
    refused: pa.Table
    began_us: int
    ended_us: int
    said: tuple[Transition, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    def highest(self, event: Event) -> int:
        """The highest level an event had; at its end its own level is that of the members still held."""
        return max(change.event.level for change in self.changes if change.event.id == event.id)

    @property
    def pack(self) -> Pack:
        """The (first) pack whose rules judged."""
        return self.packs[0]

    @property
    def scheme(self) -> Scheme:
        """The levels."""
        return self.packs[0].scheme if self.packs else CHINA_FOUR_COLOUR

    def without(self, observations: Sequence[tuple[str, int]]) -> Replayed:
        """The same replay with these observations (stream id, observed_at in us) left out."""
        rows, keep = self.dataset.rows, np.ones(len(self.dataset.rows), bool)
        for stream, at in observations:
            keep &= ~((rows.stream == self.dataset.catalogue.index(stream)) & (rows.observed_at == at))
        return replay(replace(self.dataset, rows=rows.take(keep)), self.pack)


def replay(dataset: Dataset, pack: Pack, *, progress: Progress | None = None) -> Replayed:
    """Validate all rows, run the pack's rules over them in order of time, group the signals into events.

    All rules run, whatever their dates: a rule may be tried on data older than itself. Raises BadUnit where the pack
    judges streams in another unit than the dataset registers them."""
    require_fit([pack], dataset.catalogue)
    say = progress or (lambda what, done, of: None)
    seconds: dict[str, float] = {}
    began = time.perf_counter()
    taken = take_in(dataset, say)
    seconds["validation"] = time.perf_counter() - began
    ended_us = int(dataset.rows.observed_at[-1]) if len(dataset.rows) else 0
    began = time.perf_counter()
    engine = ProvisionalEngine(pack.rules, dataset.catalogue)
    told = tuple(_run(engine, taken, round(dataset.layout.tick_s * 1e6), ended_us, say))
    transitions = tuple(t for t in told if t.finality is Finality.FINAL)
    seconds["engine"] = time.perf_counter() - began
    began = time.perf_counter()
    changes = tuple(_group(pack, dataset.catalogue, transitions, ended_us))
    events = {change.event.id: change.event for change in changes}
    seconds["grouping"] = time.perf_counter() - began
    counters = engine.final.counters
    return Replayed(
        dataset=dataset,
        packs=(pack,),
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
        said=tuple(t for t in told if t.finality is Finality.PROVISIONAL),
        seconds=seconds,
    )


def _run(engine: ProvisionalEngine, taken: Taken, tick_us: int, ended_us: int, say: Progress) -> Iterator[Transition]:
    """Record by record, then the file's end: a last tick at its newest observation, and what lateness held back."""
    done, total = 0, sum(batch.num_rows for batch in taken.batches)
    records = (Record(seq, RecordKind.OBSERVATIONS, 0, batch) for seq, batch in enumerate(taken.batches))
    for record in with_ticks(records, tick_us):
        yield from engine.feed(record)
        if record.batch is not None:
            done += record.batch.num_rows
            say("judging", done, total)
    yield from engine.feed(Record(engine.next_seq, RecordKind.TICK, ended_us))
    yield from engine.finish(ended_us)


def _group(pack: Pack, catalogue: Catalogue, transitions: Sequence[Transition], ended_us: int) -> Iterator[EventChange]:
    """Events as the engine process makes them when ticks are as dense as they can be.

    Live, a tick a second lets silences and areas be judged when they fall due, so transitions become known in order of
    event time. A recorded file gets few ticks (they cost time and change no signal), so that order is restored here:
    events then do not depend on how many there were."""
    places = PlaceBook(catalogue, {rule.distinct for rule in pack.rules if rule.distinct})
    grouper = Grouper(
        pack.spoken_of,
        pack.cascades,
        (),
        pack.scheme,
        independent_of=places.independent,
        no_data_rules=no_data_rules(pack.rules),
    )
    ordered = sorted(transitions, key=lambda t: (t.at_us, t.rule, str(t.subject)))
    for at_us, together in groupby(ordered, key=attrgetter("at_us")):
        yield from grouper.advance(at_us)
        yield from grouper.feed(together, places)
    yield from grouper.advance(ended_us)
