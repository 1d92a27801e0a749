"""A real ``tocsin serve`` on a home of its own, spoken to over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

BODY_LIMIT = 2 << 20
JSON, ARROW = "application/json", "application/vnd.apache.arrow.stream"


class Served:
    """A running product: ``tocsin`` runs a command of it, ``http`` speaks to it."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        home.mkdir(mode=0o700, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        self.environment = {**kept, "TOCSIN_HOME": str(home), "TOCSIN_MAX_BODY_BYTES": str(BODY_LIMIT)}
        self._output = (home.parent / f"{home.name}.txt").open("w+")
        command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--port", str(self.port), *options]
        self._process = subprocess.Popen(command, env=self.environment, stdout=self._output, stderr=subprocess.STDOUT)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def tocsin(self, *arguments: str, code: int = 0) -> str:
        """What a command printed; its exit code must be ``code``."""
        command = [sys.executable, "-m", "tocsin.app.cli", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def wait(self, ready: Callable[[], object], what: str, deadline_s: float = 240) -> Any:
        """What ``ready()`` gives as soon as it is true."""
        until = time.monotonic() + deadline_s
        while True:
            try:
                if found := ready():
                    return found
            except httpx.TransportError:
                pass
            assert time.monotonic() < until, f"waited in vain for {what}:\n{self.said()[-3000:]}"
            time.sleep(0.05)

    def said(self) -> str:
        """Everything the processes printed."""
        self._output.seek(0)
        return self._output.read()

    def stop(self) -> int:
        """Stop in order; the exit code."""
        self.http.close()
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(60)
        finally:
            self._output.close()


class Sender:
    """A source with streams of its own and its token."""

    def __init__(self, served: Served, admin: str, name: str, token: str) -> None:
        self.served, self.name, self.token = served, name, token
        self.streams = [f"{name}-rain", f"{name}-level"]
        as_admin = {"Authorization": f"Bearer {admin}"}
        rain = {"id": self.streams[0], "property": "precipitation", "unit": "mm", "low": 0, "high": 500}
        level = {"id": self.streams[1], "property": "river_stage", "unit": "m"}
        both = [{**stream, "source": name, "feature": name, "lon": 110.0, "lat": 30.0} for stream in (rain, level)]
        answer = served.http.post("/api/v1/streams", json=both, headers=as_admin)
        assert answer.json()["applied"], answer.text
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def post(self, body: bytes | dict[str, Any], kind: str = JSON) -> httpx.Response:
        """Deliver a body."""
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        return self.served.http.post(
            "/api/v1/observations", content=content, headers={**self.headers, "Content-Type": kind}
        )


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(tmp_path_factory.mktemp("api") / "home")
    running.wait(lambda: running.http.get("/readyz").status_code == 200, "readiness")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def admin(served: Served) -> str:
    return str(json.loads(served.tocsin("token", "admin", "--json"))["token"])


TOKENS = """
import django, json, sys; django.setup()
from tocsin.loop.observe.services import issue_token
from tocsin.records import clock
print(json.dumps({name: issue_token(name, actor="test", now=clock.now()) for name in sys.argv[1:]}))
"""


@pytest.fixture(scope="session")
def new_sender(served: Served, admin: str) -> Callable[[], Sender]:
    """Makes a source that no other test has. Their tokens are issued together: starting Django once is enough."""
    names = [f"source-{number}" for number in range(80)]
    forms = [{"id": name} for name in names]
    answer = served.http.post("/api/v1/sources", json=forms, headers={"Authorization": f"Bearer {admin}"})
    assert answer.json()["applied"], answer.text
    environment = {**served.environment, "DJANGO_SETTINGS_MODULE": "tocsin.app.settings"}
    made = subprocess.run([sys.executable, "-c", TOKENS, *names], env=environment, capture_output=True, check=True)
    tokens = iter(json.loads(made.stdout).items())
    return lambda: Sender(served, admin, *next(tokens))


@pytest.fixture
def sender(new_sender: Callable[[], Sender]) -> Sender:
    """A source that no other test has."""
    return new_sender()


@pytest.fixture
def other(new_sender: Callable[[], Sender]) -> Sender:
    """Another one."""
    return new_sender()
