"""Run the peers by the workload's own comparison, round after round, so that a busy minute falls on all of them alike.

Naive Python runs first: its events are the reference. The fast ones run every round, the slow ones once; on large sets
naive Python runs once, too, since it takes longer than all the fast ones together.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peers.environments import Environments

FAST = ("polars", "duckdb", "tocsin", "tocsin-10k", "tocsin-provisional", "tocsin-shuffled")
MIDDLING = ("bytewax", "flink-java")  # exact or nearly so, and quick enough for a large set where asked
SLOW = ("pyflink", "flink-sql-r1", "flink-sql-r3", "flink-sql-r5", "spark-tws-pandas", "spark-apws-pandas", "prometheus",
        "victoriametrics")  # fmt: skip
SLOW_SET = "s1m"
ORDER = ("naive", *FAST, *MIDDLING, *SLOW)
NOT_RUN = {
    "pathway": "its runner measures a 60 s tumbling sum only, no rule of W1, and its licence (BSL 1.1) is not an open one"
}
RULES = ("R1", "R2", "R3", "R4", "R5")
Figures = dict[str, Any]


@dataclass
class Outcome:
    """One data set: its description, each peer's rounds as the comparison printed them, and who gave no result."""

    meta: dict[str, Any]
    rounds: dict[str, list[Figures]] = field(default_factory=lambda: defaultdict(list))
    failed: dict[str, str] = field(default_factory=dict)


def ours() -> dict[str, Any]:
    """Our own entries of the workload's list of peers."""
    entries: dict[str, Any] = json.loads((Path(__file__).parent / "ours.json").read_text())
    return entries


def list_of_peers(workload: Path, scratch: Path, limit_s: int) -> Path:
    """The workload's peers with ours beside them, in one file as its comparison reads it."""
    entries = json.loads((workload / "peers.json").read_text()) | ours()
    for name, entry in entries.items():
        entry["timeout"] = min(limit_s, ours().get(name, {}).get("timeout", limit_s))
    path = scratch / "peers.json"
    path.write_text(json.dumps(entries, indent=1))
    return path


def race(
    name: str, chosen: Sequence[str], rounds: int, *, workload: Path, home: Path, peers: Path, made: Environments
) -> Outcome:
    """All rounds on one data set. ``chosen``: peers that can run here; ``home``: the workload's folder of data sets."""
    outcome = Outcome(json.loads((home / name / "meta.json").read_text()))
    variables = {
        **os.environ,
        **made.variables,
        "W1_DIR": str(home),
        "W1_PEERS": str(peers),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for number in range(rounds):
        now = [peer for peer in ORDER if peer in chosen and (number == 0 or _again(peer, name))]
        _round(outcome, name, now, workload, made.variables["PY_MAIN"], variables)
    return outcome


def from_log(name: str, chosen: Sequence[str], rounds: int, *, home: Path) -> Outcome:
    """The last rounds of each engine from the log that the comparison itself keeps: what a run cut short had measured."""
    outcome = Outcome(json.loads((home / name / "meta.json").read_text()))
    by_peer: dict[str, list[Figures]] = defaultdict(list)
    for line in (home / f"results-{name}.jsonl").read_text().splitlines():
        by_peer[json.loads(line)["peer"]].append(json.loads(line))
    for peer in (peer for peer in ORDER if peer in chosen and peer in by_peer):
        good = [figures for figures in by_peer[peer] if "seconds" in figures]
        for figures in good[-rounds if _again(peer, name) else -1 :] or by_peer[peer][-1:]:
            _take(outcome, figures, name)
    return outcome


def _again(peer: str, name: str) -> bool:
    return peer in FAST or (peer == "naive" and name == SLOW_SET)


def _round(
    outcome: Outcome, name: str, now: Sequence[str], workload: Path, python: str, variables: Mapping[str, str]
) -> None:
    child = subprocess.Popen([python, "compare.py", name, *now], cwd=workload, env=dict(variables), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")  # fmt: skip
    said = []
    assert child.stdout is not None
    for line in child.stdout:
        said.append(line)
        if line.startswith('{"peer"'):
            _take(outcome, json.loads(line), name)
    if child.wait():
        raise SystemExit(f"the workload's compare.py ended with {child.returncode} on {name}:\n{''.join(said)[-2000:]}")


def _take(outcome: Outcome, figures: Figures, name: str) -> None:
    peer = figures["peer"]
    print(f"  {name} {peer}: {figures['wall_s']:.1f} s, load {figures['load_before']}", file=sys.stderr, flush=True)
    if "seconds" in figures:
        outcome.rounds[peer].append(figures)
    else:
        outcome.failed[peer] = _why(figures)


def _why(figures: Figures) -> str:
    """Why there is no result: the time ran out, or the last line that names an error."""
    if figures.get("error") == "rc=timeout":
        return f"it had not ended after {figures['wall_s']:.0f} s ({figures['cpu_s']:.0f} CPU seconds)"
    lines = [line.strip() for line in str(figures.get("tail", "")).splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"Error|Exception", line)] or lines
    last = re.sub(r"(?:/[\w.+-]+){2,}", _name_only, errors[-1]) if errors else ""
    return f"{figures.get('error', 'no result')}: {last[:300] or 'it said nothing'}"


def _name_only(path: re.Match[str]) -> str:
    """No path of a machine gets into a table that is kept."""
    return f".../{path[0].rpartition('/')[2]}"


def summarise(outcome: Outcome) -> dict[str, Figures]:
    """Peer -> medians over its rounds. ``obs_per_cpu_s`` is rows by CPU seconds of the whole process tree, start-up included.

    Prometheus and VictoriaMetrics keep no events; their CPU seconds are what the workload's runner adds up for taking the
    rows and judging each rule once a second of event time, without the process that sends them.
    """
    rows = int(outcome.meta["rows"])
    reference = _reference(outcome)
    return {peer: _medians(peer, runs, rows, reference) for peer, runs in outcome.rounds.items()}


def _medians(peer: str, runs: Sequence[Figures], rows: int, reference: Mapping[str, int]) -> Figures:
    wall = _median([run["seconds"] for run in runs])
    spent = _median([_cpu_seconds(run) for run in runs])
    last = runs[-1]
    missing, extra = _differences(runs, reference)
    reports = bool(last["match"]) or peer in ("naive", *FAST)
    found = {
        "runs": len(runs), "obs_per_s_wall": rows / wall, "obs_per_cpu_s": rows / spent, "cpu_s": spent,
        "peak_mb": _median([run["peak_mb"] for run in runs]), "load": [run["load_before"] for run in runs],
        "mode": last.get("mode", ""), "rules": last.get("rules", ""), "reports_events": reports,
        "missing": missing, "extra": extra, "absent": sorted(set(reference) - set(last["match"])),
        "events": last.get("events", 0),
        "equal": reports and not any(missing.values()) and not any(extra.values()),
    }  # fmt: skip
    if "process_cpu_s" in last:  # the engine alone, from Arrow batches in memory
        found["engine_obs_per_s"] = rows / _median([run["timings"]["process"] for run in runs])
        found["engine_obs_per_cpu_s"] = rows / _median([run["process_cpu_s"] for run in runs])
        found["batch_ms_p99"] = _median([run["batch_ms"]["p99"] for run in runs])
    found |= {key: last[key] for key in ("per_evaluation", "ingest", "replay") if key in last}
    return found


def _cpu_seconds(run: Figures) -> float:
    if "cpu_s_ingest_plus_1s_rules" in run:
        return float(run["cpu_s_ingest_plus_1s_rules"])
    if "replay" in run:
        return float(run["ingest"]["cpu_s"] + run["replay"]["cpu_vm"] + run["replay"]["cpu_vmalert"])
    return float(run["cpu_s"])


def _reference(outcome: Outcome) -> dict[str, int]:
    """Rule -> number of events of the reference."""
    runs = outcome.rounds.get("naive")
    return {rule: int(count.partition("/")[0]) for rule, count in runs[0]["match"].items()} if runs else {}


def _differences(runs: Sequence[Figures], reference: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """By rule, the worst round's events missing and events too many."""
    missing = dict.fromkeys(reference, 0)
    extra = dict.fromkeys(reference, 0)
    for run in runs:
        for rule, count in reference.items():
            hits, _, rest = run["match"].get(rule, f"0/{count}+0").partition("/")
            missing[rule] = max(missing[rule], count - int(hits))
            extra[rule] = max(extra[rule], int(rest.partition("+")[2]))
    return missing, extra


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values))
