"""Setting a condition anew changes nothing but spaces, and once set it stays."""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine_language.test_round_trip import STREAM, UNIT, truths

from tocsin.engine.judge import Judge
from tocsin.engine.language import tree
from tocsin.engine.language.condition import clear_parts, parse_clear, parse_condition, parse_hold, tokens_of
from tocsin.engine.language.meaning import meaning_of
from tocsin.engine.language.parse import parse_rule
from tocsin.engine.language.tidy import tidy_clear, tidy_condition, tidy_hold
from tocsin.engine.language.vocabulary import Vocabulary
from tocsin.engine.language.write import write_truth
from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.terms.errors import BadRule
from tocsin.terms.level import CHINA_FOUR_COLOUR

RAIN = Vocabulary("mm", {"precipitation": "mm"})


@pytest.mark.parametrize(
    ("text", "set_"),
    [
        ("sum( 3 h )>=50mm", "sum(3h) >= 50 mm"),
        ("not(value<5 cm or value>400cm)", "not (value < 5 cm or value > 400 cm)"),
        ("value-previous>=2.5m", "value - previous >= 2.5 m"),
        ("value >= -  5 Cel", "value >= -5 Cel"),
        ("value*-2>3 mm", "value * -2 > 3 mm"),
        ("(value - min( 24h ))/2>=10 cm", "(value - min(24h)) / 2 >= 10 cm"),
        ('index(mean(24h),"cn_aqi")>200', 'index(mean(24h), "cn_aqi") > 200'),
        ("how_many( value>=15cm , 10 min)>=2", "how_many(value >= 15 cm, 10min) >= 2"),
        ("rate(1h,over 60s)>0.010 cm/s", "rate(1h, over 60s) > 0.010 cm/s"),
        ("value>=1e3mm", "value >= 1e3 mm"),
        ("  value>=1 mm\n   and\tvalue<3 mm ", "value >= 1 mm\nand value < 3 mm"),
    ],
)
def test_how_conditions_are_set(text: str, set_: str) -> None:
    assert tidy_condition(text) == set_
    assert tidy_condition(set_) == set_


@pytest.mark.parametrize(
    ("text", "set_"),
    [("2obs", "2 obs"), ("10 min", "10min"), ("2 obs and 10min", "10min and 2 obs"), ("0s", "0s"), (" 1.5h ", "1.5h")],
)
def test_how_holds_are_set(text: str, set_: str) -> None:
    assert tidy_hold(text) == set_
    assert parse_hold(tidy_hold(text)) == parse_hold(text)


def test_a_clear_keeps_its_hold() -> None:
    assert tidy_clear("sum(3h)<30mm   for 2 obs and 1 h") == "sum(3h) < 30 mm for 1h and 2 obs"
    assert clear_parts("value < 3 mm") == ("value < 3 mm", None)


def test_what_cannot_be_read_is_refused() -> None:
    for text in ("value >> 3", "", "(((", "value >= 3 mm for"):
        with pytest.raises(BadRule):
            tidy_condition(text)


def loosened(text: str, rng: random.Random) -> str:
    """The same words with other spaces between them; a number with its unit is one word."""
    words = tokens_of(text)
    out = str(words[0])
    for before, word in itertools.pairwise(words):
        needed = bool(re.match(r"\w", str(word))) and bool(re.search(r"[\w%\]]$", str(before)))
        needed = (
            needed
            or (before.type == "QUANTITY" and str(word) == "(")
            or str(before) + str(word) in ("<=", ">=", "==", "!=")
        )
        out += " " * rng.randint(int(needed), 3) + str(word)
    return out


@settings(deadline=None)
@given(truths, st.integers(0, 10**6))
def test_every_condition_keeps_its_meaning_and_settles(truth: tree.Truth, seed: int) -> None:
    text = loosened(write_truth(truth, UNIT), random.Random(seed))
    made = tidy_condition(text)
    assert meaning_of(parse_condition(made, STREAM)) == meaning_of(parse_condition(text, STREAM))
    assert tidy_condition(made) == made
    assert [str(word).replace(" ", "") for word in tokens_of(made)] == [
        str(word).replace(" ", "") for word in tokens_of(text)
    ]


@settings(deadline=None)
@given(truths)
def test_what_the_writer_writes_is_set_already(truth: tree.Truth) -> None:
    text = write_truth(truth, UNIT)
    assert tidy_condition(text) == text


@pytest.mark.parametrize("path", builtin_pack_paths(), ids=lambda path: path.name)
def test_every_condition_of_the_built_in_packs_is_set(path) -> None:
    for rule in load_pack(path).rules:
        for rung in rule.rungs:
            assert tidy_condition(rung.text) == rung.text


def test_setting_a_rule_anew_does_not_start_it_anew() -> None:
    entry = {"id": "r", "hazard": "h", "streams": {"property": "precipitation"}, "level": {"red": "sum( 3 h )>=50mm"},
             "clear": "sum(3h)<30 mm for 1 h"}  # fmt: skip
    neat = {**entry, "level": {"red": tidy_condition("sum( 3 h )>=50mm")}, "clear": tidy_clear("sum(3h)<30 mm for 1 h")}
    other = {**entry, "level": {"red": "sum(3h) >= 51 mm"}}
    digests = [
        Judge(parse_rule(one, pack="p", scheme=CHINA_FOUR_COLOUR, units=RAIN.units)).digest
        for one in (entry, neat, other)
    ]
    assert digests[0] == digests[1] != digests[2]
    assert meaning_of(parse_clear("value<3 mm for 2 obs", RAIN)) == meaning_of(
        parse_clear("value < 3 mm for 2 obs", RAIN)
    )
