"""The two benchmarks that start the product itself, run as they stand; their figures as tables with their bars.

python benchmarks/doors.py        (see http_ingest.py and latency.py for one of them alone)
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from child import run
from recorded import NotHere
from report import Bar, Table, load

HERE = Path(__file__).parent
# Form -> rows a second at 10,000 rows a body: what this version must reach, and the engine's later aim.
BARS = {"Arrow": (300_000, 500_000), "JSON columns": (150_000, 300_000)}


def ingest(seconds: float, repeat: int) -> list[Table]:
    """Durable, acknowledged ingest over HTTP."""
    before = load()
    rows = _figures("http_ingest.py", "--seconds", str(seconds), "--repeat", str(repeat))
    table = Table(
        f"Ingest over HTTP, acknowledged after fdatasync (load before: {before})",
        ("path", "form", "rows a body", "rows/s", "share of the bare path", "ms p50", "ms p99", "engine behind s"),
    )
    bare = {(form(row), row["rows"]): row["rate"] for row in rows if row["who"] == "bare"}
    for row in rows:
        share = row["rate"] / bare[form(row), row["rows"]] if (form(row), row["rows"]) in bare else None
        behind = row["behind_s"] if row["who"] == "tocsin" else None
        table.rows.append(
            (row["who"], form(row), row["rows"], row["rate"], share, row["p50_ms"], row["p99_ms"], behind)
        )
        if row["who"] == "tocsin" and row["rows"] == 10_000:
            for limit, goal in zip(BARS[form(row)], (False, True), strict=True):
                table.bars.append(Bar(f"{form(row)}, bodies of 10,000 rows", limit, row["rate"], goal=goal))
    table.notes = [
        f"Median of {repeat} runs of at most {seconds:g} s; a run ends earlier when its prepared bodies are used up, and most "
        "of the fast ones do. These are bursts, not what can be kept up for hours.",
        "The bare path reads, decodes and appends with fdatasync: no token, no checks, no evaluation.",
        "Engine behind: how long evaluation needed after the last acknowledgement. Each connection sends streams of its own "
        "in time order, so every row sent is judged.",
    ]
    return [table]


def latency(seconds: float) -> list[Table]:
    """Acknowledged to the page."""
    before = load()
    one = _figures("latency.py", "--seconds", str(seconds))
    table = Table(
        f"Observation acknowledged to event on the page (load before: {before})",
        ("observations/s", "events", "s p50", "s p95", "s p99", "s slowest"),
        [(one["observations_per_s"], one["events"], one["p50_s"], one["p95_s"], one["p99_s"], one["max_s"])],
        [Bar("p95 at 1,000 observations/s", 2, one["p95_s"], " s", at_most=True)],
    )
    return [table]


def form(row: dict[str, Any]) -> str:
    """Arrow or JSON columns."""
    return "JSON columns" if row["kind"] == "json" else "Arrow"


def _figures(script: str, *options: str) -> Any:
    if not (HERE / script).is_file():
        raise NotHere(f"benchmarks/{script} is not there.")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "figures.json"
        done = run((sys.executable, str(HERE / script), *options, "--json", str(out)), Path(name))
        if done.code or not out.is_file():
            raise SystemExit(f"benchmarks/{script} ended with {done.code}:\n{(done.said + done.complaint)[-2000:]}")
        print(f"  {script}: {done.wall_s:.0f} s, load {load()}", file=sys.stderr, flush=True)
        return json.loads(out.read_text())


def main() -> None:
    """Run both and print."""
    print("\n\n".join(table.as_text() for table in [*ingest(5.0, 3), *latency(60.0)]))


if __name__ == "__main__":
    main()
