"""Hostile text costs little: it is refused by its size before anything is built, or it is read in bounded work."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.language.condition import parse_condition
from tocsin.engine.language.vocabulary import Vocabulary
from tocsin.terms.errors import BadRule
from tocsin.terms.limits import CONDITION_CHARACTERS, CONDITION_NESTING, CONDITION_OPERATORS

RAIN = Vocabulary("mm", {"precipitation": "mm"})
PATIENCE_S = 2.0  # far above what it takes (some milliseconds), far below what an unbounded reading would


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(" * 100_000 + "value", "characters"),
        ("(" * (CONDITION_NESTING + 1) + "value", "nested at most"),
        ("not " * 400 + "value > 1 mm", "at most 64 operators"),
        (" or ".join(["value > 1 mm"] * (CONDITION_OPERATORS + 1)), "operators"),
        ("value" + " + value" * 200 + " > 1 mm", "operators"),
        ("value > 1 mm" + " " * 10_000_000, f"at most {CONDITION_CHARACTERS} characters"),
        ("value > " + "9" * 1900 + " mm", "larger than"),
        ("value > 1" + "e" * 500, None),
        ("-" * 1500, "operators"),
        ('"' * 1999, None),
        ("value > 0." + "0" * 1500 + "1 mm and x", None),
        ("\x00value > 1 mm", None),
        ("value > 1 m" + "m" * 1800, None),
        ("值 > 1 mm", None),
    ],
)  # fmt: skip
def test_refused_soon(text: str, said: str | None) -> None:
    parse_condition("value > 1 mm", RAIN)  # the grammar is built once; that is not what is measured
    began = time.perf_counter()
    with pytest.raises(BadRule) as caught:
        parse_condition(text, RAIN)
    assert time.perf_counter() - began < PATIENCE_S
    assert said is None or said in caught.value.rule
    assert len(str(caught.value)) < 1000


def test_the_largest_that_is_allowed_is_read() -> None:
    text = (
        "(" * CONDITION_NESTING + " or ".join(["value > 1 mm"] * (CONDITION_OPERATORS // 2)) + ")" * CONDITION_NESTING
    )
    assert parse_condition(text, RAIN)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read_or_refused(text)


WORDS = (
    "value", "previous", "sum", "(", ")", "3h", ">=", "<", "and", "or", "not", "+", "-", "*", "/", ",", "over", "silent",
    "stuck", "spike", "days", "max", "day", "today", "@x", "share", "how_many", "for", "index", "rate", '"t"', "5 mm", "50 %",
    "1e3 m/s", "quantile", "same_hour", "changed", "stddev", "0.9", "7d", "median", "at",
    "yellow", "within", "in", "then", "reports", ":", "bulletin", "500 m",
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_heap_of_words_is_read_or_refused(words: list[str]) -> None:
    _read_or_refused(" ".join(words))


def _read_or_refused(text: str) -> None:
    for vocabulary in (RAIN, Vocabulary("mm", area=True), Vocabulary("")):
        try:
            parse_condition(text, vocabulary)
        except BadRule as error:
            refusal = error
            assert (refusal.line >= 1, bool(refusal.remedy)) == (True, True)
