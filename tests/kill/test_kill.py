"""Promises 1 and 2: what was acknowledged survives ``kill -9``, and the signals are those of an undisturbed run.

The short campaign of ``scripts/kill-test``: twenty kills of a real engine and a real ingest door on SQLite, at random moments
and at named points, and a shorter one on PostgreSQL. docs/durability.md has the figures of the long one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.kill

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name: a socket's path has at most 107 characters, and pytest's own folders take most of them."""
    with tempfile.TemporaryDirectory(prefix="k") as made:
        yield Path(made)


def campaign(folder: Path, *options: str) -> dict[str, str]:
    """Run it as the command does; the lines of its report by name."""
    command = [sys.executable, "-m", "tests.kill.campaign", "--dir", str(folder), *options]
    own = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return dict(re.findall(r"^(\w[^\n]*?)  +(\S[^\n]*)$", done.stdout, re.MULTILINE))


def assert_sound(report: dict[str, str], kills: int) -> None:
    assert int(report["kills"]) >= kills
    assert report["lost"] == "0"
    assert int(report["acknowledged rows"].replace(",", "")) > 10_000
    assert report["as one engine over the log"] == "identical"
    assert report["as an undisturbed run"].startswith("identical")
    assert int(report["signals"].split()[0].replace(",", "")) > 50
    assert int(report["sent again by the senders"].split()[0].replace(",", "")) > 0


def test_twenty_kills_lose_nothing_and_change_nothing(folder: Path) -> None:
    assert_sound(campaign(folder, "--kills", "20"), 20)


@pytest.mark.postgres
def test_six_kills_on_postgresql(folder: Path, postgres_url: str) -> None:
    name = f"kills_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    try:
        url = postgres_url.rpartition("/")[0] + f"/{name}"
        assert_sound(campaign(folder, "--kills", "6", "--seed", "7", "--database", url), 6)
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]
