"""Deployment: one ``tocsin serve`` on a home of its own, started, waited for and stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from tocsin.app.home import Home
from tocsin.terms.errors import BadValue, Unavailable

__all__ = ["Deployment", "environment", "free_port"]

START_S = 60.0
STOP_S = 30.0


class Deployment:
    """Runs ``tocsin serve`` with ``home`` and the environment of this process; its output goes to ``serve.log``."""

    def __init__(self, home: Home, port: int) -> None:
        self.home, self.port = home, port
        self.address = f"http://127.0.0.1:{port}"
        self.output = home.root / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until pages answer. Raises BadValue for a busy port, Unavailable when it does not come up."""
        _require_free(self.port)
        command = [sys.executable, "-m", "tocsin.app.cli", "serve", "--port", str(self.port)]
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._wait_for_pages()

    def running(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ask it to stop in order; insist after a while."""
        if self._process is None:
            return
        if self.running():
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def _wait_for_pages(self) -> None:
        deadline, said = time.monotonic() + START_S, "nothing"
        while time.monotonic() < deadline:
            if not self.running():
                raise Unavailable("tocsin serve", f"ended at once:\n{self._last_lines()}", f"read {self.output}")
            try:
                answer = httpx.get(f"{self.address}/readyz", timeout=2.0)
                if answer.status_code == httpx.codes.OK:
                    return
                said = answer.text
            except httpx.TransportError as error:
                said = str(error)
            time.sleep(0.25)
        raise Unavailable("tocsin serve", f"not ready within {START_S:.0f} s, it says {said}", f"read {self.output}")

    def _last_lines(self) -> str:
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-12:])


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise BadValue(f"port {port}", "somebody else listens on it",
                           f"stop that program, or choose another: tocsin demo --port {free_port()}") from None  # fmt: skip


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, port: int, packs: Sequence[str], zone: str) -> dict[str, str]:
    """What a demo sets for itself and for its ``tocsin serve``."""
    return {
        "TOCSIN_HOME": str(home),
        "TOCSIN_LISTEN": f"127.0.0.1:{port}",
        "TOCSIN_CLOCK": "driven",
        "TOCSIN_PACKS": ",".join(packs),
        "TOCSIN_TIME_ZONE": zone,
    }
