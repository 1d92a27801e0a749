"""Snapshots: the newest valid one is used; torn, changed and foreign ones are refused and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.app.engine_process.shadows import rules_body
from tocsin.app.engine_process.snapshots import (
    PackInForce,
    Snapshot,
    SnapshotShelf,
    packs_of,
    read_snapshot,
)
from tocsin.terms.errors import Damaged

PACKS = (PackInForce("natural_hazards", "1", "ab12"),)


def a_snapshot(seq: int) -> Snapshot:
    return Snapshot(seq, PACKS, b"engine" * seq, b"grouper")


@pytest.fixture
def shelf(tmp_path: Path) -> SnapshotShelf:
    return SnapshotShelf(tmp_path)


def test_what_was_written_is_read(shelf: SnapshotShelf) -> None:
    shelf.write(a_snapshot(7))
    assert list(shelf.usable(at_most=7)) == [a_snapshot(7)]
    assert shelf.refused == []


def test_the_newest_comes_first_and_two_are_kept(shelf: SnapshotShelf, tmp_path: Path) -> None:
    for seq in (1, 9, 30):
        shelf.write(a_snapshot(seq))
    assert [snapshot.seq for snapshot in shelf.usable(at_most=100)] == [30, 9]
    assert shelf.oldest_seq == 9
    assert len(list(tmp_path.iterdir())) == 2


def test_a_snapshot_ahead_of_the_database_is_foreign(shelf: SnapshotShelf) -> None:
    shelf.write(a_snapshot(5))
    shelf.write(a_snapshot(9))
    assert [snapshot.seq for snapshot in shelf.usable(at_most=8)] == [5]
    assert "ahead of the database" in shelf.refused[0]


@pytest.mark.parametrize("cut", [0, 4, 12, 43, 60, -1])
def test_a_torn_snapshot_is_refused_and_the_one_before_it_used(shelf: SnapshotShelf, cut: int) -> None:
    shelf.write(a_snapshot(5))
    newest = shelf.write(a_snapshot(9))
    newest.write_bytes(newest.read_bytes()[:cut])
    assert [snapshot.seq for snapshot in shelf.usable(at_most=9)] == [5]
    assert newest.name in shelf.refused[0]


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    path = SnapshotShelf(tmp_path).write(a_snapshot(2))
    sound = path.read_bytes()
    for place in range(len(sound)):
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        with pytest.raises(Damaged):
            read_snapshot(path)


def test_a_half_written_one_has_no_name_yet(shelf: SnapshotShelf, tmp_path: Path) -> None:
    (tmp_path / "00000000000000000009.tmp").write_bytes(b"TOCSNAP1")
    assert list(shelf.usable(at_most=99)) == []


def test_with_one_snapshot_all_of_the_log_is_needed(shelf: SnapshotShelf) -> None:
    assert shelf.oldest_seq == 0
    shelf.write(a_snapshot(5))
    assert shelf.oldest_seq == 0


def test_packs_survive_a_record() -> None:
    assert packs_of(rules_body(PACKS)) == PACKS
