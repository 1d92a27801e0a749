"""W1 on Tocsin and on other engines in one run: one command from a bare machine to the table.

    make bench-peers                                     all of it: set-up, data sets, three rounds, table
    make bench-peers PEERS="--sets s1m --rounds 1"       a quick look
    python -m peers --only naive polars tocsin           some of them (in benchmarks/)

The workload (its generator, reference and runners) lies outside this repository: --workload, or bench/detection in the
folder that TOCSIN_BENCH_DATA names, or ../shared beside the checkout. Data sets go to W1_DIR, environments to
TOCSIN_PEERS_DIR; else to folders of the system's temporary files. Written: benchmarks/results/peers.json and the table in
docs/benchmarks.md. Exit code 1 where Tocsin's events are not the reference's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import w1
from peers import race, table
from peers.environments import Environments, set_up
from recorded import NotHere, folder
from report import CHECKOUT, load, machine

RESULT = CHECKOUT / "benchmarks" / "results" / "peers.json"
PAGE = CHECKOUT / "docs" / "benchmarks.md"


def options() -> argparse.Namespace:
    """What was asked for."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--sets", nargs="+", default=["s1m", "w10m", "l7m"], choices=sorted(w1.SETS))
    made.add_argument("--rounds", type=int, default=3, help="of the fast engines; the slow ones run once, on s1m")
    made.add_argument("--only", nargs="+", choices=race.ORDER, metavar="ENGINE", help=", ".join(race.ORDER))
    made.add_argument("--large", nargs="*", default=[], choices=race.MIDDLING, metavar="ENGINE",
                      help="engines that run on the large sets, too: " + ", ".join(race.MIDDLING))  # fmt: skip
    made.add_argument("--workload", type=Path, help="the workload's folder")
    made.add_argument("--limit", type=int, default=900, help="seconds that one run of one engine may take")
    made.add_argument("--no-file", action="store_true", help="print only")
    made.add_argument("--from-log", action="store_true", help="run nothing; take each engine's last rounds from W1_DIR")
    made.add_argument(
        "--page-only", action="store_true", help="run nothing; write the page again from the results kept"
    )
    return made.parse_args()


def main() -> None:
    """Set up, run, print, write."""
    chosen = options()
    if chosen.page_only:
        table.put_into(PAGE, table.as_markdown(table.merge(RESULT, {})))
        return
    try:
        workload = (chosen.workload or folder("bench", "detection")).resolve()
    except NotHere as reason:
        raise SystemExit(f"W1 cannot be run: {reason}") from reason
    started = datetime.now(UTC)
    temporary = Path(tempfile.gettempdir())
    home = Path(os.environ.get("W1_DIR") or temporary / "w1bench").resolve()
    scratch = Path(os.environ.get("TOCSIN_PEERS_DIR") or temporary / "tocsin-peers").resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    wanted = [peer for peer in race.ORDER if not chosen.only or peer in {"naive", *chosen.only}]
    made = set_up(scratch, wanted)
    if why := unlike_ours(wanted):
        made.missing["tocsin-provisional"] = why
    if "naive" in made.missing:
        raise SystemExit(f"the reference cannot be run: {made.missing['naive']}")
    for peer, why in made.missing.items():
        print(f"{peer} is left out: {why}", flush=True)
    facts = [*machine(), "other engines: " + ", ".join(f"{name} {version}" for name, version in made.versions.items())]
    peers = race.list_of_peers(workload, scratch, chosen.limit)
    sets, held = {}, True
    for name in chosen.sets:
        runnable = engines_for(name, wanted, chosen.large, made)
        begun = datetime.now(UTC)
        if chosen.from_log:
            outcome = race.from_log(name, runnable, chosen.rounds, home=home)
        else:
            w1.prepare(name, workload, home)
            warm(home / name, scratch)
            outcome = race.race(name, runnable, chosen.rounds, workload=workload, home=home, peers=peers, made=made)
        absent = {peer: why for peer, why in made.missing.items() if name == race.SLOW_SET or peer in race.FAST}
        sets[name] = table.document_of(outcome, race.summarise(outcome), absent, facts, begun)
        if chosen.from_log:  # the commit and the load of now are not those of then
            sets[name]["machine"] = [fact for fact in facts if not fact.startswith(("Tocsin at", "load before"))]
            sets[name]["note"] = (
                "Put together from the comparison's own log: several runs, not one; their commits may differ."
            )
        shown = table.make(name, sets[name])
        held = held and shown.held
        print("\n" + shown.as_text() + "\n", flush=True)
        if not chosen.no_file:  # after each set: a run that is cut short keeps what it has
            table.put_into(PAGE, table.as_markdown(table.merge(RESULT, sets)))
    if not chosen.no_file:
        print(f"written: {RESULT.relative_to(CHECKOUT)}, {PAGE.relative_to(CHECKOUT)}")
    print(
        "\n".join([*facts, f"load after: {load()}; {(datetime.now(UTC) - started).total_seconds() / 60:.0f} minutes"])
    )
    raise SystemExit(0 if held else 1)


def warm(dataset: Path, scratch: Path) -> None:
    """Run Tocsin once, unmeasured: its kernels are compiled once an installation, not once a run."""
    command = (sys.executable, "-m", "tocsin.app.cli", "bench", "w1", str(dataset), str(scratch / "warm"), "--json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"tocsin bench w1 ended with {done.returncode}:\n{done.stderr[-2000:]}")


def engines_for(name: str, wanted: Sequence[str], large: Sequence[str], made: Environments) -> list[str]:
    """Who runs on a data set: all on the small one; on the large ones the fast, the reference, and those asked for."""
    everybody = [peer for peer in wanted if peer not in made.missing]
    return [peer for peer in everybody if name == race.SLOW_SET or peer in {"naive", *race.FAST, *large}]


def unlike_ours(wanted: Sequence[str]) -> str:
    """Why Tocsin's provisional mode cannot run, "" if it can or was not asked for."""
    if "tocsin-provisional" not in wanted:
        return ""
    command = (sys.executable, "-m", "tocsin.app.cli", "bench", "w1", "--help")
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return "" if "--provisional" in said else "`tocsin bench w1` has no option --provisional yet"


if __name__ == "__main__":
    main()
