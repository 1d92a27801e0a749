"""A crossing is told once, whatever becomes of the worker: a real ``tocsin serve --role worker`` finds forty cases whose
deadline passed while it was down, and is killed at seeded random moments. At the end there is one crossing and one letter
for each."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.kill

KILLS, SEED, CASES = 6, 20260930, 40
PREPARE = f"""
import django; django.setup()
from datetime import timedelta
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tocsin.records import clock
from tocsin.records.cases import services
from tocsin.records.org import services as org, queries
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.places import services as places
from tocsin.records.places.services import Area
now = clock.now()
square = [[[120, 30], [121, 30], [121, 31], [120, 31], [120, 30]]]
places.put_jurisdictions([Area("county", {{"en": "County"}}, 3, "Asia/Shanghai", square, "330102")], actor="test", now=now)
org.put_departments([DepartmentLine("office", {{"en": "Office"}}, "county")], actor=SYSTEM, now=now)
org.put_posts([PostLine(role, {{"en": role}}, "office", role, "county", mail=f"{{role}}@example.org", language="en")
               for role in ("duty_officer", "case_handler", "commander")], actor=SYSTEM, now=now)
account, _password = org.open_account("li", "Li", actor=SYSTEM, now=now)
org.start_shift("duty_officer", account, from_at=now, actor=SYSTEM, now=now)
actor = queries.actor_of(account, "duty_officer", now=now)
then = (now - timedelta(hours=3)).isoformat()
for number in range({CASES}):
    services.open_case("workplace_safety/accident", {{
        "happened_at": then, "informed_at": then, "accident_sort": "other", "course": "a fall", "deaths": 0,
        "seriously_injured": 1, "missing": 0, "steps": "closed off"}}, jurisdiction="county", actor=actor, now=now)
"""


class Worker:
    """The worker on a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.output = home, home.parent / "worker.txt"
        self.environment = {
            **os.environ, "TOCSIN_HOME": str(home), "TOCSIN_LOG_LEVEL": "warning", "TOCSIN_PACKS": "workplace_safety",
            "DJANGO_SETTINGS_MODULE": "tocsin.app.settings",
        }  # fmt: skip

    def start(self) -> None:
        with self.output.open("ab") as output:
            command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", "worker"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.home / "db.sqlite3", timeout=30)) as database:
            return database.execute(question).fetchall()

    def letters(self) -> int:
        return len(self.ask("SELECT 1 FROM dispatch_dispatchrow WHERE kind = 'case_deadline_passed'"))


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    made = Worker(home)
    subprocess.run([sys.executable, "-c", PREPARE], env=made.environment, check=True)
    made.start()
    yield made
    if made.process.poll() is None:
        made.kill()


def test_kills_lose_no_letter_and_write_none_twice(worker: Worker) -> None:
    chance = random.Random(SEED)
    for _kill in range(KILLS):
        time.sleep(chance.uniform(0.3, 4.0))
        worker.kill()
        worker.start()
    until = time.monotonic() + 240
    while worker.letters() < CASES or worker.ask("SELECT 1 FROM outbox_outboxfact WHERE carried_at IS NULL"):
        assert time.monotonic() < until, worker.output.read_text()[-2000:]
        time.sleep(0.2)
    crossed = worker.ask("SELECT subject, COUNT(*) FROM ledger_ledgerentry WHERE verb = 'clock_run_out' GROUP BY 1")
    assert [count for _case, count in crossed] == [1] * CASES
    told = worker.ask("SELECT about, COUNT(*) FROM dispatch_dispatchrow WHERE kind = 'case_deadline_passed' GROUP BY 1")
    assert [count for _case, count in told] == [1] * CASES
    assert worker.ask("SELECT 1 FROM dispatch_dispatchrow WHERE kind = 'case_deadline_near'") == []  # the other says it
