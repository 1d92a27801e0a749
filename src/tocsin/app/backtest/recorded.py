"""A history of either form: a recorded folder, as ``tocsin replay`` reads it, or a deployment's own log."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tocsin.app.backtest.driver import as_judged, judge_chunks, judge_history
from tocsin.app.backtest.judged import Judged
from tocsin.app.home import Home
from tocsin.app.replay.command import layout_of
from tocsin.app.replay.dataset import Dataset, read_dataset
from tocsin.app.replay.intake import take_in
from tocsin.app.replay.native_log import home_of_log
from tocsin.app.replay.row_groups import Chunk, history_chunks
from tocsin.engine.language.rule import Rule
from tocsin.formats.catalogue import catalogue_body, read_catalogue_body
from tocsin.loop.observe.log import History
from tocsin.packkit import Pack, require_fit

__all__ = ["Recorded", "judge"]

SAMPLE_CHUNKS, SAMPLE_ROWS = 40, 100_000
ROWS_A_TICK = 20_000


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
        found = judge_chunks(self.chunks, pack.rules, mine, self._tick_us())
        found.counts["missing"] = self.counts[0]
        judged = as_judged(pack, self.dataset.catalogue, [found], self.counts[1] + self.counts[0])
        judged.seconds.update(reading=self.seconds, judging=time.perf_counter() - began)
        return judged

    def _tick_us(self) -> int:
        """The layout's ticks, or fewer: one for about ``ROWS_A_TICK`` rows. They change no signal, and each costs a batch."""
        assert self.dataset is not None  # noqa: S101 - only asked of one in memory
        moments = [chunk.observed_at for chunk in self.chunks if len(chunk)]
        rows = sum(map(len, moments))
        span = max(int(each.max()) for each in moments) - min(int(each.min()) for each in moments) if moments else 0
        return max(round(self.dataset.layout.tick_s * 1e6), span * ROWS_A_TICK // max(rows, 1))

    def resolution(self, rule: Rule) -> float:
        """The decimal step (1, 0.1 ... 0.000001) in which the values that a rule judges are written; the finest of all. Of a
        log a sample of the rows is looked at."""
        if self.home is not None:
            chunks: Iterable[Chunk] = islice(history_chunks(History(self.home.parquet, self.home.log)), SAMPLE_CHUNKS)
        else:
            chunks = self.chunks
        mine: npt.NDArray[np.bool_] = np.zeros(0, bool)
        known: dict[str, bool] = {}
        digits = 0
        for chunk in chunks:
            if chunk.body is not None:
                for stream in read_catalogue_body(chunk.body)[1]:
                    known[stream.id] = all(stream.label(name) in accepted for name, accepted in rule.select.items())
                mine = np.array(list(known.values()), bool)
                continue
            values = chunk.value[mine[chunk.stream]][:SAMPLE_ROWS]
            digits = max(digits, _digits(values[np.isfinite(values)]))
        return float(10.0**-digits)


def _digits(values: npt.NDArray[np.float64]) -> int:
    return next(
        (n for n in range(6) if np.all(np.abs(np.round(values, n) - values) < 1e-9 * np.maximum(1, np.abs(values)))), 6
    )


def _chunks(dataset: Dataset, batches: tuple) -> Iterator[Chunk]:  # type: ignore[type-arg]
    none = (np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.uint8))
    yield Chunk(*none, body=catalogue_body(dataset.catalogue.sources.values(), dataset.catalogue))
    for batch in batches:
        moments = batch.column("observed_at").cast("int64").to_numpy()
        yield Chunk(batch.column("stream").to_numpy(), moments, batch.column("value").to_numpy(),
                    batch.column("quality").to_numpy())  # fmt: skip
