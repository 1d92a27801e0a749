"""Kills without end: ``scripts/kill-test --kills 200``. See docs/durability.md.

A real engine and a real ingest door take a storm from five senders. They are killed (SIGKILL) again and again: at random
moments, while they start, and at named points (half a group written, segment roll, snapshot half written, around the
database's commit, in recovery). At the end every acknowledged row must be in the log, and the signals in the database
must be those of an undisturbed run: ids, moments, evidence.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.kill import verdict
from tests.kill.points import IN_RECOVERY, POINTS, RARE
from tests.kill.roles import Deployment
from tests.kill.weather import CLIENTS, GAUGES, SOURCES, Storm

from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.observe.log import LogReader

SEED = 20251127
ENOUGH = 800  # steps of five minutes; the slowest gauge's rhythm is 516 of them


@dataclass
class Figures:
    """What a campaign found."""

    kills: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)  # points that were not reached; killed at random instead
    recovery_s: list[float] = field(default_factory=list)
    opening_s: list[float] = field(default_factory=list)
    torn_tails: int = 0
    log: verdict.LogFigures = field(default_factory=verdict.LogFigures)
    sent_again: int = 0
    transitions: int = 0
    signals: int = 0
    same_as_log: bool = False
    same_as_undisturbed: bool = False

    @property
    def sound(self) -> bool:
        return self.same_as_log and self.same_as_undisturbed and self.log.lost_rows == 0

    def as_text(self) -> str:
        kinds = "\n".join(
            f"    {count:4d}  {name}"
            for name, count in sorted(self.kills.items(), key=lambda item: (-item[1], item[0]))
        )
        return (
            f"kills                       {self.kills.total()}\n{kinds}\n"
            f"points not reached in time  {self.missed.total()} (killed there all the same)\n"
            f"torn tails cut off          {self.torn_tails}\n"
            f"records in the log          {self.log.records:,}\n"
            f"acknowledged rows           {self.log.acknowledged_rows:,}\n"
            f"lost                        {self.log.lost_rows}\n"
            f"sent again by the senders   {self.sent_again:,} batches\n"
            f"duplicates counted          {self.log.duplicate_rows:,} rows\n"
            f"signals                     {self.signals:,} with {self.transitions:,} transitions\n"
            f"as one engine over the log  {'identical' if self.same_as_log else 'DIFFERENT'}\n"
            f"as an undisturbed run       {'identical' if self.same_as_undisturbed else 'DIFFERENT'}"
            " (ids, moments, levels, evidence)\n"
            f"start to answering          {_spread(self.recovery_s)} ({len(self.recovery_s)} starts, without imports)\n"
            f"log and state regained      {_spread(self.opening_s)}\n"
        )


def _spread(values: list[float]) -> str:
    return f"median {_median(values):.2f} s, longest {max(values, default=0):.2f} s"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _median(values: list[float]) -> float:
    return statistics.median(values) if values else 0.0


class Campaign:
    """One run over one deployment."""

    def __init__(self, home: Path, *, kills: int, seed: int, database: str = "", pause_s: float = 0.01) -> None:
        self.to = Deployment(home, database)
        self.kills, self.chance, self.pause_s = kills, random.Random(seed), pause_s
        self.figures = Figures()
        self.storms: list[Storm] = []

    def run(self, progress: bool = False) -> Figures:
        """All kills, then the verdict."""
        to = self.to
        to.migrate()
        to.engine.start()
        to.wait_for(lambda: to.health() is not None, "the engine")
        to.client().catalogue(catalogue_body(SOURCES, GAUGES))
        to.settle()
        token = to.token("gauges")
        to.web.start()
        to.wait_for(to.door_answers, "the door")
        self.storms = [Storm(to, number, token, self.pause_s) for number in range(CLIENTS)]
        for storm in self.storms:
            storm.start()
        try:
            for number, kind in enumerate(self.plan()):
                if self.figures.kills.total() >= self.kills:
                    break  # a point costs two: the life before it is killed too
                self.kill(kind)
                if progress and number % 10 == 9:
                    _say(f"  {self.figures.kills.total()} kills, {self.taken():,} batches acknowledged")
            self.alive()
            to.wait_for(lambda: all(storm.steps >= ENOUGH for storm in self.storms), "enough weather", 900.0)
        finally:
            for storm in self.storms:
                storm.stopping.set()
            for storm in self.storms:
                storm.join(60)
        assert not [storm.failure for storm in self.storms if storm.failure]
        to.settle()
        assert to.web.stop() == 0
        assert to.engine.stop() == 0, to.said()
        return self.judge()

    def plan(self) -> list[str]:
        """One in twenty at the door, one in ten while starting, four in ten at random moments, the others at named points."""
        points = [name for _ in range(self.kills) for name in POINTS]
        plan = []
        for number in range(self.kills):
            tenth = number % 10
            plan.append(
                "door" if number % 20 == 3 else "starting" if tenth == 7 else "moment" if tenth % 2 == 0 else "point"
            )
        named = iter(points)
        plan = [next(named) if kind == "point" else kind for kind in plan]
        self.chance.shuffle(plan)
        return plan

    def kill(self, kind: str) -> None:
        """One kill, and the start that follows it."""
        to = self.to
        if kind == "door":
            to.wait_for(to.door_answers, "the door", 180.0)
            time.sleep(self.chance.uniform(0.0, 0.5))
            to.web.kill()
            to.web.start()
        elif kind == "starting":
            self.alive()
            to.engine.kill()
            to.engine.start()
            time.sleep(self.chance.uniform(0.1, 1.0) * self.usual_start())
            self.kill_engine()
        elif kind == "moment":
            self.alive()
            time.sleep(self.chance.uniform(0.0, 0.8))
            self.kill_engine()
        else:
            self.kill_at(kind)
        self.figures.kills["ingest door, random moment" if kind == "door" else
                           "engine, while it starts" if kind == "starting" else
                           "engine, random moment" if kind == "moment" else f"engine, {kind}"] += 1  # fmt: skip

    def kill_engine(self) -> None:
        self.to.engine.kill()
        self.to.engine.start()

    def kill_at(self, point: str) -> None:
        """Start the engine anew so that it dies at the point by itself."""
        engine = self.to.engine
        self.alive()
        engine.kill()  # counted with the point: the next life is the one that ends there
        self.figures.kills["engine, random moment"] += 1
        times = 1 if point in IN_RECOVERY else self.chance.randint(1, 4 if point.startswith(RARE) else 60)
        engine.start(f"{point}:{times}")
        until = time.monotonic() + 60
        while not engine.dead and time.monotonic() < until:
            time.sleep(0.01)
        if not engine.dead:
            self.figures.missed[point] += 1
            engine.kill()
        engine.start()

    def alive(self) -> None:
        """Until engine and door answer and a batch was acknowledged since."""
        to = self.to
        for role in (to.engine, to.web):
            if role.dead:
                role.start()
        asked = time.monotonic()
        to.wait_for(lambda: to.health() is not None, "the engine", 180.0)
        if asked - to.engine.started_at < 1.0:  # a life that was looked at from its beginning
            self.figures.recovery_s.append(time.monotonic() - to.engine.started_at)
        health = to.health() or {}
        self.figures.opening_s.append(float(health.get("opening_s") or 0))
        self.figures.torn_tails += bool(health.get("torn_bytes"))
        before = self.taken()
        to.wait_for(lambda: self.taken() > before, "a batch", 60.0)

    def usual_start(self) -> float:
        return _median(self.figures.recovery_s) or 2.0

    def taken(self) -> int:
        return sum(len(storm.acknowledged) for storm in self.storms)

    def judge(self) -> Figures:
        figures, home = self.figures, self.to.home
        figures.log = verdict.look_at_log(home, self.storms)
        figures.sent_again = sum(storm.sent_again for storm in self.storms)
        found = verdict.recorded(home, self.to.database)
        figures.same_as_log = found == verdict.of_the_same_log(home)
        assert figures.log.last_step is not None
        figures.same_as_undisturbed = verdict.heard(found) == verdict.of_an_undisturbed_run(home, figures.log.last_step)
        figures.transitions, figures.signals = len(found), len({line[0] for line in found})
        assert not LogReader(home / "log").damaged
        return figures


def main() -> None:
    """Run and print; exit code 1 where anything was lost or differs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--database", default="", help="postgresql:// URL of an empty database; left out = SQLite")
    options.add_argument("--dir", type=Path, help="where the home is made (a real disk)")
    options.add_argument("--keep", action="store_true", help="leave the home behind")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tocsin-kills.", dir=chosen.dir))
    _say(f"seed {chosen.seed}, {'PostgreSQL' if chosen.database else 'SQLite'}, home in {folder}")
    os.environ |= {"TOCSIN_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}
    import django

    django.setup()
    campaign = Campaign(folder / "home", kills=chosen.kills, seed=chosen.seed, database=chosen.database)
    try:
        figures = campaign.run(progress=True)
    finally:
        campaign.to.end()
    _say(figures.as_text())
    if chosen.json:
        chosen.json.write_text(json.dumps({"seed": chosen.seed, "text": figures.as_text()}))
    if figures.sound and not chosen.keep:
        shutil.rmtree(folder)
    raise SystemExit(0 if figures.sound else 1)


if __name__ == "__main__":
    main()
