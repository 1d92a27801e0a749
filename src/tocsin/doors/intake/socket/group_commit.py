"""Group commit: whoever comes while an fsync runs shares the next one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tocsin.loop.observe.log import Entry, Quarantine, SegmentLog
from tocsin.terms.errors import BadForm, Refused, TocsinError, Unavailable
from tocsin.terms.record import Record

__all__ = ["GroupCommit", "Wish"]

GROUP_BYTES = 32 * 1024 * 1024
WAITING_BYTES = 256 * 1024 * 1024


@dataclass(slots=True)
class Wish:
    """One request to append. ``entry`` None: only refusals to keep. ``done`` gets the seq (None without an entry) or
    the error, once, on the writer's thread: it must be quick and must not raise."""

    entry: Entry | None
    done: Callable[[int | TocsinError | None], None]
    refused: pa.Table | None = None
    size: int = 0


class GroupCommit:
    """The one writer of the log: a thread that appends what is waiting in one go, fsync included, then acknowledges.

    ``admit(entry)`` looks at each entry in log order just before it is written and may raise a TocsinError to refuse it
    (catalogue changes are checked against all that came before). ``written(records)`` sees what was appended, before the
    acknowledgements; ``lost()`` is called when admitted entries were not written; ``answered()`` after the
    acknowledgements of one group. ``refusals`` counts groups in a row that the disk refused, ``waiting_bytes`` what the
    queue holds: doors that outrun the disk are refused, so memory stays bounded. Any other failure ends the
    writer: ``failed`` is set, all who wait get Unavailable, and the process must start again from what the disk holds.
    """

    def __init__(
        self,
        log: SegmentLog,
        quarantine: Quarantine,
        *,
        admit: Callable[[Entry], None] = lambda entry: None,
        written: Callable[[Sequence[Record]], None] = lambda records: None,
        lost: Callable[[], None] = lambda: None,
        answered: Callable[[], None] = lambda: None,
        room: Callable[[], None] = lambda: None,
    ) -> None:
        self._log, self._quarantine = log, quarantine
        self._admit, self._written, self._lost, self._answered = admit, written, lost, answered
        self._room = room
        self._waiting: deque[Wish] = deque()
        self.waiting_bytes = 0
        self._changed = threading.Condition()
        self._closing = False
        self.failed: BaseException | None = None
        self.groups = self.wishes = self.refusals = 0
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, wish: Wish) -> None:
        """Put a wish in the queue. Raises Unavailable when too much is waiting, the writer has ended, or ``room`` says that
        there is none (what the engine itself has to say has no size and is taken)."""
        if wish.size:
            self._room()
        with self._changed:
            if self._closing or self.failed:
                raise Unavailable("log", "not writing", "send again once the engine has restarted")
            if self.waiting_bytes + wish.size > WAITING_BYTES and self._waiting:
                raise Unavailable("log", f"more than {WAITING_BYTES} bytes wait to be written", "send again later")
            self._waiting.append(wish)
            self.waiting_bytes += wish.size
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
            except BaseException as error:  # whatever it was, the state of the disk is now unknown
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
            self.waiting_bytes -= size
            return group

    def _commit(self, group: list[Wish]) -> None:
        kept, outcomes = self._set_aside(group)
        admitted, more = self._admit_all(kept)
        outcomes += more
        outcomes += self._append(admitted)
        self.groups += 1
        self.wishes += len(group)
        for wish, outcome in outcomes:
            wish.done(outcome)
        self._answered()

    def _set_aside(self, group: list[Wish]) -> tuple[list[Wish], list[tuple[Wish, int | TocsinError | None]]]:
        """Refused rows go to quarantine first, so that an acknowledgement covers them too."""
        refusals = [wish.refused for wish in group if wish.refused is not None and wish.refused.num_rows]
        try:
            if refusals:
                self._quarantine.append(pa.concat_tables(refusals))
        except (Refused, pa.ArrowInvalid) as error:
            if len(group) == 1:
                return [], [(group[0], _typed(error))]
            parts = [self._set_aside([wish]) for wish in group]
            return [wish for kept, _ in parts for wish in kept], [outcome for _, out in parts for outcome in out]
        except Unavailable as error:
            self.refusals += 1
            return [], [(wish, error) for wish in group]
        return group, []

    def _append(self, admitted: list[Wish]) -> list[tuple[Wish, int | TocsinError | None]]:
        entries = [wish.entry for wish in admitted if wish.entry is not None]
        try:
            seqs = self._log.append(entries)
        except Refused as error:  # one of them cannot be logged; nothing was written
            self._lost()
            if len(admitted) == 1:
                return [(admitted[0], error)]
            return [outcome for wish in admitted for outcome in self._append_alone(wish)]
        except Unavailable as error:  # the disk refuses; the log has put itself right, or will refuse from now on
            self._lost()
            self.refusals += 1
            return [(wish, error) for wish in admitted]
        self.refusals = 0
        pairs = zip(seqs, entries, strict=True)
        records = [Record(seq, entry.kind, entry.at_us, entry.batch, entry.body) for seq, entry in pairs]
        if records:
            self._written(records)
        return list(zip(admitted, seqs, strict=True))

    def _append_alone(self, wish: Wish) -> list[tuple[Wish, int | TocsinError | None]]:
        admitted, outcomes = self._admit_all([wish])
        return outcomes + self._append(admitted)

    def _admit_all(self, group: list[Wish]) -> tuple[list[Wish], list[tuple[Wish, int | TocsinError | None]]]:
        admitted: list[Wish] = []
        outcomes: list[tuple[Wish, int | TocsinError | None]] = []
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


def _typed(error: Exception) -> TocsinError:
    if isinstance(error, TocsinError):
        return error
    return BadForm("refused rows", str(error), "send Parsed.refused as it is")
