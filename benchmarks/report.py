"""Tables of a benchmark run: rows as measured, the bars beside them, the machine they were measured on."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
RESULTS = CHECKOUT / "benchmarks" / "results"


@dataclass(frozen=True)
class Bar:
    """What a figure must reach. ``goal``: the engine's own aim for later, not a promise of this version."""

    what: str
    limit: float
    measured: float
    unit: str = "/s"
    at_most: bool = False
    goal: bool = False

    def __str__(self) -> str:
        reached = self.measured <= self.limit if self.at_most else self.measured >= self.limit
        side = "at most " if self.at_most else ""
        return (
            f"{'goal' if self.goal else 'bar'} {side}{number(self.limit)}{self.unit} ({self.what}): measured "
            f"{number(self.measured)}{self.unit}, {'reached' if reached else 'not reached'}"
        )


@dataclass
class Table:
    """One figure: a title, columns, rows, bars, and sentences on how to read it. ``held``: results were as they must be."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    held: bool = True

    def as_text(self) -> str:
        """For a terminal: the first column left, the others right."""
        cells = [[cell(value) for value in row] for row in [self.columns, *self.rows]]
        widths = [max(len(row[n]) for row in cells) for n in range(len(self.columns))]
        lines = [
            "  ".join(text.ljust(width) if n == 0 else text.rjust(width)
                      for n, (text, width) in enumerate(zip(row, widths, strict=True))).rstrip()
            for row in cells
        ]  # fmt: skip
        lines.insert(1, "-" * len(lines[0]))
        return "\n".join([self.title, *lines, *(f"  {line}" for line in [*self.bars, *self.notes])])

    def as_markdown(self) -> str:
        """For the results file."""
        rule = ["---", *(["---:"] * (len(self.columns) - 1))]
        rows = [list(self.columns), rule, *([cell(value) for value in row] for row in self.rows)]
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([f"## {self.title}", "", *lines, "", *(f"- {line}" for line in [*self.bars, *self.notes]), ""])


def keep(part: str, tables: Sequence[Table]) -> Path:
    """Write ``benchmarks/results/<part>.json``, in place of an earlier run's: what bars.py reads the figures from."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{part}.json"
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "tables": [asdict(one) for one in tables],
    }  # fmt: skip
    path.write_text(json.dumps(document, indent=1, default=float) + "\n", encoding="utf-8")
    return path


def cell(value: object) -> str:
    """A cell as text; None = not measured."""
    return "-" if value is None else number(value) if isinstance(value, float | int) else str(value)


def number(value: float) -> str:
    """Three figures or more, with commas."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def median(values: Iterable[float]) -> float:
    """The middle of what the rounds gave."""
    return statistics.median(values)


def machine() -> list[str]:
    """Facts of the machine, one a line; neither its name nor its paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{len(os.sched_getaffinity(0))} cores usable of {os.cpu_count()} ({_processor()}), {memory:.0f} GiB of memory, "
        f"{platform.system()}",
        f"Python {platform.python_version()}, " + ", ".join(f"{name} {version}" for name, version in _versions()),
        f"Tocsin at commit {_commit()}",
        f"load before: {load()}",
    ]


def load() -> str:
    """Mean number of running processes over 1, 5 and 15 minutes."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _versions() -> list[tuple[str, str]]:
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in ("numpy", "numba", "pyarrow", "duckdb", "polars", "granian", "django"):
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed"))
    return found


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "not known"
