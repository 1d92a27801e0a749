"""Literals arrive in the unit of what they are compared with; what measures something else is refused."""

from __future__ import annotations

import pytest

from tocsin.engine.language import tree
from tocsin.engine.language.condition import parse_clear, parse_condition, parse_hold
from tocsin.engine.language.rule import Hold
from tocsin.engine.language.vocabulary import Vocabulary
from tocsin.terms.errors import BadRule

MM, CEL, WIND, GAS = Vocabulary("mm"), Vocabulary("Cel"), Vocabulary("m/s"), Vocabulary("%")


@pytest.mark.parametrize(
    ("text", "vocabulary", "limit"),
    [
        ("sum(12h) >= 5 cm", MM, tree.Constant(50.0, "mm")),
        ("0.05 m <= sum(12h)", MM, tree.Constant(50.0, "mm")),
        ("value >= 36 km/h", WIND, tree.Constant(10.0, "m/s")),
        ("value >= 310.15 K", CEL, tree.Constant(37.0, "Cel")),
        ("delta(24h) <= -8 K", CEL, tree.Constant(-8.0, "Cel")),
        ("value - previous >= 5 K", CEL, tree.Constant(5.0, "Cel")),
        ("rate(1h) >= 3.6 m/h", Vocabulary("m"), tree.Constant(0.001, "m/s")),
        ("rate(1h) >= 3600 K/h", CEL, tree.Constant(1.0, "K/s")),
        ("count(1h) >= 3", MM, tree.Constant(3.0, "1")),
        ("value >= 10 %", GAS, tree.Constant(10.0, "%")),
        ("value > 10 * 2 mm", MM, tree.Constant(20.0, "mm")),
        ("days(max(day) >= 310.15 K) >= 3", CEL, tree.Constant(3.0, "1")),
    ],
)
def test_converted(text: str, vocabulary: Vocabulary, limit: tree.Constant) -> None:
    read = parse_condition(text, vocabulary)
    assert isinstance(read, tree.Compare)
    assert read.right == limit


def test_the_limit_of_a_day_is_converted() -> None:
    read = parse_condition("days(max(day) >= 308.15 K) >= 3", CEL)
    assert isinstance(read, tree.Compare)
    assert read.left == tree.ConsecutiveDays("max", ">=", 35.0)


def test_another_property_in_another_unit_is_scaled() -> None:
    read = parse_condition('value < sister("co")', Vocabulary("ug/m3", {"co": "mg/m3"}))
    assert isinstance(read, tree.Compare)
    assert read.right == tree.Arithmetic("*", tree.Sister("co"), tree.Constant(1000.0, "{ug/m3}"))


def test_the_author_s_words_are_kept_for_the_evidence() -> None:
    read = parse_condition("(sum(3h)  +  value) >= 5 cm", MM)
    assert isinstance(read, tree.Compare)
    assert (read.text, read.unit) == ("(sum(3h) + value)", "mm")


def test_clear_with_a_hold() -> None:
    clear = parse_clear("sum(3h) < 30 mm for 1h", MM)
    assert clear.hold == Hold(3_600_000_000, 1)
    assert clear.when == parse_condition("sum(3h) < 30 mm", MM)


@pytest.mark.parametrize(
    ("text", "hold"),
    [
        ("0s", Hold()),
        ("10min", Hold(600_000_000)),
        ("2 obs", Hold(0, 2)),
        ("10min and 2 obs", Hold(600_000_000, 2)),
        ("1.5h", Hold(5_400_000_000)),
    ],
)
def test_holds(text: str, hold: Hold) -> None:
    assert parse_hold(text) == hold


@pytest.mark.parametrize("text", ["", "two", "-1s", "3 mm", "400d", "0 obs", "1s 2s", "9999999 obs", "1h" * 100])
def test_no_holds(text: str) -> None:
    with pytest.raises(BadRule):
        parse_hold(text)
