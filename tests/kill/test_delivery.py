"""The proof of delivery in small, on both databases: two thousand recipients on each of three channels, five kills, a dead, a
slow and a flapping neighbour, and ten minutes of the movable clock in which nobody outside answers. In full:
``scripts/delivery-proof``."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.kill.delivery_town import CHANNELS, Signed
from tests.kill.delivery_verdict import Told, judge

pytestmark = pytest.mark.kill

RECIPIENTS, KILLS, ASIDE = 2_000, 5, 200
ROOT = Path(__file__).parents[2]


@pytest.fixture
def fresh_database(postgres_url: str) -> Iterator[str]:
    """An empty database of the server for tests."""
    name = f"proof_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield f"{postgres_url.rpartition('/')[0]}/{name}"
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def prove(folder: Path, database: str, record: Callable[[str, object], None]) -> None:
    result = folder / "proof.json"
    size = ["--recipients", str(RECIPIENTS), "--kills", str(KILLS), "--aside", str(ASIDE), "--rounds", "1"]
    where = ["--database", database, "--json", str(result), "--dir", str(folder)]
    command = [sys.executable, "-m", "tests.kill.delivery_proof", *size, *where]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    found = json.loads(result.read_text())
    told = found["fan-out"]
    record(f"delivery proof, {database.partition(':')[0]}", told["rate"])
    assert told["kills"] == KILLS
    for name in CHANNELS:
        assert told["channels"][name]["recipients"] >= RECIPIENTS
        assert told["channels"][name]["lost"] == 0
    assert told["undelivered"]["voice"] > 0, "the dead gateway was not asked"
    assert found["served"] == {"verified": True, "changed_verified": False}
    assert found["partition"]["sound"]
    assert set(found["neighbours"]) == {*CHANNELS, "webhook"}


def test_on_sqlite(tmp_path: Path, record_testsuite_property: Callable[[str, object], None]) -> None:
    prove(tmp_path, "sqlite", record_testsuite_property)


@pytest.mark.postgres
def test_on_postgresql(
    tmp_path: Path, fresh_database: str, record_testsuite_property: Callable[[str, object], None]
) -> None:
    prove(tmp_path, fresh_database, record_testsuite_property)


# ---------------------------------------------------------------- the proof can fail
S = 1_000_000_000
SIGNED = Signed("wrn_1", 10 * S, 11 * S)


def told(*accepted: str, **keys: set[str]) -> Told:
    every = {name: keys.get(name, {f"dsp_{name}-0"}) for name in (*CHANNELS, *keys)}
    return Told(every, set().union(*every.values()) | set(accepted), {f"dsp_{name}" for name in every})


def come(*, without: str = "", again_s: int = 0) -> list[tuple[int, str, str]]:
    first = [(12 * S, name, f"dsp_{name}-0") for name in CHANNELS if name != without]
    return first + ([(again_s * S, "mail", "dsp_mail-0")] if again_s else [])


def test_the_verdict_sees_what_did_not_come() -> None:
    assert judge(SIGNED, come(), told(), [S], []).sound
    lost = judge(SIGNED, come(without="sms"), told(), [S], [])
    assert (lost.sound, lost.channels["sms"].lost) == (False, 1)


def test_the_verdict_sees_a_repeat_without_a_kill() -> None:
    assert not judge(SIGNED, come(again_s=20), told(), [S], []).sound
    around_a_kill = judge(SIGNED, come(again_s=20), told(), [S, 15 * S], [14 * S])
    assert (around_a_kill.sound, around_a_kill.channels["mail"].repeats) == (True, 1)


def test_the_verdict_sees_what_nobody_sent() -> None:
    assert not judge(SIGNED, [*come(), (13 * S, "sms", "dsp_other-1")], told(), [S], []).sound


def test_accepted_and_never_come_is_lost_also_beside_the_three_channels() -> None:
    lost = judge(SIGNED, come(), told(webhook={"dsp_webhook-0"}), [S], [])
    assert (lost.sound, lost.channels["webhook"].lost) == (False, 1)
    waiting = told(webhook={"dsp_webhook-0"})
    waiting.accepted.discard("dsp_webhook-0")
    shown = judge(SIGNED, come(), waiting, [S], [])
    assert (shown.sound, shown.undelivered) == (True, {"webhook": 1})
