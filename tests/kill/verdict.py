"""What must hold afterwards: every acknowledged row is in the log, and the signals are those of an undisturbed run."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.kill.weather import GAUGES, SOURCES, Storm, batch_of

from tocsin.app.engine_process.packs_in_force import load
from tocsin.app.engine_process.snapshots import packs_of
from tocsin.engine.runner import Engine
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.observe.log import LogReader
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Transition

Line = tuple[str, str, int, int, int, str]  # signal id, change, level, previous, moment, evidence


@dataclass
class LogFigures:
    """Rows of the log against what was acknowledged."""

    records: int = 0
    acknowledged_rows: int = 0
    lost_rows: int = 0
    duplicate_rows: int = 0
    last_step: dict[int, int] | None = None


def look_at_log(home: Path, storms: Sequence[Storm]) -> LogFigures:
    """Every acknowledged batch must stand at its seq with its values; whatever came twice is counted."""
    found = LogFigures(last_step={})
    times: Counter[tuple[int, int]] = Counter()
    batches = {}
    for record in LogReader(home / "log").read():
        assert record.seq == found.records, "a gap in the log"
        found.records += 1
        if record.batch is not None:
            batches[record.seq] = record.batch
            times.update(zip(record.batch["stream"].to_pylist(), record.batch["observed_at"].cast("int64").to_pylist(),
                             strict=True))  # fmt: skip
    for storm in storms:
        for step, seq in storm.acknowledged.items():
            sent, stored = batch_of(storm.number, step), batches.get(seq)
            found.acknowledged_rows += sent.num_rows
            names = ("stream", "observed_at", "value")
            if stored is None or any(not stored[name].equals(sent[name]) for name in names):
                found.lost_rows += sent.num_rows
    found.duplicate_rows = sum(count - 1 for count in times.values())
    assert found.last_step is not None
    for storm in storms:  # the last batch may be in the log without its answer having come
        sent = batch_of(storm.number, storm.steps)
        key = (sent["stream"][0].as_py(), sent["observed_at"].cast("int64")[0].as_py())
        found.last_step[storm.number] = storm.steps + (key in times)
    return found


def of_the_same_log(home: Path) -> list[Line]:
    """Transitions of one engine that reads the log in one go."""
    engine, found = Engine([]), []
    for record in LogReader(home / "log").read():
        found += engine.feed(record)
        if record.kind is RecordKind.RULES:
            packs = load(packs_of(record.body), home / "packs")
            engine = Engine.restore([rule for pack in packs for rule in pack.rules], engine.snapshot())
    return lines(found)


def of_an_undisturbed_run(home: Path, steps: dict[int, int]) -> list[Line]:
    """Transitions of an engine that is given the same weather without log, processes or kills; silence left out, since
    it depends on when ticks were given."""
    rules = next(r for r in LogReader(home / "log").read() if r.kind is RecordKind.RULES)
    packs = load(packs_of(rules.body), home / "packs")
    engine = Engine([rule for pack in packs for rule in pack.rules])
    engine.feed(Record(0, RecordKind.CATALOGUE, 0, body=catalogue_body(SOURCES, GAUGES)))
    found: list[Transition] = []
    seq = 1
    for step in range(max(steps.values())):
        for number, count in steps.items():
            if step < count:
                found += engine.feed(Record(seq, RecordKind.OBSERVATIONS, 0, batch=batch_of(number, step)))
                seq += 1
    return heard(lines(found))


def lines(transitions: Iterable[Transition]) -> list[Line]:
    """Everything of a transition but the seq."""
    from tocsin.loop.detect.services import evidence_text  # needs Django's settings

    return sorted((t.signal, t.change.value, t.level, t.previous, t.at_us, evidence_text(t)) for t in transitions)


def heard(all_lines: list[Line]) -> list[Line]:
    """Those that do not speak of silence."""
    silent = {line[0] for line in all_lines if "silent" in line[5]}
    return [line for line in all_lines if line[0] not in silent]


def recorded(home: Path, database: str = "") -> list[Line]:
    """Transitions as the database holds them; each must be there once."""
    sql = "SELECT signal_id, change, level, previous, at_us, evidence FROM detect_signalchangerow"
    if database:
        import psycopg

        with psycopg.connect(database) as connection:
            rows = connection.execute(sql).fetchall()
    else:
        with closing(sqlite3.connect(home / "db.sqlite3")) as connection:
            rows = connection.execute(sql).fetchall()
    assert len(rows) == len(set(rows)), "a transition was recorded twice"
    return sorted(tuple(row) for row in rows)
