"""What the log asks of the disk: write all of it, make folders durable, hold the lock, look behind the page cache."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from tocsin.terms.errors import Unavailable

__all__ = ["Bytes", "TimedSync", "forget_cached", "make_folder", "sync_folder", "take_lock", "write_all"]

Bytes = bytes | memoryview
_MOST_BUFFERS = 512  # of one pwritev; the system's limit is 1024
_RECENT = 512


class TimedSync:
    """``sync`` that remembers how long it took: a disk that slows down is seen before anybody waits for it in vain."""

    def __init__(self, sync: Callable[[int], None]) -> None:
        self._sync = sync
        self._recent: deque[tuple[float, float]] = deque(maxlen=_RECENT)  # (when, seconds)

    def __call__(self, fd: int) -> None:
        """Make the file durable. Raises OSError."""
        begun = time.monotonic()
        try:
            self._sync(fd)
        finally:
            ended = time.monotonic()
            self._recent.append((ended, ended - begun))

    def milliseconds(self, *, within_s: float = 60.0) -> tuple[float, float]:
        """(p50, longest) of the syncs of the last ``within_s`` seconds; zeros where there were none."""
        since = time.monotonic() - within_s
        took = sorted(seconds for when, seconds in list(self._recent) if when >= since)
        return (took[len(took) // 2] * 1e3, took[-1] * 1e3) if took else (0.0, 0.0)


def write_all(fd: int, buffers: list[Bytes], offset: int) -> None:
    """All buffers one after another from ``offset`` on. Raises OSError; then some of them may have been written."""
    for start in range(0, len(buffers), _MOST_BUFFERS):
        rest = buffers[start : start + _MOST_BUFFERS]
        while rest:
            written = os.pwritev(fd, rest, offset)
            offset += written
            while rest and written >= len(rest[0]):
                written -= len(rest.pop(0))
            if written:
                rest[0] = memoryview(rest[0])[written:]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def forget_cached(path: Path) -> None:
    """Drop the clean pages of a file from the system's cache, so that what is read next comes from the disk. After a
    failed fsync Linux marks the pages clean although they were never written (Rebello et al., "Can Applications Recover
    from fsync Failures?", USENIX ATC 2020): the cache then shows what the disk does not hold."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def make_folder(root: Path) -> None:
    """The folder of a log, made where it is missing. Raises Unavailable where the account or the disk cannot."""
    try:
        if not root.is_dir():
            root.mkdir(parents=True)
            sync_folder(root.parent)
    except OSError as error:
        raise _cannot(root, error) from error


def take_lock(root: Path) -> int:
    """The lock that makes its holder the one appender; closing the descriptor gives it back.

    Raises Unavailable where another process holds it, the folder cannot be written, or its files are another's."""
    path = root / "lock"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _cannot(root, error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(fd)
        rule = f"process {holder} has it open for appending, and a log has one appender"
        raise Unavailable(f"log {root}", rule, "stop that process, or append through it") from error
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    except OSError:
        pass  # a full disk: the lock holds all the same, it only does not say whose it is
    return fd


def _cannot(root: Path, error: OSError) -> Unavailable:
    reason = error.strerror or str(error)
    owner = _owner(root)
    who = f"this process runs as user {os.geteuid()}" + (f", the folder belongs to user {owner}" if owner else "")
    remedy = (
        "mount the file system writable"
        if "read-only" in reason.lower()
        else f"run as the folder's owner, or chown -R {os.geteuid()} {root}"
        if isinstance(error, PermissionError)
        else "free space or repair the disk"
    )
    return Unavailable(f"log {root}", f"cannot be opened for appending ({reason}; {who})", remedy)


def _owner(root: Path) -> str:
    try:
        held = root.stat()
    except OSError:
        return ""
    return f"{held.st_uid}, mode {stat.S_IMODE(held.st_mode):04o}"
