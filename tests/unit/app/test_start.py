"""What the engine's commands do without until they need it: a start pays for what it uses."""

from __future__ import annotations

import subprocess
import sys

NOT_AT_START = {"numba", "rich", "h3", "pyarrow.compute", "pyarrow.csv", "importlib.metadata", "pandas", "django"}


def test_the_engine_starts_without_what_it_may_never_need():
    text = ("import sys, tocsin.app.cli as cli; cli.main.get_command(None, 'bench'); import tocsin.engine.runner; "
            "print(*sys.modules)")  # fmt: skip
    said = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
    assert {"numpy", "pyarrow", "tocsin.engine.runner"} <= set(said.split())
    assert not NOT_AT_START & set(said.split())


def test_one_thread_multiplies_unless_somebody_asks_for_more(monkeypatch):
    text = "import os, tocsin.app.cli; print(os.environ['OPENBLAS_NUM_THREADS'])"
    for given, expected in ((None, "1"), ("4", "4")):
        monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
        if given:
            monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
        assert (
            subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
            == f"{expected}\n"
        )
