"""The engine's keys in words; an unknown key is shown, never hidden."""

from __future__ import annotations

import pytest
from django.utils import translation

from tocsin.doors.console.explanation import Names, because_words, factor_words, part_words
from tocsin.engine.grade import grade, grade_proposal
from tocsin.engine.hazard import HazardSpec
from tocsin.terms.event import LevelPart
from tocsin.terms.level import CHINA_FOUR_COLOUR

NAMES = Names(
    signal=lambda signal: f"<{signal}>",
    event=lambda event: f"<{event}>",
    facility=lambda facility: f"<{facility}>",
    level=lambda rank: CHINA_FOUR_COLOUR.level(rank).word("en"),
)


def test_every_part_that_grading_gives_is_said():
    spec = HazardSpec("rainstorm", 5.0, 3600.0, exposure={"hospital": 1, "school": 0}, certainty={1: 0, 3: -1})
    level, parts = grade(spec, CHINA_FOUR_COLOUR, "sig_1", 3, {"hospital": "h1", "school": "s1"}, 3)
    with translation.override("en"):
        assert [factor_words(part.factor) for part in parts] == [
            "Intensity",
            "Exposure",
            "Exposure",
            "Certainty",
            "Level of the event",
        ]
        assert [part_words(part, NAMES) for part in parts] == [
            "Orange II: highest level among its signals, <sig_1>",
            "+1 rank: <h1> is near",
            "No change: <s1> is near",
            "-1 rank: 3 independent streams",
            "Orange II: the sum of the parts is rank 3",
        ]
    assert level == 3


def test_a_proposal_names_its_facility():
    _level, parts = grade_proposal(CHINA_FOUR_COLOUR, 1, "evt_1", "underpass-1")
    with translation.override("en"):
        assert part_words(parts[0], NAMES) == "Blue IV: Expected at <underpass-1> as a consequence of another event"


@pytest.mark.parametrize(
    ("because", "said"),
    [
        ("signal:sig_1", "Signal <sig_1>"),
        ("gap", "All signals cleared and the waiting time passed"),
        ("parent:evt_1", "The event that proposed it ended: <evt_1>"),
        ("merged:evt_2", "It met another event and became one with it: <evt_2>"),
        ("cascade:underpass-1", "Expected at <underpass-1> as a consequence of another event"),
        ("moon:full", "moon:full"),
        ("", ""),
    ],
)
def test_reasons(because: str, said: str):
    with translation.override("en"):
        assert because_words(because, NAMES) == said


def test_an_unknown_part_is_shown():
    with translation.override("en"):
        assert part_words(LevelPart("weather", "odd", "moon:full"), NAMES) == "odd: moon:full"
