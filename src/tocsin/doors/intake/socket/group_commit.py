"""Group commit: whoever comes while an fsync runs shares the next one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tocsin.loop.observe.log import Entry, SegmentLog
from tocsin.loop.observe.quarantine import Quarantine
from tocsin.terms.errors import TocsinError, Unavailable
from tocsin.terms.record import Record

__all__ = ["GroupCommit", "Wish"]

GROUP_BYTES = 32 * 1024 * 1024
WAITING_BYTES = 256 * 1024 * 1024


@dataclass(slots=True)
class Wish:
    """One request to append. ``entry`` None: only refusals to keep. ``done`` gets the seq (None without an entry) or the
    error, once, on the writer's thread: it must be quick and must not raise."""

    entry: Entry | None
    done: Callable[[int | None | TocsinError], None]
    refused: pa.Table | None = None
    size: int = 0


class GroupCommit:
    """The one writer of the log: a thread that appends what is waiting in one go, fsync included, then acknowledges.

    ``admit(entry)`` looks at each entry in log order just before it is written and may raise a TocsinError to refuse it
    (catalogue changes are checked against all that came before). ``written(records)`` sees what was appended, before the
    acknowledgements; ``answered()`` is called after those of one group. A write that fails ends the writer (after a failed
    fsync nobody knows what is on the disk): ``failed`` is set, all who wait get Unavailable, and the process must start
    again from what the disk holds.
    """

    def __init__(
        self,
        log: SegmentLog,
        quarantine: Quarantine,
        *,
        admit: Callable[[Entry], None] = lambda entry: None,
        written: Callable[[Sequence[Record]], None] = lambda records: None,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._log, self._quarantine = log, quarantine
        self._admit, self._written, self._answered = admit, written, answered
        self._waiting: deque[Wish] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._closing = False
        self.failed: BaseException | None = None
        self.groups = self.wishes = 0
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, wish: Wish) -> None:
        """Put a wish in the queue. Raises Unavailable when too much is waiting or the writer has ended."""
        with self._changed:
            if self._closing or self.failed:
                raise Unavailable("log", "not writing", "send again once the engine has restarted")
            if self._waiting_bytes + wish.size > WAITING_BYTES and self._waiting:
                raise Unavailable("log", f"more than {WAITING_BYTES} bytes wait to be written", "send again later")
            self._waiting.append(wish)
            self._waiting_bytes += wish.size
            self._changed.notify()

    def close(self) -> None:
        """Write what is waiting, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._take():
            try:
                self._commit(group)
            except BaseException as error:  # noqa: BLE001 - whatever it was, the state of the disk is now unknown
                self._fail(group, error)
                return

    def _take(self) -> list[Wish]:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            group: list[Wish] = []
            size = 0
            while self._waiting and (not group or size + self._waiting[0].size <= GROUP_BYTES):
                wish = self._waiting.popleft()
                size += wish.size
                group.append(wish)
            self._waiting_bytes -= size
            return group

    def _commit(self, group: list[Wish]) -> None:
        refusals = [wish.refused for wish in group if wish.refused is not None and wish.refused.num_rows]
        if refusals:
            self._quarantine.append(pa.concat_tables(refusals))
        admitted, outcomes = self._admit_all(group)
        if admitted:
            seqs = self._log.append([wish.entry for wish in admitted if wish.entry is not None])
            self._written(
                [
                    Record(seq, wish.entry.kind, wish.entry.at_us, wish.entry.batch, wish.entry.body)
                    for seq, wish in zip(seqs, admitted, strict=True)
                    if wish.entry is not None
                ]
            )
            outcomes.extend((wish, seq) for seq, wish in zip(seqs, admitted, strict=True))
        self.groups += 1
        self.wishes += len(group)
        for wish, outcome in outcomes:
            wish.done(outcome)
        self._answered()

    def _admit_all(self, group: list[Wish]) -> tuple[list[Wish], list[tuple[Wish, int | None | TocsinError]]]:
        admitted: list[Wish] = []
        outcomes: list[tuple[Wish, int | None | TocsinError]] = []
        for wish in group:
            if wish.entry is None:
                outcomes.append((wish, None))
                continue
            try:
                self._admit(wish.entry)
            except TocsinError as error:
                outcomes.append((wish, error))
            else:
                admitted.append(wish)
        return admitted, outcomes

    def _fail(self, group: list[Wish], error: BaseException) -> None:
        with self._changed:
            self.failed = error
            waiting = [*group, *self._waiting]
            self._waiting.clear()
        for wish in waiting:
            wish.done(
                Unavailable(
                    "log", f"could not be written: {error}", "see `tocsin doctor`; send again after it is repaired"
                )
            )
        self._answered()
