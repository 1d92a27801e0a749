"""The driver: any number of shards, rolled or not, gives what one engine over the whole log gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.app.backtest.conftest import BEGAN, MINUTE, rules, write_home

from tocsin.app.backtest import driver
from tocsin.app.backtest.judged import Judged, Levels, joined
from tocsin.app.backtest.shards import shard_of_streams
from tocsin.app.engine_process.whole_log import read_whole_log
from tocsin.app.home import Home
from tocsin.app.replay.row_groups import ahead, history_chunks
from tocsin.engine.runner import Engine
from tocsin.engine.ticks import with_ticks
from tocsin.loop.observe.log import History, LogReader
from tocsin.terms.errors import Damaged
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.stream import Catalogue, Stream

RULES = rules()
HOUR = 60 * MINUTE


def plain(home: Home) -> dict[str, list[tuple[str, int, int, int]]]:
    """The twin: every record of the log in order through one engine, with an hourly tick; (subject, at, onset, rank)."""
    records = (r for r in read_whole_log(History(home.parquet, home.log), LogReader(home.log))
               if r.kind in (RecordKind.OBSERVATIONS, RecordKind.CATALOGUE))  # fmt: skip
    engine, newest, out = Engine(RULES), 0, []
    for record in with_ticks(records, HOUR):
        if record.batch is not None and record.batch.num_rows:
            newest = max(newest, record.batch.column("observed_at").cast("int64").to_numpy().max())
        out += engine.feed(record)
    out += engine.feed(Record(engine.next_seq, RecordKind.TICK, int(newest)))
    out += engine.finish(int(newest))
    found: dict[str, list[tuple[str, int, int, int]]] = {}
    for t in out:
        found.setdefault(t.rule, []).append((t.subject.key, t.at_us, t.onset_us, t.level))
    return {rule: sorted(rows) for rule, rows in found.items()}


def readable(levels: dict[str, Levels]) -> dict[str, list[tuple[str, int, int, int]]]:
    return {
        rule: sorted((found.keys[s], a, o, r) for s, a, o, r in
                     zip(*(getattr(found, name).tolist() for name in ("subject", "at", "onset", "rank")), strict=True))
        for rule, found in levels.items()
    }  # fmt: skip


def in_shards(home: Home, count: int) -> dict[str, Levels]:
    """As ``sharded`` does, in this process."""
    history = History(home.parquet, home.log)
    versions, _ = driver._catalogue(history_chunks(history, catalogue_only=True))
    shard = shard_of_streams(versions, RULES, count)
    return joined(driver.judge_chunks(history_chunks(history), RULES, shard == n).levels for n in range(count))


@given(seed=st.integers(0, 2**20), count=st.integers(1, 4), roll=st.booleans())
@settings(max_examples=15, deadline=None)
def test_any_number_of_shards_says_what_one_engine_over_the_whole_log_says(tmp_path_factory, seed, count, roll):
    home = write_home(tmp_path_factory.mktemp("home"), seed, roll=roll)
    expected = plain(home)
    assert set(expected) == {rule.name for rule in RULES}  # every kind of rule spoke
    assert readable(in_shards(home, count)) == expected


def test_real_processes_give_the_columns_of_one(tmp_path, monkeypatch):
    home = write_home(tmp_path, 7)
    monkeypatch.setattr(driver, "require_fit", lambda packs, streams: None)
    pack = type("P", (), {"name": "p", "rules": tuple(RULES), "scheme": CHINA_FOUR_COLOUR})()
    one, two = (driver.judge_history(home, pack, shards=n) for n in (1, 2))
    assert set(one.levels) == set(two.levels)
    for name, levels in one.levels.items():
        assert levels.keys == two.levels[name].keys
        for column in ("subject", "at", "onset", "rank"):
            np.testing.assert_array_equal(getattr(levels, column), getattr(two.levels[name], column))
    assert one.counts == two.counts
    assert sum(two.shards) == one.shards[0] > 0
    assert min(two.shards) > 0  # both had work


def test_streams_that_a_rule_joins_lie_in_one_shard():
    streams = [
        [Stream(f"f{n}/{p}", "s", f"f{n}", p, "m", cell=f"c{n % 5}")] for n in range(20) for p in ("level", "flow")
    ]
    shard = shard_of_streams(streams, RULES, 2)
    by = {}
    for (stream,), where in zip(streams, shard.tolist(), strict=True):
        by.setdefault(stream.feature, set()).add(where)
        if stream.property == "level":
            by.setdefault(stream.cell, set()).add(where)
    assert all(len(places) == 1 for places in by.values())
    assert set(shard.tolist()) == {0, 1}


def test_without_rules_that_join_the_shards_are_even():
    streams = [[Stream(f"s{n}", "s", f"s{n}", "level", "m")] for n in range(101)]
    shard = shard_of_streams(streams, [rule for rule in RULES if rule.name in ("p/stream", "p/silent")], 2)
    assert abs(int((shard == 0).sum()) - int((shard == 1).sum())) == 1


def test_a_damaged_file_is_named(tmp_path):
    home = write_home(tmp_path, 3)
    path = next((home.parquet / "rows").rglob("*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 2] = b"\0" * (len(data) // 2 - len(data) // 3)
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(Damaged, match=path.name):
        list(history_chunks(History(home.parquet, home.log)))


def test_reading_ahead_keeps_order_and_passes_errors_on():
    assert list(ahead((lambda n=n: n) for n in range(10))) == list(range(10))

    def fail():
        raise Damaged("file", "torn", "restore it")

    with pytest.raises(Damaged):
        list(ahead([fail]))


steps = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(0, 3)), max_size=24)


def judged_of(rows: list[tuple[str, int, int]]) -> tuple[Levels, dict[str, list[tuple[int, int]]]]:
    """Levels from (subject, minutes after the one before, rank), and per subject its rank over time."""
    at, onset, parts = {"a": 0, "b": 0}, {"a": -1, "b": -1}, []
    course: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
    for subject, later, rank in rows:
        if (course[subject][-1][1] if course[subject] else 0) == rank:
            continue
        at[subject] += later + 1
        if not course[subject] or course[subject][-1][1] == 0:
            onset[subject] = at[subject]
        course[subject].append((at[subject], rank))
        parts.append((subject, at[subject], onset[subject], rank))
    keys = tuple(sorted({p[0] for p in parts}))
    columns = [np.array([keys.index(p[0]) for p in parts], np.int64)] + [
        np.array([p[n] for p in parts], np.int64) for n in (1, 2, 3)
    ]
    return joined([{"r": Levels(keys, *columns)}])["r"], course


def rank_at(course: list[tuple[int, int]], moment: int) -> int:
    return next((rank for at, rank in reversed(course) if at <= moment), 0)


@given(steps, st.integers(1, 3))
@settings(deadline=None)
def test_stretches_cover_just_the_moments_at_or_above_the_level(rows, rank):
    levels, course = judged_of(rows)
    end = 1000
    subject, start, stop, top = levels.stretches(rank, end)
    for moment in range(0, 999, 1):
        inside = {
            levels.keys[s]
            for s, a, b in zip(subject.tolist(), start.tolist(), stop.tolist(), strict=True)
            if a <= moment < b
        }
        assert inside == {key for key, steps_ in course.items() if rank_at(steps_, moment) >= rank}
    for s, a, b, t in zip(subject.tolist(), start.tolist(), stop.tolist(), top.tolist(), strict=True):
        assert t == max(rank_at(course[levels.keys[s]], moment) for moment in range(a, min(b, 999)))


@given(steps, st.integers(0, 200), st.integers(1, 200))
@settings(deadline=None)
def test_a_cut_says_the_same_inside_and_nothing_outside(rows, first, length):
    levels, course = judged_of(rows)
    whole = Judged("p", (), CHINA_FOUR_COLOUR, Catalogue(), {"r": levels}, BEGAN * 0, 1000, {})
    part = whole.cut(first, first + length)
    subject, start, stop, _ = part.levels["r"].stretches(1, part.ended_us)
    for moment in range(0, 420):
        inside = {
            levels.keys[s]
            for s, a, b in zip(subject.tolist(), start.tolist(), stop.tolist(), strict=True)
            if a <= moment < b
        }
        wanted = {key for key, steps_ in course.items() if rank_at(steps_, moment) >= 1}
        assert inside == (wanted if first <= moment < first + length else set())
