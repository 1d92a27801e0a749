"""A snapshot without a stall: a forked child sees the state as it was at the fork and writes it, while we go on judging.

Copying and hashing the state of large windows takes seconds (10,000 streams with windows of hours: 620 MB); a fork takes some
hundredths of one, since the system copies a page only when either side changes it.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

__all__ = ["Finished", "SnapshotChild"]

DEADLINE_S = 300.0  # a child that hangs is ended; the snapshot is then written by the process itself
NICE = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a snapshot: ``error`` is empty where it is on the disk; ``hung`` where the child was ended."""

    seq: int
    took_s: float
    error: str = ""
    hung: bool = False


class SnapshotChild:
    """At most one child at a time. ``stall_s`` is how long the last fork held up its caller."""

    def __init__(self, *, deadline_s: float = DEADLINE_S) -> None:
        self._deadline = deadline_s
        self._pid, self._pipe, self._seq, self._begun = 0, -1, -1, 0.0
        self.stall_s = 0.0

    @property
    def running(self) -> bool:
        """Whether a child is at work."""
        return self._pid > 0

    def begin(self, write: Callable[[], object], seq: int) -> None:
        """Fork; the child calls ``write`` and ends. Call it where no lock is held and no transaction is open. Raises
        OSError where the system gives no process."""
        reading, writing = os.pipe()
        self._begun, self._seq = time.monotonic(), seq
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads: the child touches nothing of theirs
            try:
                pid = os.fork()
            except OSError:
                os.close(reading)
                os.close(writing)
                raise
        if pid == 0:
            _live_as_child(write, writing)
        os.close(writing)
        self._pid, self._pipe = pid, reading
        self.stall_s = time.monotonic() - self._begun

    def finished(self, *, wait: bool = False) -> Finished | None:
        """What became of the child, once; None while it is at work."""
        if not self._pid:
            return None
        took = time.monotonic() - self._begun
        hung = not wait and took > self._deadline
        if hung:
            os.kill(self._pid, signal.SIGKILL)
        pid, status = os.waitpid(self._pid, 0 if wait or hung else os.WNOHANG)
        if pid == 0:
            return None
        with os.fdopen(self._pipe, "rb") as pipe:
            said = pipe.read(4000).decode(errors="replace")
        self._pid, self._pipe = 0, -1
        code = os.waitstatus_to_exitcode(status)
        error = "" if code == 0 else said or f"the child that wrote it ended with {code}"
        return Finished(self._seq, took, error, hung)


def _live_as_child(write: Callable[[], object], pipe: int) -> NoReturn:
    """Never returns. Lets go of everything of the parent's first: an inherited descriptor would hold the log's lock
    against a successor, should the parent be killed; finalisers of its objects must not run twice."""
    code = 1
    try:
        gc.disable()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, pipe)
        os.closerange(pipe + 1, os.sysconf("SC_OPEN_MAX"))
        os.nice(NICE)
        write()
        code = 0
    except BaseException as error:
        text = f"{type(error).__name__}: {error}"
        os.write(pipe, text.encode(errors="replace")[:4000])
    finally:
        os._exit(code)
