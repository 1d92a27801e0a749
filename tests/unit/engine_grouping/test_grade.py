"""The level of an event, with every part of it said."""

import pytest

from tocsin.engine.grade import grade, grade_proposal
from tocsin.engine.hazard import HazardSpec
from tocsin.terms.event import LevelPart
from tocsin.terms.level import CHINA_FOUR_COLOUR

from .street import RAIN, Street, facility, raised

TABLE = HazardSpec("gas", 1, 60, exposure={"school": 1, "hospital": 2}, certainty={1: -1, 3: 0})


@pytest.mark.parametrize(
    ("rank", "exposed", "independent", "level"),
    [(2, {}, 1, 1), (2, {}, 2, 1), (2, {}, 3, 2), (2, {"school": "s1"}, 9, 3), (1, {}, 1, 1),
     (2, {"school": "s1", "hospital": "h1"}, 3, 4), (3, {"office": "o1"}, 3, 3), (3, {}, 0, 3)],
)  # fmt: skip
def test_level_is_the_sum_of_the_tables_cut_to_the_scheme(rank, exposed, independent, level):
    assert grade(TABLE, CHINA_FOUR_COLOUR, "sig_1", rank, exposed, independent)[0] == level


def test_every_part_is_in_the_explanation():
    assert grade(TABLE, CHINA_FOUR_COLOUR, "sig_1", 4, {"school": "s1", "hospital": "h1"}, 2)[1] == (
        LevelPart("intensity", "4", "signal:sig_1:red"),
        LevelPart("exposure", "+2", "facility:h1"),
        LevelPart("exposure", "+1", "facility:s1"),
        LevelPart("certainty", "-1", "streams:2"),
        LevelPart("result", "4", "sum:6"),
    )


def test_a_proposal_says_whose_it_is():
    assert grade_proposal(CHINA_FOUR_COLOUR, 9, "evt_1", "f1") == (
        4, (LevelPart("intensity", "9", "cascade:evt_1:f1"), LevelPart("result", "4", "sum:9")),
    )  # fmt: skip


def test_exposure_counts_facilities_near_any_member():
    near = [facility("ward", 5, "hospital"), facility("class", 5, "school"), facility("tower", 5, "office")]
    street = Street([], near)
    assert [part.factor for part in street.feed(raised("1", 0, 2)).only().explanation] == [
        "intensity",
        "certainty",
        "result",
    ]
    assert street.feed(raised("3", 0)).only().explanation[1:3] == (
        LevelPart("exposure", "+1", "facility:ward"), LevelPart("exposure", "+0", "facility:class"),
    )  # fmt: skip


def test_streams_that_share_a_gauge_count_once():
    def gauge(subject):
        return subject.key.rstrip("ab")

    street = Street(independent_of=gauge).feed(raised("1", 0, 3), raised("1a", 0, 2), raised("1b", 0, 2))
    assert street.only().explanation[1] == LevelPart("certainty", "-1", "streams:1")
    assert street.only().level == 3 + RAIN.certainty[1]
    assert street.feed(raised("2", 1)).only().level == 3
