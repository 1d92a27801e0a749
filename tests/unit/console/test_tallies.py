"""Tallies go from the engine's counters to pages and back whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tocsin.engine.operators.ordering import NEVER
from tocsin.engine.runner import Counters
from tocsin.loop.observe.tallies import NAME, read_tallies, write_tallies

COUNTERS = Counters(
    accepted=np.array([5, 0]), late=np.array([1, 0]), duplicate=np.array([2, 0]), missing=np.array([0, 3]),
    newest_us=np.array([1_700_000_000_000_000, NEVER]),
)  # fmt: skip


def test_what_was_written_is_read(tmp_path: Path):
    assert read_tallies(tmp_path) is None
    write_tallies(tmp_path, COUNTERS, at_us=7)
    tallies = read_tallies(tmp_path)
    assert tallies is not None
    assert (tallies.at_us, tallies.newest) == (7, 1_700_000_000_000_000)
    assert [tallies.accepted.tolist(), tallies.late.tolist(), tallies.duplicate.tolist(), tallies.missing.tolist()] == [
        [5, 0], [1, 0], [2, 0], [0, 3],
    ]  # fmt: skip
    assert tallies.heard().tolist() == [True, False]
    assert [tallies.newest_of(0), tallies.newest_of(1)] == [1_700_000_000_000_000, None]


def test_a_later_writing_replaces_the_earlier_and_leaves_nothing_else(tmp_path: Path):
    for at_us in (1, 2):
        write_tallies(tmp_path, COUNTERS, at_us=at_us)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    tallies = read_tallies(tmp_path)
    assert tallies is not None
    assert tallies.at_us == 2


def test_an_engine_without_streams(tmp_path: Path):
    none = np.array([], np.int64)
    write_tallies(tmp_path, Counters(none, none, none, none, none), at_us=1)
    tallies = read_tallies(tmp_path)
    assert tallies is not None
    assert tallies.newest is None
