"""A forked child writes the state as it was at the fork, and whatever becomes of it is known."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from tocsin.app.engine_process.free_space import FreeSpace
from tocsin.app.engine_process.snapshot_child import Finished, SnapshotChild
from tocsin.terms.errors import Unavailable


def outcome(child: SnapshotChild) -> Finished:
    until = time.monotonic() + 30
    while (done := child.finished()) is None:
        assert time.monotonic() < until
    return done


def test_it_writes_what_was_at_the_fork(tmp_path: Path) -> None:
    child, state = SnapshotChild(), ["before"]
    go = tmp_path / "go"

    def write() -> None:
        while not go.exists():
            os.sched_yield()
        (tmp_path / "out").write_text(state[0])

    child.begin(write, 7)
    assert child.running
    assert child.finished() is None
    state[0] = "after"
    go.touch()
    done = outcome(child)
    assert (done.seq, done.error, done.hung) == (7, "", False)
    assert (tmp_path / "out").read_text() == "before"
    assert not child.running
    assert child.finished() is None


def test_what_went_wrong_is_told(tmp_path: Path) -> None:
    def write() -> None:
        raise OSError(28, "No space left on device")

    child = SnapshotChild()
    child.begin(write, 1)
    assert "No space left on device" in outcome(child).error


def test_a_child_that_dies_without_a_word_is_noticed() -> None:
    child = SnapshotChild()
    child.begin(lambda: os._exit(9), 1)
    assert "ended with 9" in outcome(child).error


def test_a_child_that_hangs_is_ended(tmp_path: Path) -> None:
    child = SnapshotChild(deadline_s=0.0)
    child.begin(lambda: time.sleep(3600), 1)
    assert outcome(child).hung


def test_it_holds_no_lock_of_its_parent(tmp_path: Path) -> None:
    """Were the parent killed, its successor must get the log's lock although the child still writes."""
    path, go = tmp_path / "lock", tmp_path / "go"
    holder = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)

    def write() -> None:
        (tmp_path / "there").touch()
        while not go.exists():
            os.sched_yield()

    child = SnapshotChild()
    child.begin(write, 1)
    while not (tmp_path / "there").exists():
        os.sched_yield()
    os.close(holder)
    other = os.open(path, os.O_RDWR)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
    go.touch()
    assert outcome(child).error == ""


def test_free_space_warns_then_refuses() -> None:
    room = [100 << 20]
    now = [0.0]
    space = FreeSpace(Path("/"), 10 << 20, ask=lambda root: room[0], monotonic=lambda: now[0])

    def look(free: int) -> str:
        room[0], now[0] = free, now[0] + 1
        return space.state

    assert look(100 << 20) == "ok"
    assert look(39 << 20) == "low"
    space.require()
    assert look(9 << 20) == "full"
    with pytest.raises(Unavailable, match="only 9 MiB are free, and below 10 MiB nothing more is taken"):
        space.require()
    assert look(11 << 20) == "low"
    space.require()
