"""The long mode of ``scripts/fuzz``: campaigns of several targets side by side, their figures, the corpus made small again."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.campaign import CORPUS
from tests.fuzz.targets import TARGETS, run_one

MOST_FILES, LARGEST = 150, 1500  # of a target in the kept corpus: small enough to be tried by every `make test`


def campaign(name: str, work: Path, seconds: int) -> dict[str, object]:
    """Run one target; a process that died is a find of its own."""
    with (work / f"{name}.log").open("w") as log:
        code = subprocess.call(
            [sys.executable, "-m", "tests.fuzz.campaign", name, "--seconds", str(seconds), "--work", str(work)],
            stdout=log, stderr=subprocess.STDOUT, timeout=seconds + 600,
        )  # fmt: skip
    file = work / f"{name}.json"
    told = json.loads(file.read_text("utf-8")) if file.is_file() else {"target": name, "executions": 0, "finds": 0}
    return {**told, "exit": code}


def keep(name: str, work: Path) -> int:
    """Add to the kept corpus, the shortest first, each input that steps from one line of our code to another as none before."""
    from tests.fuzz.seeds import seeds

    into = CORPUS / name
    into.mkdir(parents=True, exist_ok=True)
    reached: set[tuple[str, int, int]] = set()
    for data in [*seeds(name), *(path.read_bytes() for path in sorted(into.iterdir()))]:
        reached |= steps_of(name, data)
    found = sorted(
        (path for path in (work / name).iterdir() if path.stat().st_size <= LARGEST),
        key=lambda path: path.stat().st_size,
    )
    for path in found:
        if len(list(into.iterdir())) >= MOST_FILES:
            break
        new = steps_of(name, path.read_bytes())
        if not new <= reached:
            reached |= new
            (into / path.name[:16]).write_bytes(path.read_bytes())
    return len(list(into.iterdir()))


def steps_of(name: str, data: bytes) -> set[tuple[str, int, int]]:
    """The steps from line to line that an input takes in our code."""
    steps: set[tuple[str, int, int]] = set()

    def local(frame: FrameType, event: str, _: object) -> Any:
        here = frame.f_lineno
        steps.add((frame.f_code.co_filename, before.get(frame, 0), here))
        before[frame] = here
        return local

    def enter(frame: FrameType, event: str, _: object) -> Any:
        return local if "/tocsin/" in frame.f_code.co_filename else None

    before: dict[FrameType, int] = {}
    sys.settrace(enter)
    try:
        run_one(TARGETS[name], data)
    finally:
        sys.settrace(None)
    return steps


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path("/tmp/tocsin-fuzz"))
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    names = asked.targets.split(",")
    with ThreadPoolExecutor(asked.parallel) as pool:
        told = list(pool.map(lambda name: campaign(name, asked.work, round(asked.minutes * 60)), names))
    print(
        f"{'target':<11}{'executions':>12}{'accepted':>10}{'refused':>10}{'finds':>7}{'slowest s':>11}{'minutes':>9}  exit"
    )
    for one in told:
        print(f"{one['target']:<11}{one['executions']:>12}{one.get('accepted', 0):>10}{one.get('refused', 0):>10}"
              f"{one['finds']:>7}"
              f"{one.get('slowest_s', 0):>11}{float(str(one.get('seconds', 0))) / 60:>9.1f}  {one['exit']}")  # fmt: skip
    if asked.keep:
        for name in names:
            print(f"{name}: {keep(name, asked.work)} files kept")
    finds = sorted(path for path in (asked.work / "finds").glob("*") if path.suffix != ".txt")
    for path in finds:
        print(f"find: {path}")
    return 1 if finds or any(one["exit"] for one in told) else 0


if __name__ == "__main__":
    sys.exit(main())
