"""Four years of Beijing (5 million observations) through `tocsin replay`, from the file to the scored record.

python benchmarks/beijing.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from child import Run, run
from recorded import NotHere, folder
from report import Bar, Table, load, median

PARTS = ("reading", "validation", "engine", "grouping", "scoring")
BAR_S = 60


def measure(rounds: int) -> list[Table]:
    """One table: the whole and its parts. Raises NotHere without the data."""
    data = (
        Path(os.environ["TOCSIN_DATA"], "beijing_air") if "TOCSIN_DATA" in os.environ else folder("data", "beijing_air")
    )
    before = load()
    with tempfile.TemporaryDirectory() as name:
        done = [_replay(data, Path(name)) for _ in range(rounds)]
    wall = [each.wall_s for each, _ in done]
    counts = done[0][1]["counts"]
    table = Table(
        f"Beijing, four years: {counts['rows']:,} observations through `tocsin replay` (load before: {before})",
        ("part", "median s", "fastest s", "slowest s", "observations/s"),
    )
    for part in PARTS:
        seconds = [document["seconds"][part] for _, document in done]
        table.rows.append((part, median(seconds), min(seconds), max(seconds), counts["rows"] / median(seconds)))
    known = [sum(document["seconds"].values()) for _, document in done]
    rest = [whole - parts for whole, parts in zip(wall, known, strict=True)]
    table.rows.append(("start-up, output", median(rest), min(rest), max(rest), None))
    table.rows.append(("whole", median(wall), min(wall), max(wall), counts["rows"] / median(wall)))
    cpu, peak = median(each.cpu_s for each, _ in done), median(each.peak_mb for each, _ in done)
    table.bars = [Bar("whole command", BAR_S, median(wall), " s", at_most=True)]
    table.held = all(document["held"] for _, document in done)
    table.notes = [
        f"Median of {rounds}; {cpu:.1f} CPU-seconds, peak {peak:,.0f} MB.",
        "Every check of the replay held." if table.held else "A check of the replay did not hold: see `tocsin replay`.",
    ]
    return [table]


def _replay(data: Path, scratch: Path) -> tuple[Run, dict[str, Any]]:
    done = run((sys.executable, "-m", "tocsin.app.cli", "replay", str(data), "--json"), scratch)
    if done.code not in (0, 1):  # 1: a check did not hold; the document says which
        raise SystemExit(f"tocsin replay ended with {done.code}:\n{done.complaint[-2000:]}")
    print(f"  replay: {done.wall_s:.1f} s, load {load()}", file=sys.stderr, flush=True)
    return done, json.loads(done.said)


def main() -> None:
    """Run and print; ends with 1 where a check of the replay did not hold."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    try:
        (table,) = measure(options.parse_args().rounds)
    except NotHere as reason:
        raise SystemExit(f"Beijing is left out: {reason}") from reason
    print(table.as_text())
    raise SystemExit(0 if table.held else 1)


if __name__ == "__main__":
    main()
