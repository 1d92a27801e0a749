"""A history of either form: a recorded folder, as ``tocsin replay`` reads it, or a deployment's own log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tocsin.app.backtest.driver import as_judged, judge_chunks, judge_history
from tocsin.app.backtest.judged import Judged
from tocsin.app.home import Home
from tocsin.app.replay.command import layout_of
from tocsin.app.replay.dataset import Dataset, read_dataset
from tocsin.app.replay.intake import take_in
from tocsin.app.replay.native_log import home_of_log
from tocsin.app.replay.row_groups import Chunk
from tocsin.engine.language.rule import Rule
from tocsin.formats.catalogue import catalogue_body
from tocsin.packkit import Pack, require_fit

__all__ = ["Recorded", "judge"]


def judge(path: Path, pack: Pack, *, shards: int = 0) -> Judged:
    """Judge a history by all rules of a pack; nothing is grouped, nothing is written. Raises the typed errors of its parts."""
    home = home_of_log(path)
    return judge_history(home, pack, shards=shards) if home is not None else Recorded.read(path, pack).judge()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A history that can be judged again and again by other numbers: a folder in memory, or a log that is read anew."""

    pack: Pack
    home: Home | None
    dataset: Dataset | None = None
    chunks: tuple[Chunk, ...] = ()
    counts: tuple[int, int] = (0, 0)  # missing, refused
    seconds: float = 0.0

    @classmethod
    def read(cls, path: Path, pack: Pack) -> Recorded:
        """Read and validate. Raises BadUnit where the pack judges streams in another unit."""
        began = time.perf_counter()
        home = home_of_log(path)
        if home is not None:
            return cls(pack, home)
        folder, layout = layout_of((path,), pack)
        dataset = read_dataset(folder, layout)
        require_fit([pack], dataset.catalogue)
        taken = take_in(dataset, lambda what, done, of: None)
        chunks = tuple(_chunks(dataset, taken.batches))
        return cls(pack, None, dataset, chunks, (taken.missing, taken.refused.num_rows), time.perf_counter() - began)

    def judge(self, rules: tuple[Rule, ...] | None = None, *, shards: int = 0) -> Judged:
        """Judge by the pack's rules, or by these instead."""
        pack = self.pack if rules is None else replace(self.pack, rules=rules)
        if self.home is not None:
            return judge_history(self.home, pack, shards=shards)
        assert self.dataset is not None  # noqa: S101 - one of the two is there
        began = time.perf_counter()
        mine = np.ones(len(self.dataset.catalogue), bool)
        found = judge_chunks(self.chunks, pack.rules, mine, round(self.dataset.layout.tick_s * 1e6))
        found.counts["missing"] = self.counts[0]
        judged = as_judged(pack, self.dataset.catalogue, [found], self.counts[1] + self.counts[0])
        judged.seconds.update(reading=self.seconds, judging=time.perf_counter() - began)
        return judged


def _chunks(dataset: Dataset, batches: tuple) -> Iterator[Chunk]:  # type: ignore[type-arg]
    none = (np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.uint8))
    yield Chunk(*none, body=catalogue_body(dataset.catalogue.sources.values(), dataset.catalogue))
    for batch in batches:
        moments = batch.column("observed_at").cast("int64").to_numpy()
        yield Chunk(batch.column("stream").to_numpy(), moments, batch.column("value").to_numpy(),
                    batch.column("quality").to_numpy())  # fmt: skip
