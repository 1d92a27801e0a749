"""The proof of delivery: ``scripts/delivery-proof --recipients 100000 --kills 50``. See docs/delivery.md.

A warning that two people really drafted and signed goes to so many recipients on each of three channels, through a real
``tocsin serve --role worker``: mail to an SMTP server, short messages to an HTTP gateway, displays at a Mosquitto. Beside
them are a call gateway that is dead as a whole, and a dead, a slow and a flapping target. The worker is killed (SIGKILL) at
seeded random moments, one time in five while it starts. What counts is what the receivers wrote down. Then the same with and
without the bad neighbours, undisturbed, in turn; and ten minutes in which nobody outside answers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from tests.kill.delivery_town import CHANNELS, ROOT, DeliveryTown, Ports, Signed, environment_of
from tests.kill.delivery_verdict import Fanout, Told, judge, percentile

SEED = 20261126
OFFICES, HOOKS = 50, 50
PARTITION = timedelta(minutes=10)
RATE = 60.0  # of the movable clock in the partition


class Proof:
    """All phases over one town."""

    def __init__(self, town: DeliveryTown, *, recipients: int, aside: int, kills: int, seed: int) -> None:
        self.town, self.recipients, self.aside, self.kills = town, recipients, aside, kills
        self.chance = random.Random(seed)
        self.figures: dict[str, object] = {}
        self.sound = True

    # ------------------------------------------------------------ the phases
    def served(self) -> None:
        """A whole ``tocsin serve``: the message under its public address, verified by a public tool with the certificate that
        is served beside it; one word changed, and it is refused."""
        town = self.town
        town.start(whole=True)
        self.wait_for(lambda: town.fetch("/healthz") is not None, "the web process", 300.0, every_s=0.2)
        signed = town.sign("simcity/west", hazard="gale")
        address = f"/warnings/{signed.identifier}.xml"
        self.wait_for(lambda: town.fetch(address) is not None, "the message", 60.0, every_s=0.2)
        message, certificate = town.fetch(address), town.fetch("/warnings/certificate.pem")
        assert message is not None
        assert certificate == (town.folder / "certificate.pem").read_bytes()
        assert b"<severity>" in message
        altered = message.replace(b"<urgency>Immediate<", b"<urgency>Future<").replace(b"<severity>", b"<severity> ")
        said = [_xmlsec1(town.folder, content) for content in (message, altered)]
        assert town.stop() == 0, town.said()
        say(f"xmlsec1 on {address}: {_verdict(said[0])}; with a word changed: {_verdict(said[1])}")
        self.figures["served"] = {"verified": said[0], "changed_verified": said[1]}
        self.sound = self.sound and said == [True, False]

    def fan_out(self) -> None:
        """Everybody at once, with kills."""
        town, chance = self.town, self.chance
        town.bad_neighbours("simcity/east", OFFICES, HOOKS)
        town.start()
        self.warm()
        signed = town.sign("simcity/east")
        total = len(CHANNELS) * self.recipients
        moments = sorted(chance.uniform(0.0, 0.95) for _ in range(self.kills))
        before = town.arrivals.look()
        for number, share in enumerate(moments):
            if number % 5 == 4:
                time.sleep(chance.uniform(0.1, 2.0))  # in the middle of starting
            else:
                since = town.arrivals.look()
                goal = max(before + int(share * total), since + 1)
                self.wait_for(lambda goal=goal: town.arrivals.look() >= goal, "letters")  # type: ignore[misc]
                time.sleep(chance.uniform(0.0, 0.05))
            town.kill()
            town.start()
            if number % 10 == 9:
                say(f"  {number + 1} kills, {town.arrivals.look() - before:,} letters")
        self.wait_for(lambda: self.unsettled(signed) == 0, "the end of every delivery", 3600.0, every_s=0.5)
        assert town.stop() == 0, town.said()
        self.conclude("fan-out", self.verdict(signed))

    def neighbours(self, rounds: int) -> None:
        """p99 of the healthy channels with and without the dead, slow and flapping ones, in turn; no kills."""
        town = self.town
        took: dict[tuple[bool, str], list[float]] = {}
        town.start()
        self.warm()
        for _ in range(rounds):
            for bad in (False, True):
                town.bad_neighbours("simcity/west", OFFICES, HOOKS, healthy_only=not bad)
                signed = town.sign("simcity/west")
                self.wait_for(lambda signed=signed: self.unsettled(signed) == 0, "quiet", every_s=0.2)  # type: ignore[misc]
                verdict = self.verdict(signed)
                self.sound = self.sound and verdict.sound
                for name, figures in verdict.channels.items():
                    took.setdefault((bad, name), []).extend(figures.took)
        assert town.stop() == 0, town.said()
        shown = {}
        say("\nhealthy channels without | with a dead, a slow and a flapping neighbour: p50 and p99 in s")
        for name in (*CHANNELS, "webhook"):
            without, beside = took[False, name], took[True, name]
            shown[name] = {"without": [percentile(without, p) for p in (50, 99)],
                           "beside": [percentile(beside, p) for p in (50, 99)]}  # fmt: skip
            figures = shown[name]["without"] + shown[name]["beside"]
            say(f"  {name:8} {figures[0]:6.2f} {figures[1]:6.2f} | {figures[2]:6.2f} {figures[3]:6.2f}")
        self.figures["neighbours"] = shown

    def partition(self, *, real: bool) -> None:
        """Nobody outside answers for ten minutes, by the movable clock or by the wall."""
        from django.conf import settings

        from tocsin.records import clock
        from tocsin.terms.moment import to_us

        town = self.town
        hand = settings.HOME.run / "clock"
        if not real:
            begun_us = to_us(clock.now())
            clock.drive(hand, begun_us, rate=1.0, at_most_us=begun_us + 86_400_000_000)
            settings.TOCSIN_DRIVEN_CLOCK = hand
        town.bad_neighbours("simcity/west", OFFICES, HOOKS)
        town.start(**({} if real else {"TOCSIN_CLOCK": "driven"}))
        self.warm()
        town.close()
        signed = town.sign("simcity/west", level=4)
        began = clock.now()
        if not real:
            clock.drive(hand, to_us(began), rate=RATE, at_most_us=to_us(began + PARTITION))
        self.wait_for(lambda: clock.now() >= began + PARTITION, "ten minutes", 700.0)
        nobody = [key for at, _, key in town.arrivals.all if at > signed.done_ns]
        if not real:
            clock.drive(hand, to_us(clock.now()), rate=RATE, at_most_us=to_us(clock.now() + timedelta(hours=2)))
        opened, shown_ns = clock.now(), time.monotonic_ns()
        town.open()
        self.wait_for(lambda: self.unsettled(signed) == 0, "the end of every delivery", 1200.0, every_s=0.2)
        assert town.stop() == 0, town.said()
        settings.TOCSIN_DRIVEN_CLOCK = None
        verdict = self.verdict(signed)
        say(f"\nten minutes in which nobody outside answers: {len(nobody)} arrived in them, all told "
            f"{(clock.now() - opened).total_seconds() if real else (time.monotonic_ns() - shown_ns) / 1e9:.0f} s of the wall "
            f"clock{'' if real else f' ({RATE:g} times as fast)'} after they answered again")  # fmt: skip
        self.conclude("partition", verdict)

    # ------------------------------------------------------------ looking
    def warm(self) -> None:
        """Until the worker sends: a first small warning has arrived everywhere."""
        signed = self.town.sign("simcity/west", hazard="gale")
        self.wait_for(lambda: self.unsettled(signed) == 0, "the worker", 300.0, every_s=0.2)

    def unsettled(self, signed: Signed) -> int:
        """Dispatches of a warning on the healthy channels that have no end."""
        from tocsin.records.dispatch.models import DispatchRow

        self.town.arrivals.look()
        return DispatchRow.objects.filter(about=signed.identifier, settled_at=None, channel__in=CHANNELS).count()

    def verdict(self, signed: Signed) -> Fanout:
        """Arrivals beside the database."""
        from django.db.models import Sum

        from tocsin.records.dispatch.models import DeliveryRow, DispatchRow

        keys: dict[str, set[str]] = {}
        accepted: set[str] = set()
        rows = DeliveryRow.objects.filter(dispatch__about=signed.identifier)
        for dispatch, number, channel, state in rows.values_list("dispatch", "number", "dispatch__channel", "state"):
            key = f"{dispatch}-{number}"
            keys.setdefault(channel, set()).add(key)
            if state == "accepted":
                accepted.add(key)
        ahead = DispatchRow.objects.filter(about=signed.identifier, expanded_at=None).values_list("channel")
        unexpanded = dict(ahead.annotate(n=Sum("recipients")).order_by())
        told = Told(keys, accepted, set(DispatchRow.objects.values_list("id", flat=True)), unexpanded)
        self.town.arrivals.look()
        return judge(signed, self.town.arrivals.all, told, self.town.starts_ns, self.town.kills_ns)

    def conclude(self, name: str, verdict: Fanout) -> None:
        """Print and keep."""
        say(f"\n{name}\n{verdict.as_text()}")
        self.figures[name] = verdict.as_document()
        self.sound = self.sound and verdict.sound

    def wait_for(
        self, condition: Callable[[], bool], what: str, deadline_s: float = 600.0, every_s: float = 0.01
    ) -> None:
        until = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < until, f"waited in vain for {what}: {self.town.said()}"
            time.sleep(every_s)


def _xmlsec1(folder: Path, message: bytes) -> bool:
    """Whether Debian's xmlsec1 verifies a message with the certificate of the deployment."""
    path = folder / "message.xml"
    path.write_bytes(message)
    command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(folder / "certificate.pem"), str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _verdict(verified: bool) -> str:
    return "verified" if verified else "not verified"


def say(text: str) -> None:
    """To whoever waits for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def database_of(name: str) -> Iterator[str]:
    """The setting: empty for SQLite; ``postgres`` starts one that writes through to the disk; else a URL."""
    if name != "postgres":
        yield "" if name == "sqlite" else name
        return
    script = str(ROOT / "scripts" / "postgres-for-tests")
    durable = {**os.environ, "TOCSIN_TEST_POSTGRES_FSYNC": "on"}
    url = subprocess.run([script, "start"], env=durable, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield url
    finally:
        subprocess.run([script, "stop", url], check=False)


def main() -> int:
    """Run and print; exit code 1 where anybody was lost or told twice without a kill."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--recipients", type=int, default=100_000, help="of each channel")
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--aside", type=int, default=1_000, help="recipients of each channel in the phases beside")
    options.add_argument("--rounds", type=int, default=3, help="with and without bad neighbours")
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument(
        "--database", default="sqlite", help="sqlite, postgres (starts one), or the URL of an empty one"
    )
    options.add_argument(
        "--real-minutes", action="store_true", help="the partition lasts ten minutes of the wall clock"
    )
    options.add_argument("--only", choices=("served", "neighbours", "partition", "fan-out"))
    options.add_argument("--dir", type=Path, help="where the home is made (a real disk)")
    options.add_argument("--keep", action="store_true", help="leave the home behind")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # what was started is ended
    folder = Path(tempfile.mkdtemp(prefix="tocsin-delivery.", dir=chosen.dir))
    with database_of(chosen.database) as database:
        ports = Ports.chosen()
        os.environ |= environment_of(folder, database, ports)
        import django

        django.setup()
        town = DeliveryTown(folder, ports)
        proof = Proof(town, recipients=chosen.recipients, aside=chosen.aside, kills=chosen.kills, seed=chosen.seed)
        load = os.getloadavg()[0]
        say(f"{chosen.recipients:,} recipients x {len(CHANNELS)} channels ({', '.join(CHANNELS)}), {chosen.kills} kills, seed "
            f"{chosen.seed}, {'PostgreSQL' if database else 'SQLite'}, load before {load:.1f}, home in {folder}")  # fmt: skip
        try:
            town.build(0, chosen.aside)
            town.open()
            if chosen.only in (None, "served"):
                proof.served()
            if chosen.only in (None, "neighbours"):
                proof.neighbours(chosen.rounds)
            if chosen.only in (None, "partition"):
                proof.partition(real=chosen.real_minutes)
            if chosen.only in (None, "fan-out"):
                town.settle_in("simcity/east", range(chosen.recipients))
                proof.fan_out()
        finally:
            town.end()
            if not chosen.keep:
                shutil.rmtree(folder, ignore_errors=True)
    say(f"\n{'sound' if proof.sound else 'NOT SOUND'}; load after {os.getloadavg()[0]:.1f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(proof.figures | {"sound": proof.sound, "load_before": load}, indent=1) + "\n")
    return 0 if proof.sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
