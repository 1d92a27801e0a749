"""From the signature to the first attempt: how long after the signer's click the first letter of a warning has arrived at
each healthy channel's receiver, over so many signings, beside a dead call gateway and a dead, a slow and a flapping target.

    python benchmarks/signing.py [--signings 200] [--recipients 100] [--on sqlite postgresql]

A whole ``tocsin serve`` runs (engine, web, worker); each warning is drafted, submitted and signed by the services in a process
of its own, with the key of the deployment; mail goes to an SMTP server, short messages and webhooks to an HTTP server, displays
listen at a Mosquitto. The next is signed when the one before has been delivered. Both databases write through to the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.kill.delivery_proof import Proof, database_of
from tests.kill.delivery_town import CHANNELS, DeliveryTown, Ports, Signed, environment_of
from tests.kill.delivery_verdict import percentile

from report import Bar, Table, keep, load, machine

BAR_S = 2.0
AREA = "simcity/west"
HEALTHY = (*CHANNELS, "webhook")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--signings", type=int, default=200)
    options.add_argument("--recipients", type=int, default=100, help="of each channel")
    options.add_argument("--on", nargs="*", choices=("sqlite", "postgresql"), default=("sqlite", "postgresql"))
    options.add_argument("--no-file", action="store_true", help="print only")
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        sys.stdout.write(json.dumps(signings(chosen.signings, chosen.recipients)) + "\n")
        return 0
    print("\n".join(machine()), flush=True)
    tables = []
    for name in chosen.on:
        tables.append(measure(name, chosen.signings, chosen.recipients))
        print("\n" + tables[-1].as_text(), flush=True)
    if not chosen.no_file:
        keep("signing", tables)
    return 0


def measure(name: str, number: int, recipients: int) -> Table:
    """One table of one database, measured in a process of its own."""
    before = load()
    with database_of("postgres" if name == "postgresql" else name) as url, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--child", "--signings", str(number), "--recipients", str(recipients)]
        environment = os.environ | {"SIGNING_FOLDER": folder, "SIGNING_DATABASE": url}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    took: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    rows = [(channel, len(values), *(percentile(values, p) for p in (50, 95, 99)), max(values))
            for channel, values in took.items()]  # fmt: skip
    table = Table(f"From the signature to the first attempt, {name} (load before: {before})",
                  ("channel", "signings", "p50 s", "p95 s", "p99 s", "longest s"), rows)  # fmt: skip
    table.bars = [Bar(f"{channel}, p99, {name}", BAR_S, percentile(values, 99), " s", at_most=True)
                  for channel, values in took.items() if channel != "signing itself"]  # fmt: skip
    table.notes = [
        f"{recipients} recipients on each of {', '.join(CHANNELS)}; measured from the call that signs to the arrival of the "
        "first letter, so the signing itself is part of it."
    ]
    return table


def signings(number: int, recipients: int) -> dict[str, list[float]]:
    """Seconds by channel."""
    folder, ports, chance = Path(os.environ["SIGNING_FOLDER"]), Ports.chosen(), random.Random(7)
    os.environ |= environment_of(folder, os.environ["SIGNING_DATABASE"], ports)
    import django

    django.setup()
    town = DeliveryTown(folder, ports)
    proof = Proof(town, recipients=0, aside=recipients, kills=0, seed=7)
    took: dict[str, list[float]] = defaultdict(list)
    try:
        town.build(0, recipients)
        town.bad_neighbours(AREA, 10, 20)
        town.open()
        town.start(whole=True)
        proof.warm()
        for _ in range(number):
            begun = town.arrivals.look()
            signed = town.sign(AREA)
            took["signing itself"].append((signed.done_ns - signed.began_ns) / 1e9)
            proof.wait_for(lambda signed=signed: proof.unsettled(signed) == 0, "the end", every_s=0.1)  # type: ignore[misc]
            first: dict[str, int] = {}

            def all_came(begun: int = begun, signed: Signed = signed, first: dict[str, int] = first) -> bool:
                town.arrivals.look()
                own = town.keys_of(signed)
                for at, channel, key in sorted(town.arrivals.all[begun:]):
                    if key in own:
                        first.setdefault("webhook" if channel == "hook" else channel, at)
                return all(channel in first for channel in HEALTHY)

            proof.wait_for(all_came, "a first letter of each channel", every_s=0.1)
            for channel in HEALTHY:
                took[channel].append((first[channel] - signed.began_ns) / 1e9)
            time.sleep(chance.uniform(0.0, 0.3))
        town.stop()
    finally:
        town.end()
    return took


if __name__ == "__main__":
    raise SystemExit(main())
