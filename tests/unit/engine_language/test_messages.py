"""Every refusal says where (line, column), what was wrong, and the nearest thing that would be right."""

from __future__ import annotations

import pytest

from tocsin.engine.language.condition import parse_condition
from tocsin.engine.language.vocabulary import IndexTable, Vocabulary
from tocsin.terms.errors import BadRule

RAIN = Vocabulary("mm", {"precipitation": "mm", "pm25": "ug/m3"}, {"aqi": IndexTable("aqi", "ug/m3", ((0, 0), (35, 50)))},
                  stages=frozenset({"alert_level"}))  # fmt: skip
AREA = Vocabulary("mm", {"precipitation": "mm"}, area=True)

STREAM_FAULTS = [
    ("sum(12h) >= 50 Cel", 13, "sum(12h) is in mm (a length), 50 Cel is a temperature", "write a number in mm"),
    ("sum(12h) >= 50", 13, "50 has no unit, sum(12h) is in mm", "write 50 mm"),
    ("sum(3h)", 1, "'sum(3h)' is a number, not a condition", "compare it, for example sum(3h) >= 50 mm"),
    ("sm(3h) >= 5 mm", 1, "no function sm(...) exists", "did you mean 'sum'"),
    ("valu >= 5 mm", 1, "'valu' is not a name of the language", "did you mean 'value'"),
    ("sum >= 5 mm", 1, "sum needs parentheses", "write it as sum(3h)"),
    ("today >= 5 mm", 1, "'today' stands only inside a function", "write max(today) or mean(day)"),
    ("value >= @alert_levl", 10, "no stage 'alert_levl' is declared", "did you mean 'alert_level'"),
    ("value >= 5 mm and", 18, "the condition ends too early", None),
    ("value >> 5 mm", 8, "'>' has no place here", None),
    ("value >= 5 mm 3", 15, "'3' has no place here", None),
    ("value >= 5 mm > 3 mm", 15, "'>' has no place here", None),
    ("value >= $5", 10, "'$' has no place here", None),
    ("sum(400d) >= 1 mm", 5, "a duration may be at most 366 d", "write a duration such as 3h, 5min, 60s, 2d"),
    ("sum(0h) >= 1 mm", 5, "a duration must be above zero", "write a duration such as 3h, 5min, 60s, 2d"),
    (
        "sum(3) >= 1 mm",
        5,
        "a duration is written with s, min, h or d, such as 3h",
        "write a duration such as 3h, 5min, 60s, 2d",
    ),
    (
        "sum(3 mm) >= 1 mm",
        5,
        "a duration is written with s, min, h or d, such as 3h",
        "write a duration such as 3h, 5min, 60s, 2d",
    ),
    ("sum(value) >= 1 mm", 5, "'value' is no duration", "write one such as 3h, 5min, 60s, 2d"),
    ("sum(3h, 4h) >= 1 mm", 1, "sum(...) takes 1 part, not 2", "write it as sum(3h)"),
    ("rate(1h, 60s) >= 1 mm/s", 10, "the second part of rate(...) is written `over 60s`", "write rate(3h, over 60s)"),
    ("rate(1min, over 1h) >= 1 mm/s", 12, "`over` is longer than the window", "make the window at least that long"),
    ("value > 1e300 mm", 9, "the number 1e300 is larger than 1e+12", "write a smaller number"),
    ("3 mm > 2 mm", 1, "two fixed numbers are compared", "compare something observed, such as value"),
    ("value > 1 mm / 0", 9, "division by zero", "divide by something else"),
    ("value * previous > 3 mm", 1, "value (mm) is multiplied by previous (mm)", "multiply by a number without unit"),
    ("-value > 3 mm", 1, "only fixed numbers take a minus sign", "write 0 - value"),
    ("(value > 3 mm) > 2", 2, "'value > 3 mm' is a condition, not a number", "compare numbers only"),
    ("silent(3h) > 2", 1, "silent(...) is a condition, not a number", "join it with and, or, not"),
    ("silent(3h) and sum(3h) >= 5 mm", 1, "window stands beside silent(...)", None),
    ("silent(3h) or silent(6h)", 1, "a condition has two different silent(...)", "write one rule for each"),
    ("spike(value)", 7, "spike(...) takes a fixed number", "write it as spike(1.5 m)"),
    ("spike(0 mm)", 7, "the size of a spike is above zero", "write how far it must depart"),
    (
        'index(value, "aqi") > 200',
        7,
        "table aqi is in ug/m3 (a concentration), value is a length",
        "write value in ug/m3",
    ),
    ('index(value, "api") > 200', 14, "no index table 'api' is declared", "did you mean 'aqi'"),
    (
        "index(value, aqi) > 200",
        14,
        "index(...) takes a name in double quotes",
        'write it as index(mean(24h), "table")',
    ),
    ('value < sister("pm2.5")', 16, "no property 'pm2.5' is declared", "did you mean 'pm25'"),
    ("days(value >= 3 mm) >= 2", 6, "days(...) compares sum, mean, min or max of a day with a fixed number", None),
    ("days(max(day)) >= 2", 6, "days(...) takes one comparison of a daily value", None),
    ("delta(day) >= 2 mm", 1, "delta(day) does not exist", "use sum, mean, min, max or count by the day"),
    (
        "how_many(value > 5 mm, 5min) >= 3",
        1,
        "how_many(...) looks at an area, but the rule judges single streams",
        None,
    ),
    ("value >= 3 bananas", 10, "unit 'bananas': it is not a unit we know", None),
    ("", 1, "the condition is empty", None),
]


@pytest.mark.parametrize(("text", "column", "rule", "remedy"), STREAM_FAULTS)
def test_stream_rules(text: str, column: int, rule: str | None, remedy: str | None) -> None:
    _refused(text, RAIN, column, rule, remedy)


@pytest.mark.parametrize(
    ("text", "column", "rule"),
    [
        ("value > 3 mm", 1, "value looks at one stream, but the rule judges an area"),
        ("sum(3h) > 3 mm", 1, "sum looks at one stream, but the rule judges an area"),
        ("stuck(3h)", 1, "stuck looks at one stream, but the rule judges an area"),
        ("how_many(silent(3h), 1h) >= 2", 10, "silent(...) cannot stand inside an area function"),
        ("how_many(how_many(value > 3 mm, 1h) > 2, 1h) >= 2", 10, "area functions do not nest"),
        ('how_many(value < sister("precipitation"), 1h) >= 2', 18, "sister(...) cannot stand inside an area function"),
        ("how_many(value > 3 mm) >= 2", 1, "how_many(...) takes 2 parts, not 1"),
        ("share(value > 3 mm, 1h) >= 50", 28, "50 has no unit, share(value > 3 mm, 1h) is in %"),
        ("highest(3 mm, 1h) >= 5 mm", 9, "highest(...) looks at a fixed number"),
        ("highest(value > 3 mm, 1h) >= 5 mm", 9, "'value > 3 mm' is a condition, not a number"),
    ],
)
def test_area_rules(text: str, column: int, rule: str) -> None:
    _refused(text, AREA, column, rule, None)


def test_line_and_column_in_a_text_of_several_lines() -> None:
    with pytest.raises(BadRule) as caught:
        parse_condition("value >= 5 mm\n  or valu > 3 mm", RAIN)
    assert (caught.value.line, caught.value.column) == (2, 6)


def test_streams_without_one_unit() -> None:
    with pytest.raises(BadRule, match="do not share one unit"):
        parse_condition("value >= 5 mm", Vocabulary(""))


def test_temperatures_are_not_added_up() -> None:
    with pytest.raises(BadRule, match="values in Cel cannot be added up"):
        parse_condition("sum(3h) >= 5 Cel", Vocabulary("Cel"))


def _refused(text: str, vocabulary: Vocabulary, column: int, rule: str | None, remedy: str | None) -> None:
    with pytest.raises(BadRule) as caught:
        parse_condition(text, vocabulary)
    error = caught.value
    assert (error.line, error.column) == (1, column), str(error)
    assert rule is None or error.rule == rule
    assert remedy is None or error.remedy == remedy
    assert error.remedy
