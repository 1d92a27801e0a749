"""The play of ``test_stepping_clock``: a whole engine process whose wall clock is set while gauges deliver.

The process itself is the product's, unchanged; ``set_clock.c`` stands between it and the system's clock.
"""

from __future__ import annotations

import itertools
import json
import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from tests.kill.roles import ROOT, Deployment

from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.catalogue import catalogue_body
from tocsin.terms.stream import Source, Stream

HOUR_S, DAY_S = 3600, 86_400
SOURCES = [Source("gauges", "Gauges", "Water")]
GAUGES = [
    Stream(f"rain-{n}", "gauges", f"gauge-{n}", "precipitation", "mm", 110 + n / 50, 30.0, low=0.0, cadence_s=300.0)
    for n in range(12)
]


class SetClock:
    """The engine's wall clock: ``put(ahead_s)`` seconds before or behind the true one."""

    def __init__(self, folder: Path) -> None:
        self._kept, library = folder / "ahead", folder / "set_clock.so"
        self.put(0)
        source = Path(__file__).with_name("set_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source], check=True)
        self.environment = {"LD_PRELOAD": str(library), "SET_CLOCK": str(self._kept)}

    def put(self, ahead_s: int) -> None:
        with self._kept.open("r+b" if self._kept.exists() else "wb") as kept:
            kept.write(struct.pack("=q", ahead_s * 1_000_000_000))


class ClockedEngine:
    """``tocsin serve --role engine`` with a clock that can be set. Same words as ``roles.EngineRole``."""

    def __init__(self, to: Deployment, clock: SetClock) -> None:
        self._environment = to.environment | clock.environment
        self.output = to.home.parent / "clocked.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", "engine"]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=output, cwd=ROOT)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(120)

    @property
    def dead(self) -> bool:
        return self.process is None or self.process.poll() is not None


class Gauges(threading.Thread):
    """Delivers of every gauge an observation, again and again, stamped with the true time. ``kept``: seq and moment of each
    batch that was acknowledged."""

    def __init__(self, to: Deployment) -> None:
        super().__init__(daemon=True, name="gauges")
        self.to, self.failure = to, ""
        self.kept: list[tuple[int, int]] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        client = self.to.client()
        try:
            while not self.stopping.is_set():
                at_us = time.time_ns() // 1000
                seq = client.observations(batch_at(at_us), source="gauges")
                assert seq is not None
                self.kept.append((seq, at_us))
                self.stopping.wait(0.05)
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"
            raise
        finally:
            client.close()


def batch_at(at_us: int) -> pa.RecordBatch:
    """A heavy shower at every gauge."""
    moments = pa.array(np.full(len(GAUGES), at_us)).cast(OBSERVATIONS.field("observed_at").type)
    columns = [
        pa.array(np.arange(len(GAUGES), dtype=np.int32)), moments, pa.array(np.full(len(GAUGES), 1.5)),
        pa.array(np.zeros(len(GAUGES), np.uint8)), moments, pa.nulls(len(GAUGES), OBSERVATIONS.field("issued_at").type),
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)


def play() -> None:
    """Run it all; the last line of standard output is what was found."""
    folder = Path(os.environ["CLOCK_PLAY"])
    to = Deployment(folder / "home")
    to.migrate()
    clock = SetClock(folder)
    engine = ClockedEngine(to, clock)
    found: dict[str, object] = {}

    def health(name: str) -> float:
        return float((to.health() or {}).get(name) or 0.0)

    def more(gauges: Gauges, batches: int = 40) -> None:
        have = len(gauges.kept)
        to.wait_for(lambda: len(gauges.kept) >= have + batches or gauges.failure != "", "deliveries")
        assert not gauges.failure, gauges.failure

    def delivering() -> Gauges:
        gauges = Gauges(to)
        gauges.start()
        return gauges

    lives: list[Gauges] = []
    try:
        engine.start()
        to.wait_for(lambda: to.health() is not None, "the engine")
        to.client().catalogue(catalogue_body(SOURCES, GAUGES))
        lives.append(delivering())
        more(lives[-1], 100)

        clock.put(-HOUR_S)
        to.wait_for(lambda: health("clock_steps") >= 1, "the step back being seen")
        more(lives[-1])
        found["doubt_after_step_back"] = health("clock_doubt_s")

        clock.put(0)  # right again: a leap forward of an hour, and the gauges speak for it
        to.wait_for(lambda: health("clock_steps") >= 2, "the step forward being seen")
        to.wait_for(lambda: health("clock_doubt_s") == 0.0, "the right time being believed")
        more(lives[-1])

        clock.put(400 * DAY_S)  # wrong: the gauges speak against it
        to.wait_for(lambda: health("clock_doubt_s") > 399 * DAY_S, "the leap being doubted")
        more(lives[-1], 200)
        found["doubt_after_leap"] = health("clock_doubt_s")
        lives[-1].stopping.set()
        lives[-1].join(30)
        engine.kill()  # and it must not be believed because the engine began anew
        engine.start()
        to.wait_for(lambda: to.health() is not None, "the engine's second life")
        lives.append(delivering())
        more(lives[-1])
        found["doubt_after_restart"] = health("clock_doubt_s")

        clock.put(0)
        to.wait_for(lambda: health("clock_doubt_s") == 0.0, "the clock being right again")
        more(lives[-1])
        for gauges in lives:
            gauges.stopping.set()
            gauges.join(30)
        to.settle()
        assert engine.stop() == 0
        found["said"] = engine.output.read_text(errors="replace")
        found |= _look_back(to.home, [one for gauges in lives for one in gauges.kept])
    except AssertionError:
        sys.stderr.write(engine.output.read_text(errors="replace")[-4000:] if engine.output.exists() else "")
        raise
    finally:
        for gauges in lives:
            gauges.stopping.set()
        if not engine.dead:
            engine.kill()
    sys.stdout.write(json.dumps(found) + "\n")


def _look_back(home: Path, sent: list[tuple[int, int]]) -> dict[str, object]:
    """What the log and the database hold in the end. A tick stands for the second that is over: it may lie behind by that."""
    import django

    django.setup()
    from tests.kill import verdict

    from tocsin.loop.observe.log import LogReader

    records = list(LogReader(home / "log").read())
    stored = {r.seq: r.batch["observed_at"].cast("int64")[0].as_py() for r in records if r.batch is not None}
    stamps, recorded = [record.at_us for record in records], verdict.recorded(home)
    return {
        "acknowledged": len(sent),
        "lost": sum(stored.get(seq) != at_us for seq, at_us in sent),
        "stamps_go_back": sum(later <= earlier - 1_000_000 for earlier, later in itertools.pairwise(stamps)),
        "years_ahead": sum(stamp > time.time_ns() // 1000 + DAY_S * 1_000_000 for stamp in stamps),
        "transitions": len(recorded),
        "silences": len(recorded) - len(verdict.heard(recorded)),
        "same_signals": recorded == verdict.of_the_same_log(home),
    }
