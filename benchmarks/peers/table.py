"""The table of the peers: as text, as Markdown, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from peers.race import NOT_RUN, ORDER, RULES, Figures, Outcome
from report import Bar, Table, number
from w1 import SETS

Document = dict[str, Any]

COLUMNS = (
    "engine",
    "mode",
    "runs",
    "obs/s wall",
    "obs/CPU-s",
    "x naive",
    "x Polars",
    "peak MB",
    "events beside the reference",
)
BEGIN, END = "<!-- peers: written by `make bench-peers` -->", "<!-- peers: end -->"
TITLES = {
    "naive": "naive Python (reference)", "polars": "Polars", "duckdb": "DuckDB", "bytewax": "Bytewax",
    "flink-java": "Flink (Java)", "pyflink": "PyFlink", "flink-sql-r1": "Flink SQL, R1 alone",
    "flink-sql-r3": "Flink SQL, R3 alone", "flink-sql-r5": "Flink SQL, R5 alone",
    "spark-tws-pandas": "Spark transformWithState (Python)", "spark-apws-pandas": "Spark applyInPandasWithState",
    "prometheus": "Prometheus, each second", "victoriametrics": "VictoriaMetrics, replay each second",
    "tocsin": "Tocsin, final, batches of 100,000", "tocsin-10k": "Tocsin, final, batches of 10,000",
    "tocsin-provisional": "Tocsin, provisional and final", "tocsin-shuffled": "Tocsin, final, rows shuffled within 30 s",
}  # fmt: skip
MODES = {
    "naive": "stream", "polars": "batch", "duckdb": "batch", "bytewax": "stream", "flink-java": "stream", "pyflink": "stream",
    "flink-sql-r1": "stream", "flink-sql-r3": "stream", "flink-sql-r5": "stream", "spark-tws-pandas": "micro-batch",
    "spark-apws-pandas": "micro-batch", "prometheus": "poll", "victoriametrics": "poll", "tocsin": "stream",
    "tocsin-10k": "stream", "tocsin-provisional": "stream", "tocsin-shuffled": "stream",
}  # fmt: skip
NOTES = (
    "obs/s wall: each runner's own clock from opening the data to its last event, start-up left out; it suffers where cores "
    "are shared. obs/CPU-s: rows by CPU seconds of the whole process tree, start-up included. On s1m start-up drowns the "
    "rest: take ratios from w10m and l7m.",
    "Every row is the median of its runs, which took turns. 'all N': the same events as naive Python's, rule, key, edge and "
    "millisecond. 'R4 -14': 14 events of that rule are missing; '+2': two are too many; 'no R5': none of that rule came.",
    "batch: sees the whole history at once and sorts it. stream: takes rows as they arrive and may not look ahead. poll: "
    "judges what is stored once a second of event time.",
    "Prometheus: ingest measured, and one evaluation of each rule measured and multiplied by the seconds of event time. "
    "VictoriaMetrics: ingest and replay measured. Both report no edges in event time, so nothing can be compared; CPU without "
    "the process that sends the rows, peak memory with it.",
    "Only the fast engines and the reference ran on w10m and l7m; the slow ones ran once, on s1m.",
    "Flink SQL counts rows over the limit, not edges; each of its rows is one rule alone.",
)


def document_of(
    outcome: Outcome, figures: Mapping[str, Figures], missing: Mapping[str, str], facts: Sequence[str], at: datetime
) -> Document:
    """One data set as it is kept: medians by peer, and why others gave none."""
    unheard = {**NOT_RUN, **missing, **outcome.failed}
    return {
        "at": at.isoformat(timespec="seconds"),
        "machine": list(facts),
        **{key: outcome.meta[key] for key in ("rows", "streams", "seconds")},
        "peers": dict(figures),
        "no_result": {peer: why for peer, why in unheard.items() if peer not in figures},
    }


def make(name: str, one: Document) -> Table:
    """The table of one data set."""
    figures: Mapping[str, Figures] = one["peers"]
    table = Table(
        f"{name}: {one['rows']:,} observations, {one['streams']:,} streams, {one['seconds']:,} s of event time", COLUMNS
    )
    naive, polars = (figures.get(peer, {}).get("obs_per_cpu_s") for peer in ("naive", "polars"))
    for peer in (peer for peer in ORDER if peer in figures):
        f = figures[peer]
        cpu = f["obs_per_cpu_s"]
        table.rows.append((
            TITLES[peer], MODES[peer], str(f["runs"]), f["obs_per_s_wall"], cpu, cpu / naive if naive else None,
            cpu / polars if polars else None, f["peak_mb"], match(f),
        ))  # fmt: skip
    table.bars = bars(name, figures)
    table.notes = [f"{TITLES.get(peer, peer)} is not in the table: {why}." for peer, why in one["no_result"].items()]
    table.notes += [
        f"{TITLES[peer]}: the engine alone, Arrow batches in memory to the last event: {number(f['engine_obs_per_s'])}/s, "
        f"and {number(f['engine_obs_per_cpu_s'])} a CPU-second."
        for peer, f in figures.items() if "engine_obs_per_s" in f
    ]  # fmt: skip
    if "note" in one:
        table.notes.append(one["note"])
    busy = sorted(load for f in figures.values() for load in f["load"])
    table.notes.append(f"Load while it ran: {busy[0]:g} to {busy[-1]:g}; {one['at'][:16].replace('T', ' ')} UTC.")
    table.held = all(
        f["equal"] for peer, f in figures.items() if peer.startswith("tocsin") and peer != "tocsin-provisional"
    )
    return table


def match(figures: Figures) -> str:
    """What a runner's events lacked or had too much, in a few words."""
    if not figures["reports_events"]:
        return "reports no edges"
    if figures["equal"]:
        return f"all {figures['events']:,}"
    parts = []
    for rule in RULES:
        lacking, extra = figures["missing"].get(rule, 0), figures["extra"].get(rule, 0)
        if rule in figures["absent"]:
            parts.append(f"no {rule}")
        elif lacking or extra:
            parts.append(f"{rule}{f' -{lacking:,}' if lacking else ''}{f' +{extra:,}' if extra else ''}")
    return ", ".join(parts)


def bars(name: str, figures: Mapping[str, Figures]) -> list[Bar]:
    """The engine's bars that need the peers of the same run beside them."""
    made: list[Bar] = []
    ours = figures.get("tocsin")
    if not ours or name == "s1m":
        return made
    made.append(Bar(f"{name}, five rules, batches of 100,000, engine alone", 5_000_000, ours["engine_obs_per_s"]))
    for peer, limit in (("polars", 5), ("naive", 20)):
        if peer in figures:
            ratio = ours["obs_per_cpu_s"] / figures[peer]["obs_per_cpu_s"]
            made.append(Bar(f"{name}, per CPU-second beside {TITLES[peer]}, whole processes", limit, ratio, " x"))
    if small := figures.get("tocsin-10k"):
        made.append(Bar(f"{name}, batches of 10,000, engine alone", 1_000_000, small["engine_obs_per_s"]))
        made.append(Bar(f"{name}, p99 of a batch of 10,000", 20, small["batch_ms_p99"], " ms", at_most=True))
    return made


def as_markdown(document: Document) -> str:
    """All tables with what was measured on what, as they stand in docs/benchmarks.md."""
    latest = max(document["sets"].values(), key=lambda one: one["at"])
    lines = [*(f"- {fact}" for fact in latest["machine"]), ""]
    for name, one in document["sets"].items():
        lines.append(make(name, one).as_markdown().replace("## ", "### ", 1))
    return "\n".join([*lines, "### How to read it", "", *(f"- {note}" for note in NOTES), ""])


def put_into(page: Path, text: str) -> None:
    """Replace what stands between the two marks of a page. Raises ValueError where they are not there."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for the table (the marks {BEGIN} and {END})")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


def merge(path: Path, sets: Mapping[str, Document]) -> Document:
    """Put the data sets measured now in place of theirs in an earlier file; the others stay as they were. Returns all."""
    earlier: Document = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"sets": {}}
    everything = {**earlier["sets"], **sets}
    document = {
        "what": "W1 beside other engines",
        "sets": {name: everything[name] for name in SETS if name in everything},
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return document
