"""Our own log as recorded data: the same records through the same judge as when they were live."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from tocsin.app.engine_process import packs_in_force
from tocsin.app.engine_process.log_judge import LogJudge
from tocsin.app.engine_process.snapshots import PackInForce
from tocsin.app.engine_process.whole_log import read_whole_log
from tocsin.app.home import Home
from tocsin.app.replay.dataset import Dataset, Rows
from tocsin.app.replay.layout import Layout, SourceSays
from tocsin.app.replay.report import Check, Score
from tocsin.app.replay.run import Progress, Replayed
from tocsin.app.replay.signals import spans
from tocsin.engine.event_change import EventChange
from tocsin.engine.hazard import Facility
from tocsin.loop.observe.log import History, LogReader
from tocsin.loop.observe.log.quarantine import read_quarantine
from tocsin.loop.observe.log.reader import segments_in
from tocsin.packkit import Pack, builtin_pack_paths, installed_pack_paths, load_pack, require_fit
from tocsin.terms.errors import UnknownName
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Finality, Transition

__all__ = ["home_of_log", "kept_facilities", "replay_log"]

_LAYOUT = Layout(
    name="log", title={"en": "Log of a Tocsin", "zh-hans": "本系统日志"}, observations=(), properties={},
    source=SourceSays("log", "Log", "this deployment"),
)  # fmt: skip
_NO_ROWS = Rows(
    np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_), np.zeros(0, np.int16), ()
)


@dataclass(slots=True)
class _Seen:
    """What the records of a log held and gave."""

    transitions: list[Transition] = field(default_factory=list)
    changes: list[EventChange] = field(default_factory=list)
    rows: int = 0
    first_us: int | None = None
    last_us: int = 0

    def take(self, record: Record) -> None:
        """Count a record's rows."""
        if record.batch is None or not record.batch.num_rows:
            return
        moments = record.batch.column("observed_at").cast("int64")
        ends = pc.min_max(moments).as_py()
        self.rows += record.batch.num_rows
        self.first_us = ends["min"] if self.first_us is None else min(self.first_us, ends["min"])
        self.last_us = max(self.last_us, ends["max"])


def home_of_log(path: Path) -> Home | None:
    """The home to which a folder of segments belongs, or which the folder itself is; None for any other folder."""
    if not path.is_dir():
        return None
    if segments_in(path):
        return Home(path.absolute().parent) if path.name == "log" else Home(path.absolute())
    home = Home(path.absolute())
    return home if segments_in(home.log) or any((home.parquet / "rolled").glob("*.json")) else None


def replay_log(
    path: Path, home: Home, pack: Pack | None = None, *, facilities: Sequence[Facility] = (), progress: Progress | None = None
) -> tuple[Replayed, Score]:  # fmt: skip
    """Judge a log from its first record on, with its own catalogue, rules and ticks, nothing held back at its end.

    With ``pack`` that pack's rules judge all of it instead of those that were in force. Raises UnknownName where a pack
    that was in force is gone, BadUnit where ``pack`` judges streams in another unit."""
    began = time.perf_counter()
    reader = LogReader(path if segments_in(path) else home.log)
    judge = LogJudge(
        (lambda named: _find(named, home.packs)) if pack is None else lambda named: [pack],
        facilities, begin_with=() if pack is None else (pack,),
    )  # fmt: skip
    seen, end = _Seen(), reader.next_seq
    every_pack: dict[tuple[str, str], Pack] = {}
    for record in read_whole_log(History(home.parquet, reader.root), reader, skip_damaged=True):
        transitions, changes = judge.feed(record)
        seen.transitions += transitions
        seen.changes += changes
        seen.take(record)
        every_pack |= {(loaded.name, loaded.sha): loaded for loaded in judge.loaded}
        if pack is not None and record.kind is RecordKind.CATALOGUE:
            require_fit([pack], judge.engine.catalogue)
        if progress is not None and record.seq % 256 == 0:
            progress("records", record.seq, end)
    run = _replayed(path, home, judge, seen, tuple(every_pack.values()))
    run.seconds["reading and judging"] = time.perf_counter() - began
    return run, _score(reader, judge, run, facilities, own_rules=pack is None)


def kept_facilities(home: Home) -> list[Facility]:
    """The facilities in a home's database, as it holds them now; none without a database."""
    os.environ["TOCSIN_HOME"] = str(home.root)
    from tocsin.app.commands.django_ready import configured, django_ready

    if not configured().database and not home.database.exists():
        return []
    django_ready()
    from tocsin.records.org.scope import EVERYWHERE
    from tocsin.records.places.queries import facilities

    return facilities(EVERYWHERE)


def _find(named: Sequence[PackInForce], kept: Path) -> list[Pack]:
    return [_find_one(pack, kept) for pack in named]


def _find_one(pack: PackInForce, kept: Path) -> Pack:
    if (kept / pack.sha / pack.name).is_dir():
        return packs_in_force.load([pack], kept)[0]
    for folder in (*installed_pack_paths(), *builtin_pack_paths()):
        if folder.name == pack.name and (found := load_pack(folder)).sha == pack.sha:
            return replace(found, rules=tuple(rule for rule in found.rules if rule.name not in pack.left_out))
    rule = f"was in force in this log, but is neither kept under {kept} nor installed"
    raise UnknownName(f"pack {pack.name} {pack.sha[:12]}", rule, "restore it, or try another pack's rules with --pack")


def _replayed(path: Path, home: Home, judge: LogJudge, seen: _Seen, packs: tuple[Pack, ...]) -> Replayed:
    refused, _ = read_quarantine(home.quarantine, None)
    counters = judge.engine.counters
    final = [t for t in seen.transitions if t.finality is Finality.FINAL]
    events = {change.event.id: change.event for change in seen.changes}
    return Replayed(
        dataset=Dataset(path, _LAYOUT, judge.engine.catalogue, _NO_ROWS),
        packs=packs,
        transitions=tuple(final),
        signals=tuple(spans(final)),
        said=tuple(t for t in seen.transitions if t.finality is Finality.PROVISIONAL),
        changes=tuple(seen.changes),
        events=tuple(sorted(events.values(), key=lambda e: (e.began_us, e.id))),
        counts={
            "rows": seen.rows + refused.num_rows,
            "taken": int(counters.accepted.sum()),
            "missing": int(counters.missing.sum()),
            "refused": refused.num_rows,
            "late": int(counters.late.sum()),
            "duplicate": int(counters.duplicate.sum()),
        },
        refused=refused,
        began_us=seen.first_us or 0,
        ended_us=seen.last_us,
    )


def _score(
    reader: LogReader, judge: LogJudge, run: Replayed, facilities: Sequence[Facility], *, own_rules: bool
) -> Score:
    names = ", ".join(f"{pack.name} {pack.version} ({pack.sha[:12]})" for pack in run.packs) or "none"
    rules = (
        "The log's own rules judged, as they were in force" if own_rules else "One pack's rules judged all of the log"
    )
    left_out = sorted({rule for pack in judge.packs for rule in pack.left_out}) if own_rules else []
    sentences = [f"{rules}: {names}. Nothing was held back or finished at the end: what is open is open."]
    if left_out:
        sentences.append(f"Out of date at the end, and so left out: {', '.join(left_out)}.")
    sentences.append(
        f"Facilities are not in the log: {len(facilities)} were taken from the database as it is now."
        if facilities
        else "Facilities are not in the log and no database held any: no consequence at a facility was proposed."
    )
    lost = judge.damaged_records + max(0, reader.next_seq - judge.next_seq)
    figures = f"{judge.next_seq - judge.damaged_records:,} records judged, {lost:,} damaged or gone"
    return Score(checks=[Check("the log is whole", not lost, figures)], sentences=sentences)
