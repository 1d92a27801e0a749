"""Every figure in one run, each beside its bar: one table a figure, and benchmarks/results/<date>.md
(for people) with <part>.json (for bars.py).

    make bench                                   all of it (about a quarter of an hour on two cores)
    python benchmarks/run.py --only w1 parse     some parts
    python benchmarks/run.py --rounds 1 --sets s1m --seconds 2     a quick look

Nothing here is a test: a bar not reached is printed, not failed. Exit code 1 only where a result was wrong (events other
than the reference's, a check of the replay that did not hold) or a part broke down.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import beijing
import cap
import doors
import engine_scale
import log_append
import parse
import publication
import targeting
import w1
from recorded import NotHere
from report import RESULTS, Table, keep, load, machine


def parts(chosen: argparse.Namespace) -> dict[str, Callable[[], list[Table]]]:
    """What there is to run, in the order in which it is run."""
    return {
        "w1": lambda: w1.measure(chosen.sets, chosen.rounds),
        "scale": lambda: engine_scale.measure(chosen.rounds),
        "beijing": lambda: beijing.measure(chosen.rounds),
        "parse": lambda: parse.measure(chosen.rounds, min(1.0, chosen.seconds)),
        "targeting": lambda: targeting.measure(chosen.rounds),
        "cap": lambda: cap.measure(chosen.rounds, min(1.0, chosen.seconds)),
        "publication": lambda: publication.measure(chosen.rounds, chosen.seconds),
        "log": lambda: log_append.measure(chosen.rounds, batches=200),
        "ingest": lambda: doors.ingest(chosen.seconds, chosen.rounds),
        "latency": lambda: doors.latency(chosen.seconds * 12),
    }


def main() -> None:
    """Run, print, write the results file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--only", nargs="+", metavar="PART", help="w1, scale, beijing, parse, targeting, log, ingest, latency"
    )
    options.add_argument("--rounds", type=int, default=3, help="rounds of each part; medians are printed")
    options.add_argument("--sets", nargs="+", default=["s1m", "w10m"], choices=sorted(w1.SETS), help="data sets of W1")
    options.add_argument(
        "--seconds", type=float, default=5.0, help="of one run of the HTTP door; the page gets 12 times that"
    )
    options.add_argument("--no-file", action="store_true", help="print only")
    chosen = options.parse_args()
    there = parts(chosen)
    if unknown := [name for name in chosen.only or () if name not in there]:
        options.error(f"no part {unknown[0]!r}; there are {', '.join(there)}")
    facts, begun = machine(), datetime.now(UTC)
    print("\n".join(facts), flush=True)
    tables, left_out, broken = [], [], []
    for name in chosen.only or there:
        print(f"\n{name} ...", file=sys.stderr, flush=True)
        try:
            made = there[name]()
        except NotHere as reason:
            left_out.append(f"{name} is left out: {reason}")
            print(left_out[-1], flush=True)
        except SystemExit as reason:  # a child that broke down must not take the other figures with it
            broken.append(f"{name} broke down: {str(reason).splitlines()[0]}")
            print(f"{name} broke down: {reason}", flush=True)
        else:
            print("\n" + "\n\n".join(table.as_text() for table in made), flush=True)
            tables += made
            if not chosen.no_file:
                keep(name, made)
    facts.append(f"load after: {load()}")
    summary = summarise(tables, left_out + broken)
    print("\n" + summary)
    if not chosen.no_file:
        path = write(facts, tables, summary, begun)
        print(f"\nwritten: benchmarks/results/{path.name}")
    raise SystemExit(1 if broken or not all(table.held for table in tables) else 0)


def summarise(tables: list[Table], missing: list[str]) -> str:
    """Every bar in one place, goals after them."""
    bars = sorted((bar for table in tables for bar in table.bars), key=lambda bar: bar.goal)
    wrong = [f"WRONG RESULT: {table.title}" for table in tables if not table.held]
    return "\n".join([*(str(bar) for bar in bars), *wrong, *missing])


def write(facts: list[str], tables: list[Table], summary: str, begun: datetime) -> Path:
    """``results/<date>.md``; a second run of a day gets a number."""
    RESULTS.mkdir(exist_ok=True)
    day = begun.date().isoformat()
    number = 1 + len(list(RESULTS.glob(f"{day}*.md")))
    path = RESULTS / (f"{day}.md" if number == 1 else f"{day}-{number}.md")
    lines = [f"# Benchmarks of {begun:%Y-%m-%d %H:%M} UTC", "", *(f"- {fact}" for fact in facts), "", "## Bars", "",
             *(f"- {line}" for line in summary.splitlines()), ""]  # fmt: skip
    path.write_text("\n".join(lines) + "\n" + "\n".join(table.as_markdown() for table in tables))
    return path


if __name__ == "__main__":
    main()
