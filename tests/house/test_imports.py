"""Imports go downwards only (.importlinter), and the pure floors call no clock and no random source."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tocsin"
PURE = ("terms", "geo", "clocks", "formats", "measure", "engine", "packkit")
IMPURE = {
    ("time", "time"), ("time", "time_ns"), ("time", "monotonic"), ("time", "sleep"),
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("uuid", "uuid4"), ("uuid", "uuid1"), ("os", "urandom"), ("secrets", "token_hex"),
    ("random", "random"), ("random", "randint"), ("random", "default_rng"),
}  # fmt: skip


def test_import_contracts_hold():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]


def calls_of(source: str) -> list[tuple[str, str]]:
    """(owner, name) of every attribute call: ``datetime.now(...)`` gives ("datetime", "now")."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            found.append((owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", ""), node.func.attr))
    return found


def test_the_finder_sees_clocks_and_random_sources():
    assert ("datetime", "now") in calls_of("import datetime\nx = datetime.datetime.now()")
    assert ("random", "default_rng") in calls_of("import numpy as np\nx = np.random.default_rng(1)")


# packkit/commands.py and packkit/replay*.py would be doors' work; what is named here must stay a command module only.
COMMAND_MODULES = {"commands.py"}


@pytest.mark.parametrize("floor", PURE)
def test_pure_floors_ask_nobody_for_time_or_chance(floor):
    for path in (SOURCE / floor).rglob("*.py"):
        if path.name in COMMAND_MODULES:
            continue
        faults = IMPURE & set(calls_of(path.read_text(encoding="utf-8")))
        assert not faults, f"{path.relative_to(ROOT)} calls {faults}: time and chance are arguments"
