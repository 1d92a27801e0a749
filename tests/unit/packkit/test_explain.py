"""The sentence of a transition."""

from __future__ import annotations

import dataclasses

import pytest

from tocsin.geo import Place
from tocsin.packkit import builtin_pack_paths, explain_transition, load_pack
from tocsin.packkit.speak import figure
from tocsin.terms.signal import Change, Measure, Subject, Transition

PACK = load_pack(next(path for path in builtin_pack_paths() if path.name == "natural_hazards"))
RAIN = Transition(
    "natural_hazards/rainstorm", 1, "rainstorm", Subject("stream", "57083"), Change.RAISED, 4, 0, 0, 0, 0,
    evidence=(Measure("sum(3h)", 171.2, "mm", ">=", 100.0),),
)  # fmt: skip


def test_what_a_duty_officer_reads() -> None:
    assert explain_transition(PACK, RAIN, "gauge 57083", "en") == (
        "171.2 mm in 3 h at gauge 57083, threshold 100 mm (Red I), rule rainstorm v1"
    )
    assert explain_transition(PACK, RAIN, "57083站", "zh-hans") == (
        "57083站3小时雨量171.2毫米，标准100毫米（红色 I级），规则 rainstorm 第1版"
    )


def test_a_place_is_called_by_its_title_else_by_the_subject() -> None:
    assert " at Mill Bridge," in explain_transition(PACK, RAIN, Place(120, 30, title="Mill Bridge"), "en")
    assert " at stream:57083," in explain_transition(PACK, RAIN, Place(120, 30), "en")


def test_the_measure_that_met_its_limit_is_spoken_of() -> None:
    two = dataclasses.replace(RAIN, evidence=(Measure("sum(6h)", 20, "mm", ">=", 50.0), *RAIN.evidence))
    assert explain_transition(PACK, two, "x", "en").startswith("171.2 mm in 3 h")


def test_silence_says_for_how_long_and_the_last_value() -> None:
    silent = dataclasses.replace(
        RAIN, rule="natural_hazards/river_silent", level=3,
        evidence=(Measure("silent", 1.0, "1", ">=", 10_800.0), Measure("value", 4.2, "m", ">=", 4.0)),
    )  # fmt: skip
    assert explain_transition(PACK, silent, "Mill Weir", "en") == (
        "No data in danger: Mill Weir has not reported for 3 h; its last stage was 4.2 m, threshold 4 m (Orange II), "
        "rule river_silent v1"
    )


def test_a_spike_is_said_with_its_size_and_unit() -> None:
    spike = dataclasses.replace(RAIN, rule="natural_hazards/river_spike", level=1, quality=True,
                                evidence=(Measure("spike", 1.0, "1", ">=", 1.5),))  # fmt: skip
    assert "by at least 1.5 m: probably mistyped" in explain_transition(PACK, spike, "Mill Weir", "en")


def test_going_down_has_its_own_sentence() -> None:
    down = dataclasses.replace(RAIN, change=Change.CHANGED, level=2, previous=4,
                               evidence=(Measure("sum(3h)", 12.0, "mm", "<", 30.0),))  # fmt: skip
    assert explain_transition(PACK, down, "x", "en") == (
        "Rain at x has eased to 12 mm in 3 h: down to Yellow III, before Red I, rule rainstorm v1"
    )


def test_the_sentence_of_a_level() -> None:
    days = dataclasses.replace(RAIN, rule="natural_hazards/heat", level=2,
                               evidence=(Measure("days(max(day) >= 35 Cel)", 3, "1", ">=", 3.0),))  # fmt: skip
    assert explain_transition(PACK, days, "x", "en").startswith("3 days in a row with at least 35 °C at x")


@pytest.mark.parametrize(
    "evidence", [(), (Measure("sum(3h)", float("nan"), "mm", ">=", 100.0),), (Measure("what?(", 1.0, "mm"),)]
)
@pytest.mark.parametrize("language", ["en", "zh-hans", "fr"])
@pytest.mark.parametrize(
    "rule", ["natural_hazards/rainstorm", "natural_hazards/heat", "natural_hazards/gone", "other/rule"]
)
def test_a_sentence_comes_whatever_is_missing(evidence: tuple[Measure, ...], language: str, rule: str) -> None:
    said = explain_transition(PACK, dataclasses.replace(RAIN, rule=rule, evidence=evidence), "x", language)
    assert said
    assert "{" not in said


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (1234.56, "m3/s", "1234.6 m³/s", "1234.6立方米/秒"),
        (0.00012, "m", "0.00012 m", "0.00012米"),
        (55.0, "%", "55%", "55%"),
        (-4.0, "Cel", "-4 °C", "-4℃"),
        (7.0, "1", "7", "7"),
        (12.0, "[ppm]", "12 ppm", "12ppm"),
        (float("nan"), "mm", "not known", "未知"),
    ],
)
def test_figures(value: float, unit: str, en: str, zh: str) -> None:
    assert (figure(value, unit, "en"), figure(value, unit, "zh-hans")) == (en, zh)
