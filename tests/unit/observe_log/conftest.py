"""Builders for log tests."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tocsin.formats.arrow import OBSERVATIONS
from tocsin.loop.observe.log import Entry
from tocsin.terms.record import RecordKind

START_US = 1_760_000_000_000_000
_MOMENT = pa.timestamp("us", tz="UTC")


def observations(count: int, first: int = 0, at_us: int = START_US) -> pa.RecordBatch:
    """A batch of ``count`` rows whose values count up from ``first``."""
    values = np.arange(first, first + count, dtype=np.float64)
    moments = pa.array(np.full(count, at_us)).cast(_MOMENT)
    return pa.RecordBatch.from_arrays(
        [pa.array(np.arange(count, dtype=np.int32)), moments, pa.array(values), pa.array(np.zeros(count, np.uint8)),
         moments, pa.nulls(count, _MOMENT)],
        schema=OBSERVATIONS,
    )  # fmt: skip


def entry(number: int, at_us: int | None = None) -> Entry:
    """Entry ``number``: two of three carry rows, the third a body."""
    at_us = START_US + number if at_us is None else at_us
    if number % 3 == 2:
        return Entry(RecordKind.CATALOGUE, at_us, body=b'{"n":%d}' % number)
    return Entry(RecordKind.OBSERVATIONS, at_us, observations(number % 4 + 1, first=number, at_us=at_us))


def same(record, expected: Entry) -> bool:
    """The record holds what the entry held."""
    if (record.kind, record.at_us, record.body) != (expected.kind, expected.at_us, expected.body):
        return False
    return record.batch == expected.batch if expected.batch is None else record.batch.equals(expected.batch)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "log"
