"""A child process measured: wall clock, CPU seconds and peak memory of its whole life, start-up included."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """``cpu_s`` counts all threads and the children it waited for. ``said``: standard output; ``complaint``: the other."""

    code: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str
    complaint: str


def run(command: Sequence[str], scratch: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Run:
    """Run to the end. Output goes through files in ``scratch``, so that a talkative child never waits for us."""
    said, complaint = scratch / "said", scratch / "complaint"
    begun = time.perf_counter()
    with said.open("wb") as out, complaint.open("wb") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, cwd=cwd, env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    return Run(child.returncode, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
               said.read_text(errors="replace"), complaint.read_text(errors="replace"))  # fmt: skip
