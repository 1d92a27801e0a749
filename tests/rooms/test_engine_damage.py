"""A damaged acknowledged record stops evaluation in words, never silently; history or an accepted loss lets it go on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.rooms.test_engine_recovery import Engine
from tests.rooms.test_engine_recovery import start as start_fixture
from tocsin.app.cli import main
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.loop.detect import queries
from tocsin.loop.observe.log import History, LogReader
from tocsin.loop.observe.log.reader import Segment, segment_path
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.record import RecordKind

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[[], Engine]
start = start_fixture


def spoil(home: Path, seq: int) -> None:
    """Flip one bit in the body of a record."""
    path = segment_path(home / "log", 0)
    segment = Segment(path, OBSERVATIONS)
    frame = next(item for item in segment.frames(segment.start, 0, None) if item.seq == seq)
    content = bytearray(path.read_bytes())
    content[frame.offset + 64 + 10] ^= 4
    path.write_bytes(content)


def ask(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, dict[str, object]]:
    monkeypatch.setenv("TOCSIN_HOME", str(home))
    done = CliRunner().invoke(main, [*arguments, "--json"])
    return done.exit_code, json.loads(done.output)


def rained(home: Path) -> list[int]:
    """Seqs of the records with observations."""
    return [r.seq for r in LogReader(home / "log").read(skip_damaged=True) if r.kind is RecordKind.OBSERVATIONS]


def prepared(start: Start) -> tuple[Path, list[int]]:
    """Three hours of rain in the log, no snapshot, the second hour's record damaged while nothing runs."""
    engine = start()
    for hour, amount in enumerate((60.0, 70.0, 0.0)):
        engine.rain(hour, amount)
        engine.settle()
    home = engine.home
    engine.stop()
    for path in (home / "snapshots").iterdir():
        path.unlink()
    return home, rained(home)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    from tocsin.app.engine_process import process

    monkeypatch.setattr(process, "HALT_S", 0.01)


def test_evaluation_stands_at_a_damaged_record_until_the_loss_is_accepted(
    start: Start,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, seqs = prepared(start)
    spoil(home, seqs[1])
    again = start()
    for _ in range(5):
        again.process.step(0.01)
    health = again.process.health()
    assert f"evaluation stands at record {seqs[1]}" in str(health["failed"])
    assert "tocsin log repair --accept-loss" in str(health["failed"])
    assert again.process.evaluation.judge.next_seq == seqs[1]  # what came before it was judged, nothing after it
    taken = again.rain(3, 5.0)  # observations are still taken meanwhile
    assert taken is not None
    code, said = ask(home, monkeypatch, "log", "repair")
    assert (code, len(said["damaged"])) == (1, 1)
    code, said = ask(home, monkeypatch, "log", "repair", "--accept-loss")
    assert code == 0
    assert [(item["seq"], item["until"]) for item in said["accepted_now"]] == [(seqs[1], seqs[1] + 1)]
    until = time.monotonic() + 20
    while again.process.evaluation.judge.next_seq <= taken:
        again.process.step(0.01)
        assert time.monotonic() < until, again.process.trouble
    assert again.process.health()["failed"] is None
    assert again.process.health()["damaged_records"] == 1
    (line,) = ledger.chain("log")
    assert (line.verb, line.body["seq"], line.body["until"]) == ("log_loss_accepted", seqs[1], seqs[1] + 1)
    code, said = ask(home, monkeypatch, "log", "verify")
    assert (code, len(said["accepted_losses"])) == (0, 1)


def test_what_history_holds_whole_is_read_from_there(
    start: Start, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, seqs = prepared(start)
    engine = start()
    engine.process._log.seal()
    engine.stop()
    assert History(home / "parquet", home / "log").roll()
    for path in (home / "snapshots").iterdir():
        path.unlink()
    spoil(home, seqs[1])
    again = start()
    again.rain(3, 1.0)
    again.settle()
    assert again.process.health()["failed"] is None
    assert again.process.health()["healed_records"] == 1
    assert [line.peak for line in queries.signals(EVERYWHERE) if not line.quality] == [4]
    code, said = ask(home, monkeypatch, "log", "repair")
    assert (code, said["damaged"], said["whole_in_history"]) == (0, [], 1)


def test_damage_that_a_snapshot_covers_stops_nothing(start: Start, quick: None) -> None:
    engine = start()
    engine.rain(0, 60.0)
    engine.settle()
    engine.process.evaluation.save()
    home = engine.home
    engine.stop()
    spoil(home, rained(home)[0])
    again = start()
    again.rain(1, 1.0)
    again.settle()
    assert again.process.health()["failed"] is None


def test_a_full_disk_leaves_the_snapshots_before_and_evaluation_goes_on(
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = start()
    engine.rain(0, 60.0)
    engine.settle()
    engine.process.evaluation.save()
    before = engine.process.evaluation.snapshot_seq

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    engine.rain(1, 1.0)
    engine.settle()
    from tocsin.app.engine_process import snapshots

    with monkeypatch.context() as patch:
        patch.setattr(snapshots.os, "fsync", full)  # the child is forked with it
        engine.process._keeper._due = 0.0
        engine.process.step(0.01)
        patch.undo()
        until = time.monotonic() + 20
        while not engine.process._keeper.trouble:
            engine.process.step(0.01)
            assert time.monotonic() < until
    assert "No space left" in engine.process._keeper.trouble
    assert not engine.process.trouble
    assert engine.process.evaluation.snapshot_seq == before
    assert [path.suffix for path in (engine.home / "snapshots").iterdir()] == [".snapshot"] * len(
        list((engine.home / "snapshots").iterdir())
    )
    engine.process._keeper._due = 0.0
    engine.rain(2, 1.0)
    until = time.monotonic() + 20
    while engine.process.evaluation.snapshot_seq == before:
        engine.process.step(0.01)
        assert time.monotonic() < until
    assert not engine.process._keeper.trouble
