"""Small series as tests write them: minutes and values in, transitions out as (minute, change, level)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tocsin.engine.language.rule import Rule
from tocsin.engine.runner import Engine
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Transition
from tocsin.terms.stream import Catalogue, Source, Stream

MINUTE = 60_000_000
START = 1_760_000_000_000_000 // MINUTE * MINUTE  # some minute in October 2025


def stream(name: str = "g", **more: object) -> Stream:
    """A gauge of property ``level`` in metres."""
    fields: dict[str, object] = {"source": "s", "feature": name, "property": "level", "unit": "m", "cadence_s": 60.0}
    return Stream(name, **(fields | more))  # type: ignore[arg-type]


def town(*streams: Stream, lateness_min: float = 0.0, delay_min: float = 0.0) -> Catalogue:
    """A catalogue with one source."""
    source = Source("s", "test", "test", lateness_s=lateness_min * 60, delay_s=delay_min * 60)
    return Catalogue([source], streams or (stream(),))


def batch(rows: list[tuple[int, float, float]]) -> pa.RecordBatch:
    """Rows of (stream index, minute, value); a value of None is MISSING."""
    when = pa.array([START + round(minute * MINUTE) for _, minute, _ in rows], pa.timestamp("us", tz="UTC"))
    return pa.RecordBatch.from_arrays(
        [
            pa.array([s for s, _, _ in rows], pa.int32()),
            when,
            pa.array([np.nan if v is None else v for _, _, v in rows], pa.float64()),
            pa.array([1 if v is None else 0 for _, _, v in rows], pa.uint8()),
            when,
            pa.nulls(len(rows), pa.timestamp("us", tz="UTC")),
        ],
        schema=OBSERVATIONS,
    )


class Play:
    """An engine with a hand on the log: ``rows`` and ``tick`` feed it, ``said`` is all it said."""

    def __init__(
        self, rules: list[Rule], catalogue: Catalogue | None = None, *, registered_min: float | None = None
    ) -> None:
        registered = 0 if registered_min is None else START + round(registered_min * MINUTE)
        self.engine = Engine(rules, catalogue or town(), registered_us=registered)
        self.said: list[Transition] = []

    def rows(self, *rows: tuple[float, float], stream: int = 0) -> Play:
        """Observations (minute, value) of one stream in one record."""
        return self.mixed(*((stream, minute, value) for minute, value in rows))

    def mixed(self, *rows: tuple[int, float, float]) -> Play:
        """Observations (stream, minute, value) in one record."""
        record = Record(self.engine.next_seq, RecordKind.OBSERVATIONS, 0, batch(list(rows)))
        self.said += self.engine.feed(record)
        return self

    def tick(self, minute: float) -> Play:
        """Advance to a minute."""
        self.said += self.engine.feed(Record(self.engine.next_seq, RecordKind.TICK, START + round(minute * MINUTE)))
        return self

    @property
    def story(self) -> list[tuple[float, str, int]]:
        """(minute, change, level) of everything said."""
        return [((x.at_us - START) / MINUTE, x.change.value, x.level) for x in self.said]
