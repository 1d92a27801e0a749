"""A small deployment's history: four properties over some cells, partly rolled into Parquet, partly still in segments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from tocsin.app.home import Home
from tocsin.engine.language.parse import parse_rule
from tocsin.engine.language.rule import Rule
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.observe.log import Entry, History, SegmentLog
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.observation import Quality
from tocsin.terms.record import RecordKind
from tocsin.terms.stream import Source, Stream

MINUTE = 60_000_000
BEGAN = 1_780_272_000_000_000  # midnight UTC, 1 June 2026
_MOMENT = pa.timestamp("us", tz="UTC")
_TITLE = {"en": "t", "zh-hans": "t"}
UNITS = {"level": "m", "flow": "m"}


def rules() -> list[Rule]:
    """One rule of every kind: stream with hysteresis, area, silence, pair."""
    texts = {
        "stream": {"level": {"blue": "value >= 2 m", "red": "value >= 3 m"}, "clear": "value < 1.5 m for 2min"},
        "mean": {"level": {"yellow": "mean(10min) >= 1.8 m"}},
        "area": {"level": {"orange": "how_many(value >= 2 m, 5min) >= 2"}, "per": "cell"},
        "silent": {"level": {"yellow": "silent(5min)"}},
        "pair": {"level": {"blue": 'value > sister("flow")'}},
    }
    return [
        parse_rule(
            {"id": name, "version": 1, "hazard": "h", "streams": {"property": "level"}, "source": "s", "verified": True,
             "title": _TITLE, "why": _TITLE} | text,
            pack="p", scheme=CHINA_FOUR_COLOUR, units=UNITS,
        )
        for name, text in texts.items()
    ]  # fmt: skip


def batch(rows: list[tuple[int, int, float, int]]) -> pa.RecordBatch:
    """(stream, observed_at us, value, quality) rows as the log takes them."""
    stream, at, value, quality = (list(column) for column in zip(*rows, strict=True))
    moments = pa.array(at, pa.int64()).cast(_MOMENT)
    return pa.RecordBatch.from_arrays(
        [pa.array(stream, pa.int32()), moments, pa.array(value, pa.float64()), pa.array(quality, pa.uint8()), moments,
         pa.nulls(len(rows), _MOMENT)], schema=OBSERVATIONS,
    )  # fmt: skip


def write_home(root: Path, seed: int, *, cells: int = 4, minutes: int = 240, roll: bool = True) -> Home:
    """A log of two catalogue records (a stream moves to another cell and new ones come), batches, ticks, late rows."""
    random = np.random.default_rng(seed)
    home = Home(root).prepare()
    source = Source("s", "S", "S", lateness_s=float(random.choice([0, 90])))

    def streams(features: range, shift: int) -> list[Stream]:
        return [Stream(f"f{n}/{name}", "s", f"f{n}", name, unit, cell=f"c{(n + shift) % cells}", cadence_s=60)
                for n in features for name, unit in UNITS.items()]  # fmt: skip

    with SegmentLog.open(home.log, segment_bytes=20_000) as log:
        log.append([Entry(RecordKind.CATALOGUE, BEGAN, body=catalogue_body([source], streams(range(6), 0)))])
        known = 12
        for minute in range(minutes):
            at = BEGAN + minute * MINUTE
            if minute == minutes // 2:  # f0 moves, f6 and f7 are new
                changed = streams(range(1), 1) + streams(range(6, 8), 0)
                log.append([Entry(RecordKind.CATALOGUE, at, body=catalogue_body([source], changed))])
                known = 16
            heard = [n for n in range(known) if random.random() < (0.2 if n == 2 and minute % 60 < 20 else 0.95)]
            rows = [
                (n, at - int(random.random() < 0.1) * MINUTE * int(random.integers(1, 4)),
                 round(float(1.5 + np.sin(minute / 30 + n) + random.normal(0, 0.2)), 2),
                 Quality.MISSING if random.random() < 0.02 else 0)
                for n in random.permutation(heard).tolist()
            ]  # fmt: skip
            if rows:
                log.append([Entry(RecordKind.OBSERVATIONS, at + MINUTE // 2, batch(rows))])
            log.append([Entry(RecordKind.TICK, at + MINUTE)])
        log.seal()
        log.append([Entry(RecordKind.TICK, BEGAN + minutes * MINUTE)])
    if roll:
        History(home.parquet, home.log).roll()
    return home
