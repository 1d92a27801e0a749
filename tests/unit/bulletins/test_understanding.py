"""What a message says in our words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.cap import Alert, Info, Pair
from tocsin.formats.cap.codes import SEVERITIES
from tocsin.loop.observe.bulletins.feed import Speaks
from tocsin.loop.observe.bulletins.understanding import LONGEST, rank_of, said, texts_of, words_in
from tocsin.terms.level import CHINA_FOUR_COLOUR as SCHEME

NOW = datetime(2026, 7, 20, 1, tzinfo=UTC)
DAY = timedelta(days=1)
INFO = Info("en", ("Met",), "Rainstorm", "Immediate", "Severe", "Observed", expires=NOW + DAY)


def alert(*infos: Info) -> Alert:
    return Alert("i", "s", NOW, "Actual", "Alert", "Public", infos=infos)


@pytest.mark.parametrize(
    ("severity", "colour", "rank"),
    [
        ("Minor", "", 1), ("Moderate", "", 2), ("Severe", "", 3), ("Extreme", "", 4), ("Unknown", "", 4), ("severe", "", 4),
        ("Minor", "Red", 4), ("Severe", "blue", 3), ("Unknown", "yellow", 2), ("Moderate", "3; orange; Severe", 3),
        ("Moderate", "mauve", 2), ("Moderate", "infrared", 2),
    ],
)  # fmt: skip
def test_the_level_is_never_less_than_its_words_say_and_unknown_is_high(severity: str, colour: str, rank: int) -> None:
    """R59, P10."""
    parameters = (Pair("awareness_level", colour),) if colour else ()
    assert rank_of(replace(INFO, severity=severity, parameters=parameters), SCHEME) == rank


@given(st.sampled_from(SEVERITIES), st.lists(st.text(max_size=20), max_size=4))
def test_whatever_a_parameter_holds_the_rank_is_one_of_the_scheme(severity: str, values: list[str]) -> None:
    info = replace(INFO, severity=severity, parameters=tuple(Pair("colour", value) for value in values))
    assert 1 <= rank_of(info, SCHEME) <= 4


def test_languages_are_one_and_hazards_are_several() -> None:
    """The highest level and the longest period of a hazard's infos count."""
    chinese = replace(INFO, language="zh-CN", event="暴雨", severity="Extreme", expires=NOW + 2 * DAY)
    wind = replace(INFO, event="Gale", severity="Minor")
    speaks = (Speaks("rainstorm", ("rainstorm", "暴雨"), ("",)), Speaks("gale", ("GALE",), ("",)))
    told = said(alert(INFO, chinese, wind), speaks, SCHEME, DAY)
    assert [(one.hazard, one.rank, len(one.infos)) for one in told] == [("rainstorm", 4, 2), ("gale", 1, 1)]
    assert told[0].until == NOW + 2 * DAY


def test_an_event_in_another_language_goes_with_the_one_that_is_named() -> None:
    """R24: a translation is no other event; a second event in the same language is."""
    chinese, wind = replace(INFO, language="zh-CN", event="暴雨"), replace(INFO, event="Gale")
    speaks = (Speaks("rainstorm", ("Rainstorm",), ("",)),)
    assert [(one.hazard, len(one.infos)) for one in said(alert(INFO, chinese), speaks, SCHEME, DAY)] == [
        ("rainstorm", 2)
    ]
    assert {one.hazard for one in said(alert(INFO, wind), speaks, SCHEME, DAY)} == {"rainstorm", ""}


def test_events_are_compared_as_people_read_them_and_codes_by_name() -> None:
    coded = replace(INFO, event="Anything", event_codes=(Pair("OET:v1.2", "OET-163"),))
    for event in ("  rain   STORM ", "oet:V1.2=oet-163", "*"):
        info = coded if "=" in event else replace(INFO, event="Rain Storm")
        assert said(alert(info), (Speaks("rainstorm", (event,), ("",)),), SCHEME, DAY)[0].hazard == "rainstorm"
    assert said(alert(INFO), (Speaks("rainstorm", ("storm",), ("",)),), SCHEME, DAY)[0].hazard == ""


def test_r27_without_expires_the_declaration_says_how_long_and_nothing_lasts_for_ever() -> None:
    """R27."""
    [one] = said(alert(replace(INFO, expires=None)), (), SCHEME, DAY)
    assert one.until == NOW + DAY
    [one] = said(alert(replace(INFO, expires=NOW + 400 * DAY)), (), SCHEME, DAY)
    assert one.until == NOW + LONGEST


@given(st.text(max_size=400))
def test_its_words_are_cut_and_cannot_turn_the_direction_of_writing(text: str) -> None:
    """R31."""
    words = texts_of(alert(replace(INFO, headline=text + "\u202eevil", description=text * 40)))["en"]
    assert "\u202e" not in words["headline"]
    assert len(words["headline"]) <= 300
    assert len(words["description"]) <= 6000


def test_a_reader_gets_his_language_else_english_else_the_first() -> None:
    assert [words_in(told, "zh-hans") for told in (["en", "zh-CN"], ["fr", "en-US"], ["fr", "de"], [])] == [
        "zh-CN",
        "en-US",
        "fr",
        "",
    ]
