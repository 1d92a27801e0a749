"""The engine process from start to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from types import FrameType

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from tocsin.app.configuration import Configuration
from tocsin.app.engine_process import packs_in_force
from tocsin.app.engine_process.evaluation import Evaluation
from tocsin.app.engine_process.free_space import FreeSpace
from tocsin.app.engine_process.memory import MemoryBudget
from tocsin.app.engine_process.shadows import ShadowInLog, rules_body, shadows_of
from tocsin.app.engine_process.snapshot_keeper import SnapshotKeeper
from tocsin.app.engine_process.snapshots import PackInForce, SnapshotShelf, packs_of
from tocsin.app.engine_process.steady_clock import SteadyClock, boot_id
from tocsin.app.engine_process.tail import Tail, rows_of
from tocsin.app.engine_process.ticks import TickClock
from tocsin.app.engine_process.trials import Trials
from tocsin.app.engine_process.whole_log import read_whole_log
from tocsin.doors.intake.socket.group_commit import GroupCommit, Wish
from tocsin.doors.intake.socket.server import SocketServer
from tocsin.formats.catalogue import read_catalogue_body
from tocsin.loop.detect import queries
from tocsin.loop.observe.log import Entry, History, LogDamaged, Quarantine, SegmentLog
from tocsin.loop.observe.tallies import write_tallies
from tocsin.packkit import require_fit
from tocsin.records import clock
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places.queries import facilities
from tocsin.terms.errors import BadValue, Refused, TocsinError, Unavailable
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue

__all__ = ["EngineProcess", "run"]

BATCH_ROWS = 250_000
BATCH_S = 0.05  # small records are gathered this long for one database transaction
TALLY_S = 1.0
HALT_S = 2.0  # so long between two looks whether a damaged record may be passed by now

log = logging.getLogger(__name__)
RulesInLog = tuple[tuple[PackInForce, ...], tuple[ShadowInLog, ...]]


class EngineProcess:
    """Owns log, quarantine, socket, evaluation and snapshots of one TOCSIN_HOME.

    ``open`` recovers the log and regains state; ``step`` does one round; ``close`` stops taking, writes what waits,
    evaluates nothing more, and leaves a snapshot. ``wall_us`` is the wall clock; with ``steady`` leaps of it are held.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        wall_us: Callable[[], int] = clock.now_us,
        steady: SteadyClock | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._configuration, self._home = configuration, configuration.home
        self._steady, self._wall_us = steady, wall_us if steady is None else steady.now_us
        self._started_us = self._wall_us()
        self._last_record_us = 0
        self._tallied_at = 0.0
        self._stop = stop or threading.Event()
        self._opening_s = 0.0
        self.trouble, self._troubles = "", 0

    # ------------------------------------------------------------------ start and stop
    def open(self) -> None:
        """Recover, regain, bind the socket. Raises TocsinError (log held by another, damaged pack, ...)."""
        begun, home = time.monotonic(), self._home.prepare()
        self._settled_packs = packs_in_force.enable(self._configuration.packs, home.packs)
        self._trials = Trials(home.packs)
        self._packs = self._trials.in_force(self._settled_packs)
        self._renewed: tuple[date, int] | None = None
        self._log = SegmentLog.open(home.log)
        for recovery in self._log.recovered:
            log.warning("log: %s", recovery)
        for damage in self._log.damaged:
            log.error("log: %s", damage)
        self._quarantine = Quarantine.open(home.quarantine)
        self._reader = self._log.reader()
        self._history = History(home.parquet, home.log)
        self._shelf = SnapshotShelf(home.snapshots)
        self._shelf.clear_unfinished()
        self._keeper = SnapshotKeeper(self._saved)
        self._memory = MemoryBudget(self._configuration.engine_memory_mb)
        self._space = FreeSpace(home.root, self._configuration.free_space_floor_mb << 20)
        self.evaluation = self._evaluation()
        for refused in self._shelf.refused:
            log.warning("%s", refused)
        self._tail = Tail(self._read, self._log.next_seq)
        self._head = self.evaluation.engine.catalogue
        self._rules_at_head: RulesInLog = (self.evaluation.packs, self.evaluation.shadows.named)
        self._ticks = TickClock(max(0, int(self.evaluation.engine.tick_us)))
        self._look_ahead()
        self._next_head = self._head
        self._server = SocketServer(home.engine_socket, now_us=self._now_us, health=self.health)
        self._commit = GroupCommit(
            self._log,
            self._quarantine,
            admit=self._admit,
            written=self._written,
            lost=self._lost,
            answered=self._server.flush,
            room=self._space.require,
        )
        self._renew_packs()
        self._server.commit = self._commit
        self._server.start()
        self._opening_s = time.monotonic() - begun
        log.info("engine: log at record %s, database at %s", self._log.next_seq, self.evaluation.consumed)

    def close(self) -> None:
        """Stop in order. What was acknowledged but not evaluated is evaluated on the next start."""
        self._server.close()
        self._commit.close()
        self._keeper.end()
        if not self.trouble:
            self._leave()
        self._log.close()
        self._quarantine.close()

    def _leave(self) -> None:
        try:
            self.evaluation.save()
            self._tally()
        except OSError as error:
            log.error("no snapshot is left behind (%s); the next start reads the log since the last one", error)

    def _read(self, from_seq: int) -> Iterator[Record]:
        return read_whole_log(self._history, self._reader, from_seq)

    def _evaluation(self) -> Evaluation:
        return Evaluation(
            kept_packs=self._home.packs,
            shelf=self._shelf,
            facilities=facilities(EVERYWHERE),
            consumed=queries.consumed_seq() + 1,
        )

    def _look_ahead(self) -> None:
        """What the records not yet evaluated say of catalogue, packs and ticks: the writer must know the end of the log."""
        ahead = self._log.reader()
        for record in read_whole_log(self._history, ahead, self.evaluation.engine.next_seq, skip_damaged=True):
            self._last_record_us = max(self._last_record_us, record.at_us)
            if record.kind is RecordKind.CATALOGUE:
                self._head = self._head.with_changes(*read_catalogue_body(record.body))
            elif record.kind is RecordKind.RULES:
                self._rules_at_head = (packs_of(record.body), shadows_of(record.body))
            elif record.kind is RecordKind.TICK:
                self._ticks.last_us = max(self._ticks.last_us, record.at_us)

    # ------------------------------------------------------------------ the writer's side
    def _now_us(self) -> int:
        self._last_record_us = max(self._last_record_us, self._wall_us())
        return self._last_record_us

    def _admit(self, entry: Entry) -> None:
        if entry.kind is RecordKind.CATALOGUE:
            sources, streams = read_catalogue_body(entry.body)
            require_fit(self._packs, streams)
            head = self._next_head.with_changes(sources, streams)
            self._memory.admit(self._packs, streams, head)
            self._next_head = head
        elif entry.batch is not None:
            _check_indices(entry, self._next_head)

    def _written(self, records: Sequence[Record]) -> None:
        self._head = self._next_head
        if self._steady is not None and self._steady.doubt_s:
            for record in records:
                if record.batch is not None and record.batch.num_rows:
                    self._steady.heard(int(pc.max(record.batch.column("observed_at")).cast(pa.int64()).as_py()))
        self._tail.written(records)

    def _lost(self) -> None:
        self._next_head = self._head

    # ------------------------------------------------------------------ the evaluation's side
    def step(self, wait_s: float = 0.2) -> bool:
        """One round: tick if due, take what is new, evaluate, commit, snapshot if due. True if anything was new."""
        if broken := self._commit.failed or self._log.broken or self._quarantine.log.broken:
            rule = f"could not be written: {broken}"
            raise Unavailable("log", rule, "repair the disk; the engine then starts again by itself and reads all back")
        try:
            self._renew_packs()
            self._tick()
            self.evaluation.commit_if_due()
            records = self._gather(wait_s)
            for record in records:
                self.evaluation.feed(record)
            self.evaluation.commit_if_due()
            self._keeper.tend(self.evaluation)
            self._tally_if_due()
        except LogDamaged as error:
            return self._halt(error)
        except Exception as error:  # observations must still be taken while evaluation is in trouble
            self._begin_again(error)
            return True
        if self.trouble and records:
            self.trouble, self._troubles = "", 0
        return bool(records)

    def _tally_if_due(self) -> None:
        if time.monotonic() - self._tallied_at >= TALLY_S:
            self._tally()

    def _tally(self) -> None:
        """What was counted of each stream, for pages (it changes with every batch, so it is no database row)."""
        self._tallied_at = time.monotonic()
        try:
            write_tallies(self._home.run, self.evaluation.engine.counters, at_us=self._wall_us())
        except OSError as error:  # a full disk: pages show older counts, judging goes on
            log.warning("counts of streams were not written: %s", error)

    def _halt(self, error: LogDamaged) -> bool:
        """An acknowledged record that nobody can read is never passed by unseen: judging waits until its segment is
        restored or the loss accepted, while observations are still taken."""
        words = f"evaluation stands at record {self.evaluation.judge.next_seq}: {error}"
        if words != self.trouble:
            self.trouble = words
            log.error("%s", words)
        self._stop.wait(HALT_S)
        return False

    def _begin_again(self, error: Exception) -> None:
        """Evaluation anew from snapshot and log, after a pause; the writer goes on meanwhile."""
        self.trouble, self._troubles = f"{type(error).__name__}: {error}", self._troubles + 1
        log.error("evaluation failed and begins again from the log", exc_info=error)
        while not self._stop.wait(min(30.0, 0.25 * 2 ** min(self._troubles, 7))):
            connection.close()
            try:
                self.evaluation = self._evaluation()
                return
            except Exception as again:
                self._troubles += 1
                log.error("evaluation cannot begin again yet", exc_info=again)

    def _renew_packs(self) -> None:
        """Put the packs of the settings in force with the rules of the day, where the log does not say so already.

        Asked again on another day and after a change of the catalogue. Streams that were registered before a pack judged
        them may be in another unit: then what is in force stays so until they are registered anew."""
        head = self._head
        today = packs_in_force.civil_day(self._wall_us(), self._configuration.time_zone)
        if self._trials.changed():
            self._packs, self._renewed = self._trials.in_force(self._settled_packs), None
        if self._renewed == (today, head.version):
            return
        allowed = self._configuration.allow_out_of_date_rules
        enabled = packs_in_force.put_in_force(self._packs, today, allow_out_of_date=allowed)
        shadows = self._trials.running(today, head.streams, allow_out_of_date=allowed)
        if (enabled, shadows) != self._rules_at_head:
            try:
                require_fit(self._packs, head)
                self._memory.require(self._packs, head)
            except Refused as error:
                log.error("packs of the settings are not put in force: %s", error)
            else:
                self._commit.submit(
                    Wish(Entry(RecordKind.RULES, self._now_us(), None, rules_body(enabled, shadows)), self._told)
                )
                self._rules_at_head = (enabled, shadows)
                self._say_out_of_date(today, allowed)
        self._renewed = (today, head.version)

    def _told(self, outcome: int | TocsinError | None) -> None:
        if isinstance(outcome, TocsinError):  # the next step tries again
            log.error("engine: %s", outcome)
            self._rules_at_head, self._renewed = ((), ()), None

    def _say_out_of_date(self, today: date, allowed: bool) -> None:
        for pack in self._packs:
            for rule, why in packs_in_force.out_of_date(pack, today).items():
                log.warning(
                    "rule %s %s on %s: %s", rule, "judges all the same" if allowed else "is left out", today, why
                )

    def _tick(self) -> None:
        moment = self._ticks.due(self._wall_us(), self.evaluation.judge.needs_ticks)
        if moment is not None:
            self._commit.submit(Wish(Entry(RecordKind.TICK, moment), _ignore))

    def _gather(self, wait_s: float) -> list[Record]:
        at = self.evaluation.engine.next_seq
        records = self._tail.take(at, rows=BATCH_ROWS, wait_s=wait_s)
        until = time.monotonic() + BATCH_S
        with suppress(LogDamaged):  # what comes before it is judged first; the next round meets it again
            while records and sum(map(rows_of, records)) < BATCH_ROWS and (left := until - time.monotonic()) > 0:
                records += self._tail.take(records[-1].seq + 1, rows=BATCH_ROWS, wait_s=left)
        return records

    def _saved(self) -> None:
        self._log.drop_before(min(self._shelf.oldest_seq, self._history.rolled_until))

    def health(self) -> dict[str, int | float | str | None]:
        """Figures for `tocsin doctor` and /readyz."""
        now, evaluation = self._wall_us(), self.evaluation
        return {
            "pid": os.getpid(),
            "started_us": self._started_us,
            "opening_s": round(self._opening_s, 3),
            "next_seq": self._tail.end,
            "consumed_seq": evaluation.committed,
            "lag_records": self._tail.end - evaluation.committed,
            "unsettled_records": self._tail.end - evaluation.settled,
            "log_age_s": (now - self._last_record_us) / 1e6 if self._last_record_us else None,
            "tick_age_s": (now - self._ticks.last_us) / 1e6 if self._ticks.last_us else None,
            "snapshot_seq": evaluation.snapshot_seq,
            "streams": len(self._head),
            "rules": len(evaluation.engine.rules),
            "groups": self._commit.groups,
            "requests": self._commit.wishes,
            "transitions": evaluation.transitions,
            "damaged_records": evaluation.judge.damaged_records,
            **self._disk_health(),
            "clock_steps": self._steady.steps if self._steady else 0,
            "clock_doubt_s": round(self._steady.doubt_s, 1) if self._steady else 0.0,
            "failed": str(self._commit.failed) if self._commit.failed else self.trouble or None,
        }

    def _disk_health(self) -> dict[str, int | float | str | None]:
        p50, longest = self._log.sync.milliseconds()
        return {
            "disk_free_bytes": self._space.free,
            "disk_state": self._space.state,
            "fsync_p50_ms": round(p50, 2),
            "fsync_max_ms": round(longest, 2),
            "waiting_bytes": self._commit.waiting_bytes,
            "refused_groups": self._commit.refusals,
            "abandoned_segments": self._log.abandoned,
            "torn_bytes": sum(recovery.dropped_bytes for recovery in self._log.recovered),
            "healed_records": self._reader.healed,
            "snapshots_refused": len(self._shelf.refused),
            "snapshot_s": round(self._keeper.took_s, 3),
            "snapshot_stall_max_ms": round(self._keeper.longest_stall_s * 1e3, 1),
            "snapshot_trouble": self._keeper.trouble or None,
        }


def run(configuration: Configuration) -> int:
    """Serve until SIGTERM or SIGINT; 0 after an orderly stop, 1 when something failed (said on standard error)."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    sys.setswitchinterval(0.001)  # acknowledgements must not wait for a long evaluation to give up the interpreter
    steady = None
    if configuration.clock == "wall":
        steady = SteadyClock(clock.now_us, boot=boot_id(), kept=configuration.home.prepare().run / "clock")
    process = EngineProcess(configuration, steady=steady, stop=stop)
    try:
        process.open()
        while not stop.is_set():
            process.step()
        process.close()
    except TocsinError as error:
        log.error("engine: %s", error)
        return 1
    return 0


def _check_indices(entry: Entry, catalogue: Catalogue) -> None:
    stream = entry.batch.column("stream").to_numpy() if entry.batch is not None else None
    if stream is not None and len(stream) and not 0 <= int(stream.min()) <= int(stream.max()) < len(catalogue):
        raise BadValue("observations", f"stream indices must be 0 to {len(catalogue) - 1}", "read the catalogue again")


def _ignore(outcome: int | TocsinError | None) -> None:
    if isinstance(outcome, TocsinError):
        log.error("engine: %s", outcome)
