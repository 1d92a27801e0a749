"""A role of the product that kills itself (SIGKILL) at a named point, ``name:n``: at its n-th occurrence.

Nothing of the product is replaced: each point wraps a real
function and dies before, inside or after it. Snapshots and segments are made small, so that they happen all the time.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

SNAPSHOT_S = 0.4
SEGMENT_BYTES = 96 << 10


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Fires at the n-th call, once."""

    def __init__(self, times: int) -> None:
        self.left = times

    def now(self) -> bool:
        self.left -= 1
        return self.left == 0


def before(owner: Any, name: str, times: int) -> None:
    """Die as the function is entered."""
    _wrap(owner, name, times, lambda real, *a, **k: die())


def after(owner: Any, name: str, times: int) -> None:
    """Do it all, then die before the caller learns of it."""
    _wrap(owner, name, times, lambda real, *a, **k: (real(*a, **k), die()))


def _wrap(owner: Any, name: str, times: int, last: Callable[..., Any]) -> None:
    real, count = getattr(owner, name), Countdown(times)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if count.now():
            last(real, *arguments, **named)
        return real(*arguments, **named)

    setattr(owner, name, wrapped)


def torn_write(times: int) -> None:
    """Half of the bytes of a group reach the file."""
    from tocsin.loop.observe.log import segments

    def half(real: Any, fd: int, buffers: list[Any], offset: int) -> None:
        whole = b"".join(bytes(buffer) for buffer in buffers)
        os.pwrite(fd, whole[: len(whole) * 2 // 3], offset)
        die()

    _wrap(segments, "write_all", times, half)


def torn_snapshot(times: int) -> None:
    """The child dies half way through the file, and the engine with it."""
    from tocsin.app.engine_process.snapshots import SnapshotShelf

    def half(shelf: Any, snapshot: Any) -> None:
        path = shelf._root / f"{snapshot.seq:020d}.{os.getpid()}.tmp"
        path.write_bytes(snapshot.engine[: len(snapshot.engine) // 2])
        os.kill(os.getppid(), signal.SIGKILL)
        die()

    every(SnapshotShelf, "write", times, half)


def whole_snapshot(times: int) -> None:
    """The snapshot is on the disk; the engine dies before it hears of that."""
    from tocsin.app.engine_process.snapshots import SnapshotShelf

    real = SnapshotShelf.write

    def whole(shelf: Any, snapshot: Any) -> None:
        real(shelf, snapshot)
        os.kill(os.getppid(), signal.SIGKILL)
        die()

    every(SnapshotShelf, "write", times, whole)


def every(owner: Any, name: str, times: int, instead: Callable[..., None]) -> None:
    """Counts forks, not calls: each child sees the count of its parent."""
    from tocsin.app.engine_process.snapshot_child import SnapshotChild

    real_begin, count = SnapshotChild.begin, Countdown(times)

    def begin(self: Any, write: Any, seq: int) -> None:
        if count.now():
            setattr(owner, name, instead)
        real_begin(self, write, seq)

    SnapshotChild.begin = begin  # type: ignore[method-assign]


def database() -> Any:
    from django.db import connection

    return type(connection)


def log() -> Any:
    from tocsin.loop.observe.log.segments import SegmentLog

    return SegmentLog


def engine_process() -> Any:
    from tocsin.app.engine_process.process import EngineProcess

    return EngineProcess


def runner() -> Any:
    from tocsin.engine.runner import Engine

    return Engine


def mark() -> Any:
    from tocsin.loop.observe.log.mark import MarkFile

    return MarkFile


def timed_sync() -> Any:
    from tocsin.loop.observe.log.disk import TimedSync

    return TimedSync


POINTS: dict[str, Callable[[int], None]] = {
    "log: half a group written": torn_write,
    "log: written, not fsynced": lambda n: before(timed_sync(), "__call__", n),
    "log: fsynced, not marked": lambda n: after(timed_sync(), "__call__", n),
    "log: marked, not acknowledged": lambda n: after(mark(), "note", n),
    "log: written record handed on, not acknowledged": lambda n: after(engine_process(), "_written", n),
    "roll: before the next segment": lambda n: before(log(), "_create", n),
    "roll: next segment made, nothing in it": lambda n: after(log(), "_create", n),
    "roll: segment sealed": lambda n: after(log(), "seal", n),
    "snapshot: half written": torn_snapshot,
    "snapshot: on the disk, not noted": whole_snapshot,
    "database: before the commit": lambda n: before(database(), "_commit", n),
    "database: committed, engine not told": lambda n: after(database(), "_commit", n),
    "recovery: before the log goes on": lambda n: before(log(), "_resume", 1),
    "recovery: log recovered": lambda n: after(log(), "_recover", 1),
    "recovery: while the state is regained": lambda n: after(runner(), "restore", 1),
    "recovery: before the socket is bound": lambda n: before(engine_process(), "_renew_packs", 1),
}
IN_RECOVERY = tuple(name for name in POINTS if name.startswith("recovery"))
RARE = ("roll", "snapshot")  # happen a few times a second, not many times


def live(point: str, output: str, *options: str) -> None:
    """In a process of its own, forked from one that has imported the product: small snapshots and segments, the point, then
    the role, exactly as ``tocsin serve --role`` runs it."""
    os.setsid()
    for number in (1, 2):
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    from tocsin.app import cli
    from tocsin.app.engine_process import snapshot_keeper
    from tocsin.loop.observe.log.segments import SegmentLog

    snapshot_keeper.SNAPSHOT_S, snapshot_keeper.SNAPSHOT_SHARE = SNAPSHOT_S, 1  # type: ignore[misc]
    SegmentLog.open.__func__.__kwdefaults__["segment_bytes"] = SEGMENT_BYTES  # type: ignore[attr-defined]
    name, _, times = point.rpartition(":")
    if name:
        POINTS[name](int(times))
    cli.main([*options], standalone_mode=True)
