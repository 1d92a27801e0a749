"""Refused rows are kept as sent and read back."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tests.unit.observe_log.conftest import START_US

from tocsin.formats.refused import REFUSED
from tocsin.loop.observe.log import Quarantine
from tocsin.loop.observe.log.quarantine import read_quarantine
from tocsin.loop.observe.log.reader import segments_in
from tocsin.terms.errors import BadForm

DAY_US = 86_400_000_000


def refused(stream: str, at_us: int) -> pa.Table:
    row = {"received_at": at_us, "source": "met", "row": 7, "stream": stream, "observed_at": "soon", "value": "wet",
           "code": "bad_value", "rule": "no number", "remedy": "send a number"}  # fmt: skip
    return pa.Table.from_pylist([row], REFUSED)


def test_rows_come_back_as_sent_and_by_time(tmp_path):
    with Quarantine.open(tmp_path / "q") as quarantine:
        for day in range(3):
            quarantine.append(pa.concat_tables([refused(f"g{day}", START_US + day * DAY_US)] * 2))
        quarantine.append(REFUSED.empty_table())
    with Quarantine.open(tmp_path / "q") as quarantine:
        quarantine.append(refused("g2b", START_US + 2 * DAY_US + 1))
        quarantine.append(refused("g3", START_US + 3 * DAY_US))
        assert quarantine.read()["stream"].to_pylist() == ["g0", "g0", "g1", "g1", "g2", "g2", "g2b", "g3"]
        since = START_US + 2 * DAY_US + 1
        assert quarantine.read(since_us=since).to_pylist() == [
            *refused("g2b", since).to_pylist(),
            *refused("g3", START_US + 3 * DAY_US).to_pylist(),
        ]
        table, damaged = read_quarantine(tmp_path / "q", since)  # a reader beside it
        assert (table.num_rows, damaged) == (2, [])
    assert len(segments_in(tmp_path / "q")) == 4  # one file a day


def test_other_columns_are_refused(tmp_path):
    with Quarantine.open(tmp_path / "q") as quarantine, pytest.raises(BadForm):
        quarantine.append(pa.table({"stream": ["g"]}))


def test_no_quarantine_yet_reads_as_none(tmp_path):
    assert read_quarantine(tmp_path / "absent") == (REFUSED.empty_table(), [])
