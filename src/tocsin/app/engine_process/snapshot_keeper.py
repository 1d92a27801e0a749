"""When snapshots are taken, and what follows from one that is on the disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from tocsin.app.engine_process.evaluation import Evaluation
from tocsin.app.engine_process.snapshot_child import Finished, SnapshotChild

__all__ = ["SNAPSHOT_S", "SnapshotKeeper"]

SNAPSHOT_S = 30.0
SNAPSHOT_SHARE = 20  # at most one twentieth of the time goes into snapshots, however large the state

log = logging.getLogger(__name__)


class SnapshotKeeper:
    """Takes a snapshot every ``every_s`` seconds where anything is new, in a forked child. ``saved()`` is called once
    one is on the disk. ``trouble`` says why the last one is not; evaluation goes on all the same."""

    def __init__(self, saved: Callable[[], None], *, every_s: float | None = None) -> None:
        self._saved, self._every = saved, SNAPSHOT_S if every_s is None else every_s
        self._child = SnapshotChild()
        self._due = time.monotonic() + self._every
        self.trouble = ""
        self.took_s = self.stall_s = self.longest_stall_s = 0.0

    def tend(self, evaluation: Evaluation) -> None:
        """Look after the child, begin the next one where it is due. Commits first: a snapshot is never ahead of the
        database."""
        done = self._child.finished()
        if done is not None:
            self._note(done, evaluation)
        begun = time.monotonic()
        if self._child.running or begun < self._due or evaluation.judge.next_seq <= evaluation.snapshot_seq:
            return
        evaluation.commit()
        try:
            self._child.begin(evaluation.write_snapshot, evaluation.judge.next_seq)
        except OSError as error:
            log.warning("no process for a snapshot (%s); it is written here", error)
            self._write_here(evaluation)
        self.stall_s = time.monotonic() - begun
        self.longest_stall_s = max(self.longest_stall_s, self.stall_s)

    def end(self) -> None:
        """Wait for a child that is at work."""
        self._child.finished(wait=True)

    def _note(self, done: Finished, evaluation: Evaluation) -> None:
        self.took_s, self.trouble = done.took_s, done.error
        self._due = time.monotonic() + max(self._every, SNAPSHOT_SHARE * done.took_s)
        if done.hung:
            log.error("the child that wrote the snapshot at record %s hung; it is written here", done.seq)
            self._write_here(evaluation)
        elif done.error:
            log.error("the snapshot at record %s was not written: %s", done.seq, done.error)
        else:
            evaluation.snapshot_seq = max(evaluation.snapshot_seq, done.seq)
            self._saved()

    def _write_here(self, evaluation: Evaluation) -> None:
        begun = time.monotonic()
        try:
            evaluation.save()
        except OSError as error:
            self.trouble = f"{type(error).__name__}: {error}"
            log.error("the snapshot was not written: %s", error)
        else:
            self.trouble = ""
            self._saved()
        self._due = time.monotonic() + max(self._every, SNAPSHOT_SHARE * (time.monotonic() - begun))
