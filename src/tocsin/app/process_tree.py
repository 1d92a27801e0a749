"""The process tree of ``tocsin serve``: one child a role, started again when it ends, stopped in order."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

__all__ = ["Child", "ProcessTree", "end_with_parent", "role_command"]

STOP_S = 45.0
PARENT = "TOCSIN_SERVE_PID"
STEADY_S = 30.0  # a child that ran this long starts again at once

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Child:
    """One role and the command that runs it."""

    role: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    not_before: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Run it in a session of its own, so that Ctrl-C reaches only the parent, which then stops all in order."""
        self.started = time.monotonic()
        environment = {**os.environ, **self.environment, PARENT: str(os.getpid())}
        self.process = subprocess.Popen(self.command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)

    def ended(self) -> bool:
        """Whether it runs no more."""
        return self.process is None or self.process.poll() is not None

    def stop(self, wait_s: float = STOP_S) -> None:
        """Ask by SIGTERM, then insist."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(wait_s)
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop within %s s and is killed", self.role, wait_s)
            os.killpg(self.process.pid, signal.SIGKILL)  # with whatever it started; its session is its own
            self.process.wait()


class ProcessTree:
    """Runs ``children`` until SIGTERM or SIGINT. They are started in the given order and stopped in the opposite one:
    doors first, so that nothing is taken any more, the engine last, so that everything taken is written."""

    def __init__(self, children: Sequence[Child], *, ready: Callable[[], None] = lambda: None) -> None:
        self._children, self._ready = list(children), ready
        self._stop = threading.Event()

    def run(self) -> int:
        """0 after an orderly stop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            for child in self._children:
                child.start()
            self._ready()
            while not self._stop.wait(0.2):
                for child in self._children:
                    self._look_after(child)
        finally:
            for child in reversed(self._children):
                child.stop()
        return 0

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()

    def _look_after(self, child: Child) -> None:
        if not child.ended():
            return
        now = time.monotonic()
        if child.process is not None:
            code = child.process.returncode
            child.failures = 0 if now - child.started >= STEADY_S else child.failures + 1
            child.not_before = now + min(30.0, 0.25 * 2 ** min(child.failures, 7))
            child.process = None
            log.error("%s ended with %s; it starts again", child.role, code)
        if now >= child.not_before:
            child.start()


def end_with_parent() -> None:
    """In a child: stop in order when the parent is gone, even if it was killed. An engine left alone would hold the log
    against its successor. Does nothing in a process that no tree started."""
    parent = os.environ.pop(PARENT, "")
    if parent.isdigit():
        threading.Thread(target=_watch, args=(int(parent),), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    log.warning("the parent process is gone; stopping")
    os.kill(os.getpid(), signal.SIGTERM)


def role_command(role: str, *options: str) -> list[str]:
    """The command that runs one role with this interpreter."""
    return [sys.executable, "-m", "tocsin.app.cli", "serve", "--role", role, *options]
