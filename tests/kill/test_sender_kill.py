"""Promise 8: whoever is to be told is told, whatever happens to the worker.

A real ``tocsin serve --role worker`` sends to two thousand recipients through a real SMTP server and is killed ten times at
seeded random moments, twice while it starts. At the end every mailbox that exists has its letter; a letter came twice only
where a kill lay between the two, and at most one portion of letters for each kill.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.contracts.channels.post_office import PostOffice

from tocsin.records.dispatch.services import PORTION, SHARD

pytestmark = pytest.mark.kill

KILLS = 10
SEED = 20251126
RECIPIENTS = 4 * SHARD
REFUSED, BUSY = 7, 11  # every so manieth mailbox does not exist, or is busy at the first attempt

PREPARE = f"""
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.db import transaction
from tocsin.records import clock
from tocsin.records.dispatch.message import Message, Recipient, Text
from tocsin.records.dispatch.services import put
from tocsin.records.org.actor import SYSTEM
people = [Recipient(f"post:p{{n}}", f"p{{n}}@town.example", "en") for n in range({RECIPIENTS})]
with transaction.atomic():
    put(Message("warning_issued", {{"en": Text("Heavy rain", "Go up.")}}, "wrn_1", "evt_1"), people, channel="mail",
        actor=SYSTEM, now=clock.now())
"""


class WorkerRole:
    """``tocsin serve --role worker`` on a home of its own, with a post office."""

    def __init__(self, home: Path, office: PostOffice) -> None:
        self.home, self.office = home, office
        smtp = f"smtp://127.0.0.1:{office.port}"
        self.environment = {**os.environ, "TOCSIN_HOME": str(home), "TOCSIN_LOG_LEVEL": "warning", "TOCSIN_SMTP": smtp}
        self.output = home.parent / "worker.txt"
        self.generation = 0
        self.received: dict[str, list[int]] = {}  # Message-ID -> in which life of the worker it came
        office.at_each = self.note

    def prepare(self) -> None:
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}
        subprocess.run([sys.executable, "-c", PREPARE], env=environment, check=True)

    def start(self) -> None:
        self.generation += 1
        with self.output.open("ab") as output:
            command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", "worker"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def note(self, address: str, letter: EmailMessage) -> None:
        self.received.setdefault(str(letter["Message-ID"]), []).append(self.generation)

    def count(self) -> int:
        return sum(map(len, self.received.values()))

    def unsettled(self) -> int:
        return int(self.ask("SELECT count(*) FROM dispatch_dispatchrow WHERE settled_at IS NULL")[0][0])

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.home / "db.sqlite3")) as database:
            return database.execute(question).fetchall()


@pytest.fixture
def role(tmp_path: Path) -> Iterator[WorkerRole]:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    office = PostOffice()
    office.answers = {f"p{n}@town.example": "550 no such mailbox" for n in range(0, RECIPIENTS, REFUSED)}
    office.first_answers = {f"p{n}@town.example": "450 busy" for n in range(0, RECIPIENTS, BUSY) if n % REFUSED}
    office.pause_s = 0.002
    office.open()
    made = WorkerRole(home, office)
    made.prepare()
    made.start()
    yield made
    if made.process.poll() is None:
        made.kill()
    office.close()


def test_ten_kills_leave_nobody_untold(
    role: WorkerRole, record_testsuite_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(SEED)
    for kill in range(KILLS):
        if kill % 5 == 4:
            time.sleep(chance.uniform(0.1, 1.0))  # in the middle of starting
        else:
            target = role.count() + chance.randint(1, 3 * PORTION)
            wait_for(lambda target=target: role.count() >= target, "letters", role)  # type: ignore[misc]
        role.kill()
        role.start()
    wait_for(lambda: role.unsettled() == 0, "the end of every delivery", role)
    assert role.stop() == 0

    exist = {f"p{n}@town.example" for n in range(RECIPIENTS) if n % REFUSED}
    told = Counter(address for address, _ in role.office.letters)
    assert set(told) == exist
    for lives in role.received.values():
        assert len(set(lives)) == len(lives), "told twice by one and the same worker"
    repeats = role.count() - len(role.received)
    record_testsuite_property("sender kill: letters", role.count())
    record_testsuite_property("sender kill: repeats", repeats)
    assert repeats <= KILLS * PORTION
    states = dict(role.ask("SELECT state, count(*) FROM dispatch_deliveryrow GROUP BY state"))
    assert states == {"accepted": len(exist), "failed": RECIPIENTS - len(exist)}
    settled = role.ask("SELECT count(*) FROM ledger_ledgerentry WHERE verb = 'message_settled'")
    assert settled == [(RECIPIENTS // SHARD,)]


def wait_for(condition: Callable[[], bool], what: str, role: WorkerRole, deadline_s: float = 120.0) -> None:
    until = time.monotonic() + deadline_s
    while not condition():
        said = role.output.read_text()[-2000:] if role.output.exists() else ""
        assert time.monotonic() < until, f"waited in vain for {what}: {said}"
        time.sleep(0.01)
