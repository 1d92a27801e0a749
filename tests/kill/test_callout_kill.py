"""An attempt is not lost with the process: a real ``tocsin serve --role worker`` calls out forty villages over a real voice
gateway and is killed at seeded random moments, also before the first call. At the end every village was called, every answer
ended its calls, and a call came twice under one key only where a kill lay between the two."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.kill

KILLS = 8
SEED = 20260720
VILLAGES = 40
PREPARE = f"""
import django; django.setup()
from datetime import timedelta
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tocsin.records import clock
from tocsin.records.callout import services
from tocsin.records.callout.cause import Cause, Spoken
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.services import DepartmentLine, PostLine
now = clock.now()
PLAN = b'''[callout]
causes = ["warning"]
least_level = 3
voice_every = "30 s"
deputies_after = 2
upper_after = 4
late_after = "10 min"
not_reached_after = "30 min"
then_every = "10 min"
source = "the test"
verified = true
'''
services.put_plan(PLAN, "plan", actor=SYSTEM, now=now)
org.put_departments([DepartmentLine("office", {{"en": "Office"}}, "county")], actor=SYSTEM, now=now)
org.put_posts([PostLine(f"warden-{{n}}", {{"en": f"Warden {{n}}"}}, "office", "inspector", f"county/v{{n}}", language="en",
               phone=f"+8657110{{n:05d}}", duty="warden") for n in range({VILLAGES})], actor=SYSTEM, now=now)
texts = {{"en": Spoken("Red rainstorm", "Go to high ground.", "Go up.")}}
cause = Cause("warning", "wrn_1", "wrn_1", "evt_1", "rainstorm", 4, False, now, now + timedelta(hours=1), texts)
services.start_callout(cause, [f"county/v{{n}}" for n in range({VILLAGES})], actor=SYSTEM, now=now)
"""
ANSWER = """
import django; django.setup()
from tocsin.records import clock
from tocsin.records.dispatch import answers
import sys
for key in sys.stdin.read().split():
    answers.answer_by_digit(key, "1", now=clock.now())
"""


class Worker:
    """``tocsin serve --role worker`` on a home of its own, and a gateway that notes in which life of it a call came."""

    def __init__(self, home: Path) -> None:
        self.home, self.generation = home, 0
        self.calls: list[tuple[str, str, int]] = []  # number, key, life
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                gateway.calls.append((asked["to"], asked["id"], gateway.generation))
                time.sleep(0.02)  # long enough to be killed in the middle
                self.send_response(202)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *words: object) -> None:
                """No noise."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.environment = {
            **os.environ, "TOCSIN_HOME": str(home), "TOCSIN_LOG_LEVEL": "warning", "TOCSIN_VOICE_GATEWAY": url,
            "TOCSIN_OUTWARD_INSIDE": "127.0.0.1", "DJANGO_SETTINGS_MODULE": "tocsin.app.settings",
        }  # fmt: skip
        self.output = home.parent / "worker.txt"

    def run(self, program: str, typed: str = "") -> None:
        subprocess.run([sys.executable, "-c", program], env=self.environment, input=typed.encode(), check=True)

    def start(self) -> None:
        self.generation += 1
        with self.output.open("ab") as output:
            command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", "worker"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.home / "db.sqlite3", timeout=30)) as database:
            return database.execute(question).fetchall()

    def wait_for(self, condition: Callable[[], bool], what: str, deadline_s: float = 240.0) -> None:
        until = time.monotonic() + deadline_s
        while not condition():
            said = self.output.read_text()[-2000:] if self.output.exists() else ""
            assert time.monotonic() < until, f"waited in vain for {what}: {said}"
            time.sleep(0.02)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    made = Worker(home)
    made.run(PREPARE)
    made.start()
    yield made
    if made.process.poll() is None:
        made.kill()
    made.server.shutdown()


def test_kills_forget_no_village_and_call_twice_only_around_a_kill(
    worker: Worker, record_testsuite_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(SEED)
    for kill in range(KILLS):
        if kill % 4 == 0:
            time.sleep(chance.uniform(0.2, 2.0))  # in the middle of starting, before the first call
        else:
            target = len(worker.calls) + chance.randint(1, VILLAGES // 2)
            worker.wait_for(lambda target=target: len(worker.calls) >= target, "calls")  # type: ignore[misc]
        worker.kill()
        worker.start()
    numbers = {f"+8657110{n:05d}" for n in range(VILLAGES)}
    worker.wait_for(lambda: {number for number, _key, _life in worker.calls} == numbers, "a call to every village")

    answered = {number: key for number, key, _life in worker.calls if int(number[-2:]) % 2 == 0}
    worker.run(ANSWER, "\n".join(answered.values()))
    worker.wait_for(lambda: _states(worker) == {"reached": VILLAGES // 2, "waiting": VILLAGES // 2}, "the answers")
    assert worker.ask("SELECT count(*) FROM callout_calledrow WHERE state = 'reached' AND next_at IS NOT NULL") == [
        (0,)
    ]

    lives: dict[str, list[int]] = {}
    for _number, key, life in worker.calls:
        lives.setdefault(key, []).append(life)
    assert all(len(set(seen)) == len(seen) for seen in lives.values()), "called twice by one and the same worker"
    repeats = len(worker.calls) - len(lives)
    record_testsuite_property("callout kill: calls", len(worker.calls))
    record_testsuite_property("callout kill: repeats", repeats)
    assert repeats <= KILLS * VILLAGES
    rounds = "SELECT count(*), count(DISTINCT area_id || '/' || number) FROM callout_attemptrow WHERE channel = 'voice'"
    [(made, different)] = worker.ask(rounds)
    assert made == different, "a round was put twice"


def _states(worker: Worker) -> dict[str, int]:
    found = worker.ask("SELECT state, count(*) FROM callout_calledrow GROUP BY state")
    return {str(state): int(str(count)) for state, count in found}
