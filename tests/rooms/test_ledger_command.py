"""`tocsin ledger` on a real product: harm done to its database is named, and the exit code says so."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.records.ledger.published import ROOT_FILE, publish_root, read_roots
from tocsin.records.ledger.queries import RootLine
from tocsin.terms.errors import BadForm
from tocsin.terms.moment import from_us

WRITE = """
import os
from tocsin.app.home import Home
Home.of(os.environ).prepare()
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
from datetime import timedelta
from django.conf import settings
from tests.rooms import town
from tests.rooms.town import EAST, NOW, change, event_of, record, register, transition
from tocsin.records.ledger import queries, services
from tocsin.records.ledger.published import publish_root
register(EAST, seq=0)
raised = transition()
record(raised, changes=(change(event_of(raised)),))
for level in range(4):
    services.append("evt_1", "changed", {"level": level, "why": "雨"}, actor="engine", now=NOW + timedelta(seconds=level))
services.seal(now=NOW)
publish_root(settings.HOME.published, queries.roots(at_most=1)[0])
services.append("evt_1", "event_ended", {}, actor="engine", now=NOW)
"""


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return kept | {"TOCSIN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}


def tocsin(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tocsin.app.cli", *arguments]
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment with something in its ledger, closed."""
    home = tmp_path_factory.mktemp("product") / "home"
    home.mkdir(mode=0o700)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", WRITE], env=environment(home), cwd=root, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def home(written: Path, tmp_path: Path) -> Path:
    """A copy of it that one test may harm."""
    mine = tmp_path / "home"
    mine.mkdir(mode=0o700)
    (mine / "published").mkdir()
    with sqlite3.connect(written / "db.sqlite3") as source, sqlite3.connect(mine / "db.sqlite3") as copy:
        source.backup(copy)
    (mine / "published" / ROOT_FILE).write_bytes((written / "published" / ROOT_FILE).read_bytes())
    return mine


def harm(home: Path, *statements: str) -> None:
    with sqlite3.connect(home / "db.sqlite3") as database:
        for statement in statements:
            database.execute(statement)


def test_an_untouched_ledger_is_as_it_was_written(home: Path) -> None:
    answer = tocsin(home, "ledger", "verify", "--roots", str(home / "published" / ROOT_FILE), "--json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    document = json.loads(answer.stdout)
    assert document["breaches"] == []
    assert document["published_roots"] == 1
    assert document["unsealed"] == 1
    assert document["newest_root"]["number"] == 1


ENTRY = "subject = 'evt_1'"
HARM: dict[str, tuple[tuple[str, ...], str]] = {
    "an edited body": ((f"UPDATE ledger_ledgerentry SET body = '{{\"level\":9}}' WHERE {ENTRY} AND number = 2",), "edited"),
    "an edited actor": ((f"UPDATE ledger_ledgerentry SET actor = 'nobody' WHERE {ENTRY} AND number = 5",), "edited"),
    "a removed entry": ((f"DELETE FROM ledger_ledgerentry WHERE {ENTRY} AND number = 3",), "removed"),
    "a removed last entry": ((f"DELETE FROM ledger_ledgerentry WHERE {ENTRY} AND number = 5",), "removed"),
    "a removed chain": ((f"DELETE FROM ledger_ledgerentry WHERE {ENTRY}",), "removed"),
    "an inserted entry": (
        ("INSERT INTO ledger_ledgerentry (subject, number, at, actor, verb, body, previous, hash) SELECT subject, 6, at, actor,"
         f" verb, body, hash, hash FROM ledger_ledgerentry WHERE {ENTRY} AND number = 5",), "inserted"),
    "two entries in the other order": (
        (f"UPDATE ledger_ledgerentry SET number = 99 WHERE {ENTRY} AND number = 2",
         f"UPDATE ledger_ledgerentry SET number = 2 WHERE {ENTRY} AND number = 3",
         f"UPDATE ledger_ledgerentry SET number = 3 WHERE {ENTRY} AND number = 99"), "edited"),
    "an edited event change": (("UPDATE detect_eventchangerow SET level = 1",), "edited"),
    "an edited transition": (("UPDATE detect_signalchangerow SET level = 2",), "edited"),
    "a removed root": (("UPDATE ledger_ledgerentry SET sealed_in_id = NULL", "DELETE FROM ledger_ledgerroot"), "removed"),
}  # fmt: skip


@pytest.mark.parametrize("what", HARM)
def test_harm_is_named_and_the_exit_code_is_1(home: Path, what: str) -> None:
    statements, kind = HARM[what]
    harm(home, *statements)
    answer = tocsin(home, "ledger", "verify", "--roots", str(home / "published" / ROOT_FILE), "--json")
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert kind in {breach["kind"] for breach in json.loads(answer.stdout)["breaches"]}


def test_the_words_name_subject_and_number(home: Path) -> None:
    harm(home, *HARM["an edited body"][0])
    answer = tocsin(home, "ledger", "verify")
    assert answer.returncode == 1
    assert "edited: evt_1, number 2" in answer.stdout


def test_show_prints_a_chain_and_root_what_to_publish(home: Path) -> None:
    shown = tocsin(home, "ledger", "show", "evt_1")
    assert shown.returncode == 0, shown.stderr
    assert "雨" in shown.stdout
    assert "event ended" in shown.stdout
    assert tocsin(home, "ledger", "show", "evt_2").returncode == 2
    printed = tocsin(home, "ledger", "root", "--json")
    assert read_roots(printed.stdout) == read_roots((home / "published" / ROOT_FILE).read_text())


@pytest.mark.parametrize("text", ["", "[]", "no json", '{"number": 1}', '{"number": 0, "hash": "00"}', '["x"]'])
def test_a_file_that_holds_no_root_is_refused(text: str) -> None:
    with pytest.raises(BadForm):
        read_roots(text)


def test_several_roots_may_stand_one_on_a_line() -> None:
    one, two = (RootLine(number, from_us(0), 1, f"{number:064x}", "e" * 64) for number in (1, 2))
    text = "\n".join(json.dumps(line.document()) for line in (one, two))
    assert read_roots(text) == [one.root, two.root]


def test_an_older_root_never_replaces_a_newer_one(tmp_path: Path) -> None:
    one, two = (RootLine(number, from_us(0), 1, f"{number:064x}", "e" * 64) for number in (1, 2))
    check: Callable[[], list[int]] = lambda: [r.number for r in read_roots((tmp_path / ROOT_FILE).read_text())]  # noqa: E731
    for line, kept in ((one, 1), (two, 2), (one, 2)):
        publish_root(tmp_path, line)
        assert check() == [kept]
    (tmp_path / ROOT_FILE).write_text("harmed")
    publish_root(tmp_path, one)
    assert check() == [1]


def test_a_proof_is_checked_without_a_deployment(home: Path, tmp_path: Path) -> None:
    proof = tocsin(home, "ledger", "prove", "evt_1", "3")
    assert proof.returncode == 0, proof.stderr
    (tmp_path / "proof.json").write_text(proof.stdout)
    roots = tmp_path / "kept.jsonl"
    roots.write_bytes((home / "published" / ROOT_FILE).read_bytes())
    elsewhere = tmp_path / "elsewhere"  # no home, no database, no settings
    answer = tocsin(elsewhere, "ledger", "check", str(tmp_path / "proof.json"), "--roots", str(roots))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.startswith("holds: entry 3 of evt_1 (changed by engine, ")
    assert not elsewhere.exists()
    (tmp_path / "proof.json").write_text(proof.stdout.replace("engine", "nobody"))
    answer = tocsin(elsewhere, "ledger", "check", str(tmp_path / "proof.json"), "--roots", str(roots))
    assert answer.returncode == 1
    assert "does NOT hold: root 1 does not cover this entry" in answer.stdout
    grown = tocsin(home, "ledger", "continue", "1")
    (tmp_path / "grown.json").write_text(grown.stdout)
    answer = tocsin(elsewhere, "ledger", "check", str(tmp_path / "grown.json"), "--roots", str(roots))
    assert (answer.returncode, answer.stdout) == (0, "holds: the ledger only grew from root 1 to root 1\n")
