"""One long run of one target: guided by coverage (atheris, libFuzzer) where that is installed, by blind mutation elsewhere.

    python -m tests.fuzz.campaign TARGET --seconds 600 --work DIR

A find is written once for each place of the code and the run goes on; what kills the process is libFuzzer's to write.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
SLOWEST_S = 2.0  # of the processor, for an input of a few kilobytes; what is refused by size has its own tests


class Run:
    """Counts executions of a target, keeps what is found."""

    def __init__(self, name: str, work: Path) -> None:
        from tests.fuzz.targets import TARGETS, run_one

        self.target, self.one = TARGETS[name], run_one
        self.finds = work / "finds"
        self.finds.mkdir(parents=True, exist_ok=True)
        self.stats_file = work / f"{name}.json"
        self.stats = {
            "target": name,
            "executions": 0,
            "accepted": 0,
            "refused": 0,
            "finds": 0,
            "slowest_s": 0.0,
            "seconds": 0.0,
        }
        self.began = self.told = time.monotonic()
        self.known: set[str] = set()
        self.warm(name)

    def warm(self, name: str) -> None:
        """What is imported and built at the first use is not what an input costs."""
        from tests.fuzz.seeds import seeds

        for data in seeds(name):
            self.one(self.target, data)

    def try_one(self, data: bytes) -> None:
        """One execution."""
        before = time.thread_time()
        try:
            accepted = self.one(self.target, data)
            self.stats["accepted" if accepted else "refused"] += 1
        except Exception as error:
            self.keep(data, error)
        spent = time.thread_time() - before
        if spent > SLOWEST_S:
            self.keep(data, TimeoutError(f"took {spent:.1f} s"))
        self.stats["slowest_s"] = max(self.stats["slowest_s"], round(spent, 3))
        self.stats["executions"] += 1
        now = time.monotonic()
        if now - self.told > 2:
            self.tell(now)

    def keep(self, data: bytes, error: Exception) -> None:
        """A find, once for each place it comes from."""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "tocsin" in frame.filename]
        place = (
            f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
            if frames
            else str(error)[:20]
        )
        if place in self.known:
            return
        self.known.add(place)
        self.stats["finds"] += 1
        name = f"{self.target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
        (self.finds / name).write_bytes(data)
        (self.finds / f"{name}.txt").write_text(place + "\n" + "".join(traceback.format_exception(error)), "utf-8")
        print(f"FOUND {place}: {error!r:.200}", flush=True)

    def tell(self, now: float) -> None:
        """Write the figures so far: libFuzzer ends the process without a word."""
        self.told = now
        self.stats["seconds"] = round(now - self.began, 1)
        self.stats_file.write_text(json.dumps(self.stats) + "\n", "utf-8")


def guided(name: str, work: Path, seconds: int, atheris: object) -> None:
    """libFuzzer through atheris."""
    from tests.fuzz.targets import TARGETS

    run = Run(name, work)
    words = work / f"{name}.dict"
    words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in TARGETS[name].words))
    arguments = ["fuzz", f"-max_total_time={seconds}", f"-max_len={TARGETS[name].longest}", "-timeout=30", "-rss_limit_mb=2000",
                 f"-dict={words}", f"-artifact_prefix={work}/finds/{name}-", "-print_final_stats=1",
                 "-report_slow_units=60", "-verbosity=0",
                 str(work / name)]  # fmt: skip
    atheris.Setup(arguments, run.try_one)  # type: ignore[attr-defined]
    atheris.Fuzz()  # type: ignore[attr-defined]


def blind(name: str, work: Path, seconds: float, seed: int = 0) -> Run:
    """Mutations of the corpus without guidance."""
    run = Run(name, work)
    rng = random.Random(seed)
    pool = [path.read_bytes() for path in sorted((work / name).iterdir())]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        run.try_one(mutated(rng, pool, run.target.words, run.target.longest))
    run.tell(time.monotonic())
    return run


def mutated(rng: random.Random, pool: list[bytes], words: tuple[bytes, ...], longest: int) -> bytes:
    """One of the pool with some bytes changed, cut, doubled, exchanged for words or for parts of another."""
    data = bytearray(rng.choice(pool))
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at, end = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
        changes: tuple[Callable[[], bytes], ...] = (
            lambda: b"",
            lambda: bytes(data[at:end]) * 2,  # noqa: B023
            lambda: rng.choice(words or (b"\0",)),
            lambda: rng.randbytes(rng.randint(1, 4)),
            lambda: rng.choice(pool)[at:end],  # noqa: B023
        )
        data[at : rng.choice((at, end, min(end, at + 2)))] = rng.choice(changes)()
    return bytes(data[:longest])


def filled(name: str, work: Path) -> Path:
    """The folder of inputs that a run begins with and adds to: the kept corpus and the seeds."""
    from tests.fuzz.seeds import seeds

    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    kept = [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))] if (CORPUS / name).is_dir() else []
    for data in [*kept, *seeds(name)]:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    return folder


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--work", type=Path, required=True)
    asked = parser.parse_args()
    try:
        import atheris
    except ImportError:
        filled(asked.target, asked.work)
        blind(asked.target, asked.work, asked.seconds)
        return
    # Kernels stay as they are: Numba reads their byte code. numpy and pyarrow have none to instrument.
    with atheris.instrument_imports(include=["tocsin", "lark", "tomllib", "csv"], exclude=["tocsin.engine.operators"]):
        import tests.fuzz.targets  # noqa: F401
    filled(asked.target, asked.work)
    guided(asked.target, asked.work, asked.seconds, atheris)


if __name__ == "__main__":
    sys.exit(main())
