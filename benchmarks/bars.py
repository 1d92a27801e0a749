"""Every bar of the engine and of ingest in one table: what was asked, what was measured, reached or not, or not measured.

    python benchmarks/bars.py [--markdown]

Nothing is measured here. The figures are read from benchmarks/results/*.json as the single benchmarks wrote them: `make
bench-peers` (peers.json), `make bench` (w1.json, ingest.json, latency.json) and the files alone that the last column names.
A figure is as old and as quiet as its own run: the moment and the load before it stand beside it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report import RESULTS, Table, number

Document = Mapping[str, Any]
Found = list[tuple[str, float]]  # what it was measured on, and the figure


@dataclass(frozen=True)
class Asked:
    """One bar. ``read``: the figures out of the file ``part``.json; ``command``: what measures it."""

    what: str
    limit: float
    unit: str
    part: str
    command: str
    read: Callable[[Document], Found]
    at_most: bool = False
    judged: bool = True  # False: a figure beside the bar, by another measure than the bar's own

    @property
    def bar(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {number(self.limit)}{self.unit}"

    def reached(self, figure: float) -> str:
        if not self.judged:
            return "not the bar's measure"
        return "reached" if (figure <= self.limit if self.at_most else figure >= self.limit) else "NOT REACHED"


def engine(key: str, peer: str = "tocsin") -> Callable[[Document], Found]:
    """A figure of Tocsin's own row on the large data sets."""

    def read(document: Document) -> Found:
        rows = {name: one["peers"].get(peer, {}) for name, one in document["sets"].items() if name != "s1m"}
        return [(name, row[key]) for name, row in rows.items() if key in row]

    return read


def beside(peer: str) -> Callable[[Document], Found]:
    """Tocsin's rows a CPU-second of the whole process by another's of the same run, on the large data sets."""

    def read(document: Document) -> Found:
        sets = {name: one["peers"] for name, one in document["sets"].items() if name != "s1m"}
        return [
            (name, row["tocsin"]["obs_per_cpu_s"] / row[peer]["obs_per_cpu_s"])
            for name, row in sets.items()
            if {"tocsin", peer} <= row.keys()
        ]

    return read


def differences(document: Document) -> Found:
    """Events of ours that the reference has not, or the other way round, in arrival order and shuffled."""
    return [
        (f"{name} {peer.removeprefix('tocsin') or 'in order'}".replace("-", ""),
         sum(row["missing"].values()) + sum(row["extra"].values()))
        for name, one in document["sets"].items() for peer, row in one["peers"].items()
        if peer in ("tocsin", "tocsin-10k", "tocsin-shuffled")
    ]  # fmt: skip


def of_bar(words: str) -> Callable[[Document], Found]:
    """What a table's own bar measured, found by words in its title or its bar; the first of several bars of one measure."""

    def read(document: Document) -> Found:
        seen: dict[str, float] = {}
        for table in document.get("tables", ()):
            for bar in table["bars"]:
                if all(word in f"{table['title']} {bar['what']}" for word in words.split("|")):
                    seen.setdefault(bar["what"], bar["measured"])
        return list(seen.items())

    return read


def to_the_page(document: Document) -> Found:
    """p99 of latency.py in ms: to the page, which comes after the signal was recorded, so the bar's own figure is smaller."""
    return [(f"page, {document['observations_per_s']:,.0f}/s", document["p99_s"] * 1e3)] if "p99_s" in document else []


PEERS, BENCH, SCALE = "make bench-peers", "make bench", "python benchmarks/engine_scale.py"
BARS = (
    Asked("events other than the reference's", 0, "", "peers", PEERS, differences, at_most=True),
    Asked("five rules, Arrow batches of 100,000, one core", 5_000_000, "/s", "peers", PEERS, engine("engine_obs_per_s")),
    Asked("... the same by CPU-second (what a busy machine leaves comparable)", 5_000_000, "/CPU-s", "peers", PEERS,
          engine("engine_obs_per_cpu_s"), judged=False),
    Asked("... per CPU-second beside Polars", 5, " x", "peers", PEERS, beside("polars")),
    Asked("... per CPU-second beside naive Python", 20, " x", "peers", PEERS, beside("naive")),
    Asked("five rules, batches of 10,000", 1_000_000, "/s", "peers", PEERS, engine("engine_obs_per_s", "tocsin-10k")),
    Asked("... p99 of a batch", 20, " ms", "peers", PEERS, engine("batch_ms_p99", "tocsin-10k"), at_most=True),
    Asked("two shards in two processes beside one", 1.7, " x", "engine_scale", SCALE, of_bar("shards")),
    Asked("durable ingest over HTTP, Arrow, bodies of 10,000", 500_000, "/s", "ingest", BENCH, of_bar("HTTP|Arrow")),
    Asked("durable ingest over HTTP, JSON columns, bodies of 10,000", 300_000, "/s", "ingest", BENCH, of_bar("HTTP|JSON")),
    Asked("acknowledged to signal recorded at 50,000/s, p99", 250, " ms", "latency_50000",
          "python benchmarks/latency.py --rate 50000 --json benchmarks/results/latency_50000.json", to_the_page, at_most=True),
    Asked("memory a stream and rule, windows apart", 400, " bytes", "engine_scale", SCALE, of_bar("bytes"), at_most=True),
    Asked("1,000,000 streams at 1/min, memory", 8, " GiB", "engine_scale", SCALE, of_bar("1,000,000 streams|GiB"),
          at_most=True),
    Asked("... cost an observation beside 10,000 streams", 2, " x", "engine_scale", SCALE, of_bar("1,000,000 streams|cost"),
          at_most=True),
    Asked("100 rules beside 5, cost", 20, " x", "engine_scale", SCALE, of_bar("100 rules"), at_most=True),
    Asked("restart with 1,000,000 streams of state", 10, " s", "engine_scale", SCALE, of_bar("restart"), at_most=True),
    Asked("backtest of 432 million observations", 300, " s", "backtest_scale", "python benchmarks/backtest_scale.py",
          of_bar("Backtest"), at_most=True),
)  # fmt: skip


def table(results: Path) -> Table:
    """One row a figure; bars without one say what would measure them."""
    made = Table("The bars of the engine and of ingest", ("what", "bar", "on", "measured", "", "when, load, by what"))
    for asked in BARS:
        path = results / f"{asked.part}.json"
        document = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        found = asked.read(document) if document else []
        for where, figure in found:
            made.rows.append(
                (asked.what, asked.bar, where, f"{number(figure)}{asked.unit}", asked.reached(figure), _when(document))
            )
        if not found:
            made.rows.append((asked.what, asked.bar, "-", "not measured", "-", asked.command))
    return made


def _when(document: Document) -> str:
    if "sets" in document:  # the peers' file keeps each data set with its own moment
        document = max(document["sets"].values(), key=lambda one: one["at"])
    facts = document.get("machine", ())
    busy = next((fact.removeprefix("load before: ").split()[0] for fact in facts if "load before" in fact), "not noted")
    return f"{document.get('at', '?')[:16].replace('T', ' ')}, load {busy}"


def main() -> None:
    """Print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--results", type=Path, default=RESULTS)
    options.add_argument("--markdown", action="store_true")
    chosen = options.parse_args()
    made = table(chosen.results)
    print(made.as_markdown() if chosen.markdown else made.as_text())


if __name__ == "__main__":
    main()
