"""Promises 1 and 2: what was acknowledged survives ``kill -9``, and the signals are those of an undisturbed run.

A real ``tocsin serve --role engine`` takes batches of a storm from several clients through its socket and is killed
twenty times at seeded random moments, at least once while it starts. At the end every acknowledged batch is in the log,
and the signals in the database equal those of one Engine that reads the same log in one go.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tocsin.app.engine_process.packs_in_force import load
from tocsin.app.engine_process.snapshots import packs_of
from tocsin.doors.intake.socket.client import EngineClient
from tocsin.engine.runner import Engine
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.observe.log import LogReader
from tocsin.terms.errors import TocsinError, Unavailable
from tocsin.terms.record import RecordKind
from tocsin.terms.signal import Change
from tocsin.terms.stream import Source, Stream

pytestmark = pytest.mark.kill

KILLS = 20
SEED = 20251127
CLIENTS = 3
STREAMS = 30
ENOUGH = 1500  # steps of five minutes; the slowest gauge's rhythm is 476 of them
START_US = 1_760_000_000_000_000
MINUTE_US = 60_000_000


class EngineRole:
    """``tocsin serve --role engine`` on a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "TOCSIN_HOME": str(home), "TOCSIN_LOG_LEVEL": "warning"}
        self.output = home.parent / "engine.txt"

    def migrate(self) -> None:
        code = "import django as d; d.setup(); from django.core.management import call_command as c; c('migrate', verbosity=0)"
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)

    def start(self) -> None:
        with self.output.open("ab") as output:
            command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", "engine"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def client(self) -> EngineClient:
        return EngineClient(self.home / "run" / "engine.sock", timeout_s=5)

    def answers(self) -> bool:
        try:
            self.client().health()
        except TocsinError:
            return False
        return True


class Storm(threading.Thread):
    """A client with streams of its own that sends minute after minute, again until acknowledged."""

    def __init__(self, role: EngineRole, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.engine, self.number, self.stopping = role.client(), number, stop
        self.acknowledged: dict[int, tuple[int, pa.RecordBatch]] = {}  # seq -> (minute, batch)
        self.sent_again = 0
        self.minutes = 0

    def run(self) -> None:
        while not self.stopping.is_set():
            batch = self.batch(self.minutes)
            while not self.stopping.is_set():
                try:
                    seq = self.engine.observations(batch, source="gauges")
                except Unavailable:
                    self.sent_again += 1
                    time.sleep(0.01)
                    continue
                assert seq is not None
                self.acknowledged[seq] = (self.minutes, batch)
                self.minutes += 1
                break

    def batch(self, minute: int) -> pa.RecordBatch:
        """Rain that swells and ebbs, each gauge in its own rhythm, so that levels rise, change and clear all the time."""
        streams = np.arange(self.number, STREAMS, CLIENTS, dtype=np.int32)
        period = 1800 + 20 * streams  # minutes; half of it dry, longer than the 12 h that the lowest level looks back
        rain = np.maximum(0.0, np.sin(2 * np.pi * (minute * 5 + streams) / period)) * (4 + streams % 7)
        at = np.full(len(streams), START_US + minute * 5 * MINUTE_US)
        moments = pa.array(at).cast(OBSERVATIONS.field("observed_at").type)
        columns = [
            pa.array(streams), moments, pa.array(rain.round(1)), pa.array(np.zeros(len(streams), np.uint8)), moments,
            pa.nulls(len(streams), OBSERVATIONS.field("issued_at").type),
        ]  # fmt: skip
        return pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)


@pytest.fixture
def role(tmp_path: Path) -> Iterator[EngineRole]:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    made = EngineRole(home)
    made.migrate()
    made.start()
    yield made
    if made.process.poll() is None:
        made.kill()


def test_twenty_kills_lose_nothing_and_change_nothing(role: EngineRole) -> None:
    wait_for(role.answers, "the engine", role)
    streams = [
        Stream(f"rain-{n}", "gauges", f"gauge-{n}", "precipitation", "mm", 110 + n / 50, 30.0, low=0.0, cadence_s=300.0)
        for n in range(STREAMS)
    ]
    role.client().catalogue(catalogue_body([Source("gauges", "Gauges", "Water")], streams))
    stop = threading.Event()
    storms = [Storm(role, number, stop) for number in range(CLIENTS)]
    for storm in storms:
        storm.start()
    killed_while_starting = kill_again_and_again(role, storms)
    # however quick the machine: every gauge has seen its rain come and go at least three times
    wait_for(lambda: all(storm.minutes >= ENOUGH for storm in storms), "enough weather", role, 240.0)
    stop.set()
    for storm in storms:
        storm.join(30)
        assert not storm.is_alive()
    settle(role)
    assert role.stop() == 0

    assert_in_log(role.home, storms)
    expected = undisturbed(role.home)
    assert recorded(role.home) == expected
    assert len(expected) > 50
    assert sum(1 for *_, cleared in expected if cleared is not None) > 20
    assert killed_while_starting > 0
    assert sum(storm.sent_again for storm in storms) > 0


def kill_again_and_again(role: EngineRole, storms: list[Storm]) -> int:
    """Twenty kills, each at a random moment of life; how many hit an engine that did not answer yet."""
    chance = random.Random(SEED)
    starting = 0
    for kill in range(KILLS):
        if kill % 5 == 4:  # in the middle of starting: recovering the log, replaying, binding the socket
            time.sleep(chance.uniform(0.2, 2.0))
        else:
            wait_for(role.answers, "the engine", role)
            before = sum(len(storm.acknowledged) for storm in storms)
            wait_for(lambda before=before: sum(len(s.acknowledged) for s in storms) > before, "a batch", role)  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.8))
        starting += not role.answers()
        role.kill()
        role.start()
    wait_for(role.answers, "the engine", role)
    return starting


def settle(role: EngineRole) -> None:
    """Until all of the log is evaluated."""
    client = role.client()
    target = int(client.health()["next_seq"] or 0)
    wait_for(lambda: int(client.health()["consumed_seq"] or 0) >= target, "evaluation", role)


def assert_in_log(home: Path, storms: list[Storm]) -> None:
    records = {record.seq: record for record in LogReader(home / "log").read()}
    assert sorted(records) == list(range(len(records)))
    acknowledged = 0
    for storm in storms:
        for seq, (_, batch) in storm.acknowledged.items():
            stored = records[seq].batch
            assert stored is not None
            assert stored.equals(batch)
            acknowledged += 1
    assert acknowledged > 100


Known = tuple[str, str, str, int, int, int, int | None]


def undisturbed(home: Path) -> list[Known]:
    """(id, rule, stream, level, peak, onset, cleared) of every signal, by one Engine over the same log."""
    engine = Engine([])
    found: dict[str, Known] = {}
    for record in LogReader(home / "log").read():
        transitions = engine.feed(record)
        if record.kind is RecordKind.RULES:
            packs = load(packs_of(record.body), home / "packs")
            engine = Engine.restore([rule for pack in packs for rule in pack.rules], engine.snapshot())
        for t in transitions:
            peak = max(found[t.signal][4] if t.signal in found else 0, t.level)
            cleared = t.at_us if t.change is Change.CLEARED else None
            found[t.signal] = (t.signal, t.rule, t.subject.key, t.level, peak, t.onset_us, cleared)
    return sorted(found.values())


def recorded(home: Path) -> list[Known]:
    """The same of the database; and each transition was recorded once."""
    with closing(sqlite3.connect(home / "db.sqlite3")) as database:
        doubled = (
            "SELECT signal_id, at_us, level, seq FROM detect_signalchangerow GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"
        )
        assert database.execute(doubled).fetchall() == []
        columns = "id, rule, subject_key, level, peak, onset_us, cleared_us"
        return sorted(database.execute(f"SELECT {columns} FROM detect_signalrow").fetchall())


def wait_for(condition: Callable[[], bool], what: str, role: EngineRole, deadline_s: float = 60.0) -> None:
    until = time.monotonic() + deadline_s
    while not condition():
        said = role.output.read_text()[-2000:] if role.output.exists() else ""
        assert time.monotonic() < until, f"waited in vain for {what}: {said}"
        time.sleep(0.02)
