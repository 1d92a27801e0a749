"""Evidence as a duty officer reads it."""

from __future__ import annotations

import math

import pytest
from django.utils import translation

from tocsin.doors.console.evidence import amount, sentence
from tocsin.terms.signal import Measure


@pytest.mark.parametrize(
    ("measure", "english", "chinese"),
    [
        (Measure("sum(3h)", 171.2, "mm", ">=", 100.0), "171.2 mm in 3 h; threshold ≥ 100 mm",
         "3 小时内 171.2 mm；阈值 ≥ 100 mm"),
        (Measure("value", 6.07, "m", ">", 6.0), "6.07 m; threshold > 6 m", "6.07 m；阈值 > 6 m"),
        (Measure("mean(24h)", 160.0, "ug/m3"), "mean 160 µg/m³ over 24 h", "24 小时平均 160 µg/m³"),
        (Measure("max(today)", 37.4, "Cel", ">=", 35.0), "highest today 37.4 °C; threshold ≥ 35 °C",
         "今日最高 37.4 °C；阈值 ≥ 35 °C"),
        (Measure("silent", 10_860.0, "s", ">=", 10_800.0), "no observation for 3 h; threshold ≥ 3 h",
         "已 3 小时没有观测；阈值 ≥ 3 小时"),
        (Measure("stuck", 7200.0, "s"), "exactly the same value for 2 h", "数值 2 小时始终不变"),
        (Measure("spike", 2.64, "", ">=", 1.5), "a jump of 2.64; threshold ≥ 1.5",
         "跳变 2.64；阈值 ≥ 1.5"),
        (Measure("value", 3.04, "m", ">=", 3.2), "3.04 m; no longer ≥ 3.2 m", "3.04 m；不再 ≥ 3.2 m"),
        (Measure("value", 2.2, "%", "<", 5.0), "2.2%; threshold < 5%", "2.2%；阈值 < 5%"),
        (Measure("how_many(value >= 20 %, 5min)", 3.0, "1", ">=", 3.0), "3 places at once; threshold ≥ 3",
         "3 处同时出现；阈值 ≥ 3"),
        (Measure("pm10 / pm25", 0.8, "1", "<", 1.0), "pm10 / pm25: 0.8; threshold < 1", "pm10 / pm25：0.8；阈值 < 1"),
        (Measure("median(3h)", 4.0, "m"), "median(3h): 4 m", "median(3h): 4 m"),
    ],
)  # fmt: skip
def test_a_measure_in_words(measure: Measure, english: str, chinese: str):
    with translation.override("en"):
        assert sentence([measure]) == english
    with translation.override("zh-hans"):
        assert sentence([measure]) == chinese


def test_several_measures_and_none():
    with translation.override("en"):
        assert sentence([Measure("value", 1.0, "m"), Measure("value", 2.0, "m")]) == "1 m and 2 m"
        assert sentence([]) == "No evidence was recorded."
        assert amount(math.nan, "mm") == "no value"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1234.5, "m3/s", "1,234 m³/s"),
        (0.00012, "m", "0.00012 m"),
        (55.0, "%", "55%"),
        (-4.0, "Cel", "-4 °C"),
        (7.0, "1", "7"),
    ],
)
def test_amounts(value: float, unit: str, said: str):
    assert amount(value, unit) == said
