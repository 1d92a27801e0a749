"""The engine and the ingest door as real processes on one home."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kill import points

from tocsin.doors.intake.socket.client import EngineClient
from tocsin.terms.errors import TocsinError

ROOT = Path(__file__).parents[2]


class Web:
    """The ingest door: ``tocsin serve --role web``, its workers with it."""

    def __init__(self, home: Path, environment: dict[str, str], port: int) -> None:
        self.environment, self.port = environment, port
        self.output = home.parent / "web.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", "web", "--port", str(self.port)]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=output, stderr=output, cwd=ROOT, start_new_session=True
            )

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)

    @property
    def dead(self) -> bool:
        return self.process is None or self.process.poll() is not None


class EngineRole:
    """``tocsin serve --role engine``, each life a process forked from a server that has imported the product;
    ``start(point)`` lets it kill itself there."""

    def __init__(self, home: Path) -> None:
        self.output = home.parent / "engine.txt"
        self.started_at = 0.0
        self.process: Any = None

    def start(self, point: str = "") -> None:
        self.started_at = time.monotonic()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.kill.imported"])
        self.process = context.Process(target=points.live, args=(point, str(self.output), "serve", "--role", "engine"))
        self.process.start()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(30)
        assert self.dead

    def stop(self) -> int:
        os.kill(self.process.pid, signal.SIGTERM)
        self.process.join(120)
        code: int | None = self.process.exitcode
        return -1 if code is None else code

    @property
    def dead(self) -> bool:
        return self.process is None or self.process.exitcode is not None


class Deployment:
    """A home with its engine and its door; ``database`` empty = SQLite. One a process: the server that engines are forked
    from takes its settings from the environment, once."""

    def __init__(self, home: Path, database: str = "", **settings: str) -> None:
        home.mkdir(mode=0o700, exist_ok=True)
        self.home, self.database = home, database
        self.environment = {
            **os.environ, "TOCSIN_HOME": str(home), "TOCSIN_LOG_LEVEL": "warning", "TOCSIN_DATABASE": database,
            "DJANGO_SETTINGS_MODULE": "tocsin.app.settings", "TOCSIN_FREE_SPACE_FLOOR_MB": "16", **settings,
        }  # fmt: skip
        os.environ.update(self.environment)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            self.port = int(listening.getsockname()[1])
        self.engine, self.web = EngineRole(home), Web(home, self.environment, self.port)

    def migrate(self) -> None:
        code = "import django as d; d.setup(); from django.core.management import call_command as c; c('migrate', verbosity=0)"
        subprocess.run([sys.executable, "-c", code], env=self.environment, check=True, cwd=ROOT)

    def client(self, timeout_s: float = 10.0) -> EngineClient:
        return EngineClient(self.home / "run" / "engine.sock", timeout_s=timeout_s)

    def health(self) -> dict[str, int | float | str | None] | None:
        """What the engine says of itself; None while it does not answer."""
        client = self.client(5.0)
        try:
            return client.health()
        except TocsinError:
            return None
        finally:
            client.close()

    def door_answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def readiness(self) -> dict[str, object]:
        """The document of /readyz."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            document: dict[str, object] = json.loads(connection.getresponse().read())
            return document
        finally:
            connection.close()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``tocsin ARGUMENTS``."""
        line = [sys.executable, "-m", "tocsin.app.cli", *arguments]
        return subprocess.run(line, env=self.environment, capture_output=True, text=True, cwd=ROOT, check=False)

    def token(self, source: str) -> str:
        done = self.command("sources", "token", source)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def settle(self, deadline_s: float = 300.0) -> None:
        """Until all of the log is evaluated and recorded."""
        health = self.health()
        assert health is not None, self.said()
        target = int(health["next_seq"] or 0)
        self.wait_for(lambda: int((self.health() or {}).get("consumed_seq") or 0) >= target, "evaluation", deadline_s)

    def wait_for(self, condition: Callable[[], bool], what: str, deadline_s: float = 120.0) -> None:
        until = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < until, f"waited in vain for {what}: {self.said()}"
            time.sleep(0.02)

    def said(self) -> str:
        """The last words of both roles."""
        outputs = (self.engine.output, self.web.output)
        return "".join(path.read_text(errors="replace")[-3000:] for path in outputs if path.exists())

    def end(self) -> None:
        for role in (self.web, self.engine):
            if not role.dead:
                role.kill()
