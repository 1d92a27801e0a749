"""The play of ``test_full_disk``: a deployment on a small disk, a storm, a ballast file that takes the room away."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from tests.kill.roles import Deployment
from tests.kill.weather import CLIENTS, GAUGES, SOURCES, Storm

from tocsin.formats.catalogue import catalogue_body

MIB = 1 << 20


def free(disk: Path) -> int:
    status = os.statvfs(disk)
    return status.f_bavail * status.f_frsize


def fill(disk: Path, leave: int) -> None:
    """Put ballast on the disk until so many bytes are left."""
    with (disk / "ballast").open("ab") as file:
        while (room := free(disk) - leave) > 0:
            try:
                file.write(b"x" * min(room, MIB))
                file.flush()
            except OSError:
                return


def play() -> None:
    """Run it all; the last line of standard output is what was found."""
    disk = Path(os.environ["FULL_DISK"])
    floor = int(os.environ["TOCSIN_FREE_SPACE_FLOOR_MB"]) * MIB
    to = Deployment(disk / "home", TOCSIN_FREE_SPACE_FLOOR_MB=os.environ["TOCSIN_FREE_SPACE_FLOOR_MB"])
    # what a console prints is no business of the disk under test
    import tempfile

    outside = Path(tempfile.mkdtemp())
    to.engine.output, to.web.output = outside / "engine.txt", outside / "web.txt"
    os.environ.update(to.environment)
    import django

    to.migrate()
    django.setup()
    from tests.kill import verdict

    storms: list[Storm] = []
    try:
        to.engine.start()
        to.wait_for(lambda: to.health() is not None, "the engine")
        pid = to.engine.process.pid
        to.client().catalogue(catalogue_body(SOURCES, GAUGES))
        to.settle()
        token = to.token("gauges")
        to.web.start()
        to.wait_for(to.door_answers, "the door")
        storms = [Storm(to, number, token, 0.01) for number in range(CLIENTS)]
        for storm in storms:
            storm.start()
        to.wait_for(lambda: all(storm.steps > 100 for storm in storms), "weather")
        warned: list[object] = []
        if floor:
            fill(disk, 3 * floor)
            to.wait_for(lambda: (to.health() or {}).get("disk_state") == "low", "the warning")
            notes = to.readiness()["notes"]
            warned = notes if isinstance(notes, list) else []
        for storm in storms:
            storm.answers.clear()
        fill(disk, floor - MIB if floor else 0)
        # every sender is refused, and the engine meets the full disk with all that it writes: log, ticks, snapshots, database
        to.wait_for(lambda: all(len(storm.answers) > 3 for storm in storms), "refusals", 180.0)
        unready = to.readiness()["faults"]
        until = time.monotonic() + 5.0
        while time.monotonic() < until:
            if not floor:
                fill(disk, 0)
            time.sleep(0.2)
        words = next(answer[2] for storm in storms for answer in storm.answers)
        answers = [answer for storm in storms if storm.by_http for answer in storm.answers]
        before = sum(storm.steps for storm in storms)
        (disk / "ballast").unlink()
        to.wait_for(lambda: all(storm.steps > 250 for storm in storms), "weather after the flood", 300.0)
        for storm in storms:
            storm.stopping.set()
        for storm in storms:
            storm.join(60)
        to.settle()
        restarts = int(to.engine.process.pid != pid or to.engine.dead)
        assert to.web.stop() == 0
        assert to.engine.stop() == 0, to.said()
        log = verdict.look_at_log(to.home, storms)
        found = {
            "refused": sum(len(storm.answers) for storm in storms),
            "status": sorted({answer[0] for answer in answers}),
            "retry_after": sorted({answer[1] for answer in answers}),
            "words": words, "warned": warned, "unready": unready, "lost": log.lost_rows, "taken_before": before,
            "taken_after": sum(storm.steps for storm in storms), "restarts": restarts,
            "same_signals": verdict.recorded(to.home) == verdict.of_the_same_log(to.home),
        }  # fmt: skip
    finally:
        for storm in storms:
            storm.stopping.set()
        to.end()
    sys.stdout.write(json.dumps(found) + "\n")
