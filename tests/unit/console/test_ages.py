"""Ages and absolute times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tocsin.doors.console.ages import absolute, age_words
from tocsin.terms.moment import to_us

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (59.9, "59 s", "59 秒"),
        (60, "1 min", "1 分钟"),
        (3599, "59 min", "59 分钟"),
        (3600, "1 h", "1 小时"),
        (172_799, "47 h", "47 小时"),
        (172_800, "2 d", "2 天"),
        (-90, "in 1 min", "1 分钟后"),
        (-0.5, "0 s", "0 秒"),
    ],
)
def test_ages(seconds: float, english: str, chinese: str):
    with translation.override("en"):
        assert age_words(seconds) == english
    with translation.override("zh-hans"):
        assert age_words(seconds) == chinese


@given(st.floats(min_value=0, max_value=1e9))
def test_an_older_moment_never_reads_younger(seconds: float):
    def size(text: str) -> int:
        number, unit = text.split()
        return int(number) * {"s": 1, "min": 60, "h": 3600, "d": 86_400}[unit]

    with translation.override("en"):
        assert size(age_words(seconds)) <= seconds
        assert size(age_words(seconds)) <= size(age_words(seconds * 2 + 1))


def test_absolute_says_the_offset_and_a_foreign_year():
    now = to_us(datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert absolute(to_us(datetime(2026, 11, 21, 19, 41, tzinfo=UTC)), SHANGHAI, now) == "11-22 03:41 +08:00"
    assert absolute(to_us(datetime(2013, 1, 12, 0, 0, tzinfo=UTC)), SHANGHAI, now) == "2013-01-12 08:00 +08:00"
    # New Year's Eve in UTC is already next year in Shanghai: the reader's year counts
    eve = to_us(datetime(2025, 12, 31, 20, 0, tzinfo=UTC))
    assert absolute(eve, SHANGHAI, now) == "01-01 04:00 +08:00"
    assert absolute(eve, UTC, now) == "2025-12-31 20:00 +00:00"
