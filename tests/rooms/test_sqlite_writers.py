"""One writer at a time: many processes write through the product's own settings, and none is turned away."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, OperationalError

from tocsin.app.sqlite_backend.writer_lock import WriterLock
from tocsin.records.ledger.models import LedgerChain

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="the writer lock is SQLite's")

PROCESSES, TRANSACTIONS = 4, 200

WRITER = """
import os, sys, time
from datetime import UTC, datetime
import django
django.setup()
from django.db import transaction
from tocsin.records.ledger import services
from tocsin.records.ledger.models import LedgerChain
me, gate = sys.argv[1], sys.argv[2]
open(f"{gate}.{me}", "w").close()
while not os.path.exists(gate):
    time.sleep(0.001)
longest = 0.0
for number in range(int(sys.argv[3])):
    began = time.perf_counter()
    with transaction.atomic():
        LedgerChain.objects.count()  # reads first: a deferred transaction would fail to upgrade here
        services.append("shared", "written", {"by": me, "number": number}, actor=me, now=datetime.now(UTC))
    LedgerChain.objects.filter(subject="shared").update(subject="shared")  # a single statement takes its turn too
    longest = max(longest, time.perf_counter() - began)
print(longest)
"""


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return kept | {"TOCSIN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}


def _migrate(home: Path) -> None:
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(command, env=_environment(home), check=True, timeout=120)


def test_four_processes_write_two_hundred_times_each_and_none_fails(tmp_path: Path) -> None:
    home, gate = tmp_path / "home", tmp_path / "gate"
    _migrate(home)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(number), str(gate), str(TRANSACTIONS)], env=_environment(home),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    deadline = time.monotonic() + 120
    while not all(Path(f"{gate}.{number}").exists() for number in range(PROCESSES)):
        assert time.monotonic() < deadline, [writer.poll() for writer in writers]
        assert all(writer.poll() is None for writer in writers), [writer.stderr for writer in writers]
        threading.Event().wait(0.01)
    gate.touch()
    ends = [writer.communicate(timeout=240) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES, [err for _, err in ends]

    written = sqlite3.connect(home / "db.sqlite3")
    rows = written.execute("SELECT number, actor, body FROM ledger_ledgerentry ORDER BY number").fetchall()
    written.close()
    assert [number for number, _, _ in rows] == list(range(1, PROCESSES * TRANSACTIONS + 1))
    for me in map(str, range(PROCESSES)):
        assert [json.loads(body)["number"] for _, actor, body in rows if actor == me] == list(range(TRANSACTIONS))


def test_the_database_is_as_the_design_says_and_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    _migrate(home)
    ask = (
        "import django; django.setup(); from django.db import connection as c\n"
        "k = c.cursor()\n"
        "print(*(k.execute('PRAGMA ' + p).fetchone()[0] for p in ('journal_mode', 'synchronous', 'foreign_keys')))\n"
        "print(c.transaction_mode)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], env=_environment(home), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["wal", "2", "1", "IMMEDIATE"]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.django_db(transaction=True)
def test_readers_do_not_wait_for_the_writer() -> None:
    found: list[int] = []

    def read() -> None:
        found.append(LedgerChain.objects.count())
        connection.close()

    with transaction.atomic():
        LedgerChain.objects.create(subject="s", length=0, head="")
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(10)
    assert found == [0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["commit", "rollback", "failed commit", "close"])
def test_the_turn_is_given_back_however_a_transaction_ends(end: str) -> None:
    def attempt() -> None:
        with transaction.atomic():
            assert connection.writer.held
            if end == "rollback":
                transaction.set_rollback(True)
            elif end == "close":
                connection.close()
            elif end == "failed commit":
                connection.cursor().execute(
                    "INSERT INTO outbox_carriage (stage, fact_id) VALUES ('s', 987654)"
                )  # a foreign key that SQLite checks at commit

    if end == "failed commit":
        with pytest.raises(IntegrityError):
            attempt()
    else:
        attempt()
    other = WriterLock(connection.settings_dict["NAME"] + ".writer", timeout_s=5)
    other.acquire()
    other.close()


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_never_gets_its_turn_is_told_so() -> None:
    connection.ensure_connection()
    holder = WriterLock(connection.settings_dict["NAME"] + ".writer", timeout_s=5)
    holder.acquire()
    connection.writer.timeout_s = 0.05
    try:
        with pytest.raises(OperationalError, match="no turn to write"):
            LedgerChain.objects.create(subject="s", length=0, head="")
    finally:
        holder.close()
        connection.close()
    LedgerChain.objects.create(subject="s", length=0, head="")
    assert LedgerChain.objects.count() == 1


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    hold = (
        "import sys, time\n"
        "from tocsin.app.sqlite_backend.writer_lock import WriterLock\n"
        f"WriterLock({path!r}, 5).acquire(); print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"
    mine = WriterLock(path, timeout_s=0.05)
    with pytest.raises(TimeoutError):
        mine.acquire()
    holder.kill()
    holder.wait(10)
    mine.timeout_s = 10
    mine.acquire()
    assert mine.held
    mine.close()
    holder.stdout.close()


def test_threads_take_turns(tmp_path: Path) -> None:
    path, inside, most = str(tmp_path / "lock"), [0], [0]

    def work() -> None:
        lock = WriterLock(path, timeout_s=30)
        for _ in range(50):
            lock.acquire()
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1
            lock.release()
        lock.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert most == [1]
