"""Times as CAP writes them, and the many ways in which others do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.cap import strict_time, write_time
from tocsin.formats.cap.times import read_time
from tocsin.terms.errors import BadTime

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=ZONES).filter(lambda x: 1 < x.year < 9999).map(lambda x: x.replace(microsecond=0))


@given(MOMENTS)
def test_what_is_written_is_read_back(moment):
    text = write_time(moment)
    assert strict_time(text) == moment
    assert read_time(text)[1:] == ("", "")
    assert len(text) == 25
    assert not text.endswith(("Z", "+00:00"))


@pytest.mark.parametrize(
    ("text", "rule", "moment"),
    [
        ("2025-07-20T14:35:00+08:00", "", datetime(2025, 7, 20, 6, 35, tzinfo=UTC)),
        ("  2025-07-20T06:35:00-00:00\n", "", datetime(2025, 7, 20, 6, 35, tzinfo=UTC)),
        ("2025-07-20T06:35:00+00:00", "R6", datetime(2025, 7, 20, 6, 35, tzinfo=UTC)),
        ("2025-07-20T24:00:00+08:00", "", datetime(2025, 7, 20, 16, tzinfo=UTC)),
        ("2025-12-31T24:00:00-00:00", "", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2025-07-20T06:35:00Z", "R5", datetime(2025, 7, 20, 6, 35, tzinfo=UTC)),
        ("2025-07-20t06:35:00z", "R5", datetime(2025, 7, 20, 6, 35, tzinfo=UTC)),
        ("2025-07-20T06:35:00.25Z", "R5", datetime(2025, 7, 20, 6, 35, 0, 250000, tzinfo=UTC)),
        ("2025-07-20 14:35:00+08:00", "R5", datetime(2025, 7, 20, 6, 35, tzinfo=UTC)),
        ("2025-07-20T14:35+0800", "R5", datetime(2025, 7, 20, 6, 35, tzinfo=UTC)),
        ("2025-07-20T14:35:00", "R5", None),
        ("20.7.2025 14:35", "R5", None),
        ("", "R5", None),
        ("2025-02-31T14:35:00+08:00", "R7", None),
        ("2025-07-20T14:35:60+08:00", "R7", None),
        ("2025-07-20T24:00:01+08:00", "R7", None),
        ("2025-07-20T14:35:00+14:01", "R7", None),
        ("2025-07-20T14:35:00+05:60", "R7", None),
        ("2025-07-20T14:35:00,08:00", "R7", None),
        ("9999-12-31T24:00:00-00:00", "R7", None),
        ("２０２５-07-20T14:35:00+08:00", "R5", None),
    ],
)
def test_reading_names_the_defect(text, rule, moment):
    read, broken, what = read_time(text)
    assert (read, broken) == (moment, rule)
    assert bool(what) == bool(rule)


@given(st.text(max_size=40))
def test_no_text_is_a_surprise(text):
    moment, rule, _ = read_time(text)
    assert moment is not None or rule in ("R5", "R7")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2025, 7, 20),  # noqa: DTZ001 without zone on purpose
        datetime(2025, 7, 20, microsecond=1, tzinfo=UTC),
        datetime(2025, 7, 20, tzinfo=timezone(timedelta(seconds=30))),
        datetime(2025, 7, 20, tzinfo=timezone(timedelta(hours=15))),
    ],
)
def test_what_cap_cannot_write_is_refused(moment):
    with pytest.raises(BadTime):
        write_time(moment)


@pytest.mark.parametrize("text", ["2025-07-20T06:35:00Z", "2025-07-20T14:35:00", "2025-02-31T14:35:00+08:00"])
def test_the_strict_form_alone_is_strict(text):
    with pytest.raises(BadTime):
        strict_time(text)
