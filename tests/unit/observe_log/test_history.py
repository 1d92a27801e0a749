"""Rolling keeps every record, survives a crash anywhere, and a query counts no row twice."""

from __future__ import annotations

import pytest
from tests.unit.observe_log.conftest import START_US, entry, same

from tocsin.loop.observe.log import Entry, History, SegmentLog
from tocsin.loop.observe.log import history as history_module
from tocsin.loop.observe.log.reader import segment_path, segments_in
from tocsin.terms.errors import BadForm, Refused, Unavailable
from tocsin.terms.record import RecordKind
from tocsin.terms.stream import Catalogue, Source, Stream

DAY_US = 86_400_000_000
COUNT = 24


@pytest.fixture
def log(root):
    """24 records over three days in several segments; the newest is open."""
    with SegmentLog.open(root, segment_bytes=2500) as log:
        for number in range(COUNT):
            log.append([entry(number, START_US + number * DAY_US // 8)])
        yield log


def totals(history):
    (row,) = history.query(
        "SELECT count(*) AS rows, sum(value) AS total, count(DISTINCT seq) AS records FROM observations"
    ).to_pylist()
    other = history.query("SELECT seq FROM records ORDER BY seq")["seq"].to_pylist()
    return row, other


def expected():
    batches = [entry(number).batch for number in range(COUNT) if entry(number).batch is not None]
    values = [value for batch in batches for value in batch["value"].to_pylist()]
    row = {"rows": len(values), "total": sum(values), "records": len(batches)}
    return row, [number for number in range(COUNT) if entry(number).batch is None]


def test_the_same_answer_before_between_and_after_rolling(tmp_path, root, log):
    history = History(tmp_path / "parquet", root)
    assert totals(history) == expected()
    sealed = len(segments_in(root)) - 1
    assert sealed >= 3
    assert len(history.roll()) == sealed
    assert totals(history) == expected()
    assert history.roll() == []
    log.drop_before(history.rolled_until)
    assert len(segments_in(root)) == 1
    assert totals(history) == expected()
    log.seal()
    assert len(history.roll()) == 1
    assert history.rolled_until == COUNT
    assert totals(history) == expected()
    days = {path.parent.name for path in (tmp_path / "parquet").rglob("*.parquet")}
    assert days == {"day=2025-10-09", "day=2025-10-10", "day=2025-10-11", "day=2025-10-12"}


def test_records_come_back_from_parquet_as_they_were(tmp_path, root, log):
    log.append([Entry(RecordKind.OBSERVATIONS, START_US, entry(0).batch.slice(0, 0))])
    log.seal()
    history = History(tmp_path / "parquet", root)
    history.roll()
    records = list(history.read())
    assert [record.seq for record in records] == list(range(COUNT + 1))
    assert all(same(record, entry(record.seq, record.at_us)) for record in records[:COUNT])
    assert records[COUNT].batch.num_rows == 0
    assert [record.seq for record in history.read(20)] == list(range(20, COUNT + 1))


def test_a_crash_at_any_write_of_a_roll_counts_nothing_twice(tmp_path, root, log, monkeypatch):
    log.seal()
    write = history_module._replace
    for survive in range(40):
        history = History(tmp_path / f"parquet{survive}", root)
        calls = 0

        def dying(path, data, limit=survive):
            nonlocal calls
            calls += 1
            if calls > limit:
                raise KeyboardInterrupt
            write(path, data)

        monkeypatch.setattr(history_module, "_replace", dying)
        try:
            history.roll()
        except KeyboardInterrupt:
            assert totals(history) == expected()
            monkeypatch.setattr(history_module, "_replace", write)
            history.roll()
            assert totals(history) == expected()
            assert history.rolled_until == COUNT
        else:
            assert survive > 4
            return
    pytest.fail("the roll never ended")


def test_damage_is_noted_and_the_rest_is_rolled(tmp_path, root, log):
    path = segment_path(root, segments_in(root)[1])
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    history = History(tmp_path / "parquet", root)
    lost = [note.lost for note in history.roll() if note.lost]
    assert len(lost) == 1
    ((seq, until),) = lost[0]
    assert until == seq + 1
    assert [record.seq for record in history.read()] == [n for n in range(history.rolled_until) if n != seq]


def test_streams_are_known_by_name(tmp_path, root, log):
    catalogue = Catalogue(
        [Source("met", "Met", "met")], [Stream(f"g{i}", "met", f"g{i}", "rain", "mm") for i in range(4)]
    )
    sql = "SELECT id, count(*) AS n FROM observations JOIN streams USING (stream) GROUP BY id ORDER BY id LIMIT 1"
    assert History(tmp_path / "parquet", root).query(sql, catalogue).to_pylist() == [{"id": "g0", "n": 16}]


@pytest.mark.parametrize(
    "sql",
    ["COPY (SELECT 1) TO '/tmp/never.csv'", "SELECT 1; SELECT 2", "DROP VIEW rows", "SET memory_limit = '8GB'", "",
     "ATTACH '/tmp/never.db'", "INSTALL httpfs"],
)  # fmt: skip
def test_only_a_select_is_taken(tmp_path, root, log, sql):
    with pytest.raises(Refused, match="single SELECT"):
        History(tmp_path / "parquet", root).query(sql)


@pytest.mark.parametrize("sql", ["SELECT * FROM read_text('/etc/hostname')", "SELECT * FROM nowhere", "SELEC 1"])
def test_nothing_else_can_be_read(tmp_path, root, log, sql):
    with pytest.raises(BadForm, match="query"):
        History(tmp_path / "parquet", root).query(sql)


def test_memory_is_limited(tmp_path, root, log):
    small = History(tmp_path / "parquet", root, memory_limit="16MB")
    with pytest.raises(Unavailable, match="more memory"):
        small.query("SELECT list(a.range || b.range::VARCHAR) FROM range(3000) a, range(3000) b")


def test_an_empty_log_has_an_empty_history(tmp_path):
    history = History(tmp_path / "parquet", tmp_path / "log")
    assert history.roll() == []
    assert history.query("SELECT * FROM observations").num_rows == 0
