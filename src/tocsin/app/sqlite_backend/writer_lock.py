"""The lock that lets one writer at a time through, across threads and processes."""

from __future__ import annotations

import fcntl
import os
import threading

__all__ = ["WriterLock"]


class WriterLock:
    """An exclusive ``flock`` on a file beside the database; one object for each connection.

    SQLite's own waiting is by polling with growing pauses, so that a writer may be passed over again and again. The
    kernel's queue is fair. The lock ends with the process that held it, whatever became of it.
    """

    def __init__(self, path: str, timeout_s: float) -> None:
        self.path, self.timeout_s = path, timeout_s
        self._fd: int | None = None
        self._held = False

    @property
    def held(self) -> bool:
        """Whether this connection is the one that may write."""
        return self._held

    def acquire(self) -> None:
        """Wait for the lock. Raises TimeoutError after ``timeout_s``."""
        if self._held:
            return
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait(self._fd)
        self._held = True

    def release(self) -> None:
        """Let the next writer in; harmless where the lock is not held."""
        if self._held and self._fd is not None:
            self._held = False
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release and forget the file."""
        self.release()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _wait(self, fd: int) -> None:
        # A blocking flock keeps the queue fair but knows no deadline, so it waits in a thread of its own. After the
        # deadline the descriptor belongs to that thread, which closes it as soon as the kernel hands it the lock.
        got, abandoned, turn = threading.Event(), threading.Event(), threading.Lock()

        def block() -> None:
            fcntl.flock(fd, fcntl.LOCK_EX)
            with turn:
                got.set()
                if abandoned.is_set():
                    os.close(fd)

        threading.Thread(target=block, name="tocsin-writer-lock", daemon=True).start()
        if got.wait(self.timeout_s):
            return
        with turn:
            if got.is_set():
                return
            abandoned.set()
            self._fd = None
        raise TimeoutError(f"no turn to write within {self.timeout_s:g} s")
