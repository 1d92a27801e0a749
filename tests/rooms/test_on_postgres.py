"""All room tests once more, on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.postgres
@pytest.mark.skipif(os.environ.get("TOCSIN_TEST_ON") == "postgresql", reason="this is the run on PostgreSQL")
def test_the_rooms_keep_their_promises_on_postgresql(postgres_url: str) -> None:
    here = Path(__file__)
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(here.parent),
        "-p",
        "no:cacheprovider",
        "--tb=short",
        "--create-db",
        "--dist",
        "loadfile",
        "-n",
        "2",
    ]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    environment = own | {"TOCSIN_TEST_ON": "postgresql", "TOCSIN_TEST_POSTGRES": postgres_url}
    done = subprocess.run(
        command, env=environment, cwd=here.parents[2], capture_output=True, text=True, timeout=2400, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
