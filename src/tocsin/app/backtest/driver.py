"""Driver: rules over a whole history, in one process or sharded over several, with the same result.

Each process reads all row groups (decoding is the cheap part), keeps the rows of its shard and judges them with an engine of
its own. Ticks are made from the running maximum of ``observed_at`` over *all* rows, so a shard sees time pass as the whole
does. Of the engine's changes only columns are kept; they are merged by subject and moment, whoever found them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.app.backtest.judged import Judged, Levels, joined
from tocsin.app.backtest.shards import shard_of_streams
from tocsin.app.home import Home
from tocsin.app.replay.row_groups import NEEDED, Chunk, history_chunks, history_files
from tocsin.engine.judge import Changes
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.walk import is_joint
from tocsin.engine.runner import Engine
from tocsin.formats.catalogue import catalogue_body, read_catalogue_body
from tocsin.loop.observe.log import History
from tocsin.packkit import Pack, require_fit
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Stream

__all__ = ["SMALL_BYTES", "Shard", "as_judged", "judge_chunks", "judge_history", "sharded"]

TICK_US = 3_600_000_000  # an hour of event time: what areas and lateness hold back until then stays small
SMALL_BYTES = 64 << 20  # a history below this is judged sooner than a second process has started
NOBODY = np.iinfo(np.int64).min


@dataclass(slots=True)
class Shard:
    """What one process found. ``rows``: observations it judged; ``first_us``/``newest_us`` over all rows read."""

    levels: dict[str, Levels] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    read: int = 0
    first_us: int = 0
    newest_us: int = 0


def judge_history(home: Home, pack: Pack, *, shards: int = 0, tick_us: int = TICK_US) -> Judged:
    """Judge a deployment's whole history by all rules of a pack. ``shards``: processes; 0 = one a core where the history
    is large. Raises Damaged for files that cannot be read, BadUnit where streams are in other units than the pack's."""
    began = time.perf_counter()
    history = History(home.parquet, home.log)
    versions, catalogue = _catalogue(history_chunks(history, catalogue_only=True))
    require_fit([pack], catalogue)
    joint = any(is_joint(rule) for rule in pack.rules)  # looks at signals of any other rule, wherever it was raised
    count = 1 if joint else shards or _fitting(history)
    shard = shard_of_streams(versions, pack.rules, count)
    seconds = {"catalogue": time.perf_counter() - began}
    began = time.perf_counter()
    parts = sharded(home.root, pack.rules, shard, count, tick_us)
    seconds["judging"] = time.perf_counter() - began
    began = time.perf_counter()
    judged = as_judged(pack, catalogue, parts)
    seconds["merging"] = time.perf_counter() - began
    judged.seconds.update(seconds)
    return judged


def as_judged(pack: Pack, catalogue: Catalogue, parts: Sequence[Shard], refused: int = 0) -> Judged:
    """Shards put together."""
    counts = {name: sum(part.counts[name] for part in parts) for name in ("taken", "missing", "late", "duplicate")}
    return Judged(
        pack.name, pack.rules, pack.scheme, catalogue, joined(part.levels for part in parts),
        parts[0].first_us, parts[0].newest_us, {"rows": parts[0].read + refused, "refused": refused, **counts},
        tuple(part.rows for part in parts),
    )  # fmt: skip


def sharded(
    root: Path, rules: Sequence[Rule], shard: npt.NDArray[np.int16], count: int, tick_us: int = TICK_US
) -> list[Shard]:
    """Each shard judged in a process of its own (in this one where there is but one)."""
    if count == 1:
        return [_judge_shard(root, tuple(rules), shard, 0, tick_us)]
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as processes:
        waiting = [processes.submit(_judge_shard, root, tuple(rules), shard, n, tick_us) for n in range(count)]
        return [each.result() for each in waiting]


def _judge_shard(root: Path, rules: Sequence[Rule], shard: npt.NDArray[np.int16], own: int, tick_us: int) -> Shard:
    home = Home(root)
    return judge_chunks(history_chunks(History(home.parquet, home.log)), rules, shard == own, tick_us)


def judge_chunks(
    chunks: Iterable[Chunk], rules: Sequence[Rule], mine: npt.NDArray[np.bool_], tick_us: int = TICK_US
) -> Shard:
    """Judge the rows of the streams (by catalogue index) that are ``mine``."""
    state = _State(Engine(rules), mine)
    for chunk in chunks:
        if chunk.body is not None:
            state.register(chunk)
        else:
            for part in _cut_at_ticks(chunk, state, tick_us):
                state.observe(part)
    return state.finish()


class _State:
    """An engine over some of the streams, and what it has said."""

    def __init__(self, engine: Engine, mine: npt.NDArray[np.bool_]) -> None:
        self.engine, self.mine, self.out = engine, mine, Shard()
        self.whole = bool(mine.all())
        self.high = NOBODY  # running maximum of observed_at over all rows read
        self._local = np.full(len(mine), -1, np.int32)  # catalogue index -> index in the engine's own catalogue
        self._known: dict[str, int] = {}
        self._found: dict[str, list[tuple[npt.NDArray[np.int64], ...]]] = {rule.name: [] for rule in engine.rules}
        self._rule = {rule.name: rule for rule in engine.rules}

    def register(self, chunk: Chunk) -> None:
        """Follow a catalogue record with the streams that are ours."""
        sources, streams = read_catalogue_body(chunk.body or b"")
        ours: list[Stream] = []
        for stream in streams:
            index = self._known.setdefault(stream.id, len(self._known))
            if self.mine[index]:
                ours.append(stream)
        body = catalogue_body(sources, ours)
        self._keep(self.engine.feed_columns(Record(self.engine.next_seq, RecordKind.CATALOGUE, chunk.at_us, body=body)))
        for stream in ours:
            self._local[self._known[stream.id]] = self.engine.catalogue.index(stream.id)

    def tick(self, at_us: int) -> None:
        """Time has passed."""
        self._keep(self.engine.feed_columns(Record(self.engine.next_seq, RecordKind.TICK, at_us)))

    def observe(self, rows: Chunk) -> None:
        """Judge those of the rows that are ours."""
        self.out.read += len(rows)
        columns: list[npt.NDArray[Any]] = [rows.stream, rows.observed_at, rows.value, rows.quality]
        if not self.whole:
            own = self.mine[rows.stream]
            columns = [self._local[rows.stream[own]], *(column[own] for column in columns[1:])]
        if not len(columns[0]):
            return
        self.out.rows += len(columns[0])
        batch = pa.record_batch([pa.array(column) for column in columns], names=NEEDED)
        self._keep(self.engine.feed_columns(Record(self.engine.next_seq, RecordKind.OBSERVATIONS, 0, batch)))

    def _keep(self, changes: Iterable[Changes]) -> None:
        for change in changes:
            self._found[change.rule.name].append(
                tuple(np.array(column, np.int64) for column in (change.slot, change.at, change.onset, change.after))
            )

    def finish(self) -> Shard:
        """The end of the history: a last tick, and what lateness held back."""
        end = self.out.newest_us = max(self.high, 0)
        self.tick(end)
        self._keep(self.engine.finish_columns(end))
        for name, parts in self._found.items():
            if parts:
                slot, at, onset, rank = (np.concatenate(column) for column in zip(*parts, strict=True))
                used, subject = np.unique(slot, return_inverse=True)
                keys = tuple(self.engine.subject(self._rule[name], int(each)).key for each in used)
                self.out.levels[name] = Levels(keys, subject.astype(np.int64), at, onset, rank)
        counters = self.engine.counters
        self.out.counts = {
            "taken": int(counters.accepted.sum()), "missing": int(counters.missing.sum()),
            "late": int(counters.late.sum()), "duplicate": int(counters.duplicate.sum()),
        }  # fmt: skip
        return self.out


def _cut_at_ticks(chunk: Chunk, state: _State, tick_us: int) -> Iterator[Chunk]:
    """The rows between ticks; each tick is given to the engine in its place (as ``engine.ticks.with_ticks`` puts them)."""
    if not len(chunk):
        return
    running = np.maximum.accumulate(chunk.observed_at)
    if state.high == NOBODY:
        state.out.first_us = int(chunk.observed_at[0])
        last = (int(running[0]) - 1) // tick_us
    else:
        running = np.maximum(running, state.high)
        last = (state.high - 1) // tick_us
    state.out.first_us = min(state.out.first_us, int(chunk.observed_at.min()))
    state.high = int(running[-1])
    boundary = (running - 1) // tick_us
    at = 0
    for cut in np.flatnonzero(np.diff(boundary, prepend=last)).tolist():
        if cut > at:
            yield _slice(chunk, at, cut)
        state.tick(int(boundary[cut]) * tick_us)
        at = cut
    yield _slice(chunk, at, len(chunk))


def _slice(chunk: Chunk, start: int, stop: int) -> Chunk:
    part = slice(start, stop)
    return Chunk(chunk.stream[part], chunk.observed_at[part], chunk.value[part], chunk.quality[part])


def _catalogue(chunks: Iterable[Chunk]) -> tuple[list[list[Stream]], Catalogue]:
    """Every stream that a history registers, in all its versions, and the catalogue at its end."""
    catalogue = Catalogue()
    versions: list[list[Stream]] = []
    place: dict[str, int] = {}
    for chunk in chunks:
        if chunk.body is None:
            continue
        sources, streams = read_catalogue_body(chunk.body)
        catalogue = catalogue.with_changes(sources, streams)
        for stream in streams:
            if stream.id not in place:
                place[stream.id] = len(versions)
                versions.append([])
            versions[place[stream.id]].append(stream)
    return versions, catalogue


def _fitting(history: History) -> int:
    size = sum(path.stat().st_size for path in history_files(history) if path.exists())
    return len(os.sched_getaffinity(0)) if size > SMALL_BYTES else 1
