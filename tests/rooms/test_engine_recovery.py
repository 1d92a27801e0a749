"""The engine process in trouble: a torn snapshot, a database behind, an evaluation that fails."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tocsin.app.configuration import Configuration
from tocsin.app.engine_process.process import EngineProcess
from tocsin.app.home import Home
from tocsin.doors.intake.socket.client import EngineClient
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.detect import queries
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.stream import Source, Stream

pytestmark = pytest.mark.django_db(transaction=True)

T0_US = 1_770_000_000_000_000
HOUR_US = 3_600_000_000


class Engine:
    """An engine process on a home; ``stop`` ends it as a crash would leave the disk (no last snapshot)."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process = EngineProcess(Configuration(home=Home(home)), wall_us=lambda: T0_US + 1000 * HOUR_US)
        self.process.open()
        self.client = EngineClient(home / "run" / "engine.sock")

    def rain(self, hour: int, amount: float) -> int | None:
        at = pa.array([T0_US + hour * HOUR_US]).cast(OBSERVATIONS.field("observed_at").type)
        columns = [
            pa.array([0], pa.int32()), at, pa.array([amount]), pa.array(np.zeros(1, np.uint8)), at,
            pa.nulls(1, OBSERVATIONS.field("issued_at").type),
        ]  # fmt: skip
        return self.client.observations(pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS), source="gauges")

    def settle(self) -> None:
        until = time.monotonic() + 30
        while self.process.step(0.02) or queries.consumed_seq() + 1 < int(self.process.health()["next_seq"] or 0):
            assert time.monotonic() < until, self.process.trouble

    def stop(self) -> None:
        self.client.close()
        self.process.trouble = "crashed"  # an engine in trouble leaves no snapshot
        self.process.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    running: list[Engine] = []

    def begin() -> Engine:
        while running:
            running.pop().stop()
        running.append(Engine(tmp_path / "home"))
        return running[0]

    first = begin()
    stream = Stream("rain", "gauges", "g", "precipitation", "mm", 110.0, 30.0, low=0.0, cadence_s=3600.0)
    first.client.catalogue(catalogue_body([Source("gauges", "Gauges", "Water")], [stream]))
    first.settle()
    yield begin
    while running:
        running.pop().stop()


def signals() -> list[tuple[str, int, int]]:
    return sorted((line.rule, line.peak, line.onset_us) for line in queries.signals(EVERYWHERE) if not line.quality)


def test_what_was_recorded_is_not_recorded_again_from_an_older_snapshot(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.rain(0, 60.0)
    engine.settle()
    engine.process.evaluation.save()
    engine.rain(1, 60.0)
    engine.settle()
    before, changes = signals(), len(queries.signal_changes(EVERYWHERE, [s.id for s in queries.signals(EVERYWHERE)]))
    again = start()
    again.settle()
    assert signals() == before == [("natural_hazards/rainstorm", 4, T0_US)]
    assert len(queries.signal_changes(EVERYWHERE, [s.id for s in queries.signals(EVERYWHERE)])) == changes
    again.rain(2, 0.0)
    again.settle()
    assert signals() == before


def test_a_torn_snapshot_is_refused_and_the_one_before_it_used(start: Callable[[], Engine]) -> None:
    engine = start()
    for hour in range(3):
        engine.rain(hour, 20.0)
        engine.settle()
        engine.process.evaluation.save()
    newest = max((engine.home / "snapshots").glob("*.snapshot"))
    seq = engine.process.evaluation.snapshot_seq
    newest.write_bytes(newest.read_bytes()[:-100])
    again = start()
    assert 0 <= again.process.evaluation.snapshot_seq < seq
    again.rain(3, 60.0)
    again.settle()
    assert [(rule, peak) for rule, peak, _ in signals()] == [("natural_hazards/rainstorm", 4)]


def test_without_any_snapshot_the_whole_log_is_read_again(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.rain(0, 60.0)
    engine.settle()
    for path in (engine.home / "snapshots").iterdir():
        path.unlink()
    again = start()
    again.rain(1, 60.0)
    again.settle()
    assert [(rule, peak, onset) for rule, peak, onset in signals()] == [("natural_hazards/rainstorm", 4, T0_US)]


def test_while_evaluation_fails_observations_are_taken_and_judged_later(
    start: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = start()
    engine.settle()
    from tocsin.app.engine_process import evaluation

    def broken(**anything: object) -> None:
        raise RuntimeError("the database is on fire")

    with monkeypatch.context() as patch:
        patch.setattr(evaluation.detect, "record_batch", broken)
        engine.rain(0, 120.0)
        until = time.monotonic() + 20
        while not engine.process.trouble:
            engine.process.step(0.02)
            assert time.monotonic() < until
        assert "on fire" in str(engine.client.health()["failed"])
        seq = engine.rain(1, 1.0)  # the door is still open
        assert seq is not None
    engine.settle()
    assert engine.client.health()["failed"] is None
    assert [(rule, peak) for rule, peak, _ in signals()] == [("natural_hazards/rainstorm", 4)]


def test_two_engines_on_one_home_are_refused(start: Callable[[], Engine]) -> None:
    from tocsin.terms.errors import Unavailable

    engine = start()
    second = EngineProcess(dataclasses.replace(Configuration(home=Home(engine.home))))
    with pytest.raises(Unavailable):
        second.open()
    assert engine.rain(0, 1.0) is not None
