"""A benchmark's work in a process of its own, with a deployment of its own, on a database that writes through to the disk."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["answer_of", "database", "quantile"]

ROOT = Path(__file__).parents[1]


@contextmanager
def database(name: str) -> Iterator[str | None]:
    """The address of a fresh PostgreSQL with fsync on; "" for SQLite, which the process makes itself; None where PostgreSQL is
    not installed."""
    if name != "postgresql":
        yield ""
        return
    url = _postgres("start")
    try:
        yield url
    finally:
        if url:
            _postgres("stop", url)


def answer_of(script: str, arguments: list[str], *, url: str, packs: str) -> Any:
    """What ``script`` prints on its last line as JSON, run with a home that is gone afterwards."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    with tempfile.TemporaryDirectory(dir=os.environ.get("TOCSIN_BENCH_DIR")) as folder:
        environment = kept | {"TOCSIN_HOME": folder, "TOCSIN_PACKS": packs, "TOCSIN_LOG_LEVEL": "error",
                              "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}  # fmt: skip
        if url:
            environment["TOCSIN_DATABASE"] = url
        command = [sys.executable, script, *arguments]
        done = subprocess.run(command, env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def quantile(values: list[float], share: float) -> float:
    """The value that this share of the sorted ``values`` does not exceed; NaN of none."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else math.nan


def _postgres(verb: str, *more: str) -> str | None:
    script = str(ROOT / "scripts" / "postgres-for-tests")
    environment = os.environ | {"TOCSIN_TEST_POSTGRES_FSYNC": "on"}
    done = subprocess.run([script, verb, *more], env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
