"""A town in whose name warnings were issued, in files, with the real server in front of them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def plain(text: str) -> str:
    """A page without the moment at which it was made."""
    return re.sub(r'made at .*?</p>|As of [^<]*|截至[^<]*|本页[^<]*|data-made="\d*"', "", text, flags=re.S)


class Public:
    """A home with what is public, and ``tocsin serve --role web`` over it: no engine, no worker."""

    def __init__(self, home: Path, database: str = "") -> None:
        self.home, self.port = home, free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        self.environment = {**kept, "TOCSIN_HOME": str(home)} | ({"TOCSIN_DATABASE": database} if database else {})
        done = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / "public_town.py"), "--in-force", "2", "--past", "4"],
            env=self.environment, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        self.in_force = done.stdout.split()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", "web", "--port", str(self.port)],
            env=self.environment,
        )  # fmt: skip
        wait_for(self.url + "/warnings")

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(30)
            self._server = None


def wait_for(url: str) -> None:
    until = time.monotonic() + 180
    while True:
        try:
            httpx.get(url, timeout=20)
            return
        except httpx.TransportError:
            assert time.monotonic() < until, f"{url} does not answer"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    """On SQLite, served."""
    made = Public(tmp_path_factory.mktemp("public"))
    made.serve()
    yield made
    made.stop()
