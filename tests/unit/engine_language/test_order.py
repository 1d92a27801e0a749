"""What implies what: against a slow twin that looks for a counterexample in random series."""

from __future__ import annotations

import numpy as np
import pytest

from tocsin.engine.language.condition import parse_condition
from tocsin.engine.language.order import implies
from tocsin.engine.language.vocabulary import Vocabulary

RAIN = Vocabulary("mm", nonnegative=True)
AREA = Vocabulary("mm", area=True, nonnegative=True)


@pytest.mark.parametrize(
    ("strong", "weak", "verdict"),
    [
        ("sum(3h) >= 100 mm", "sum(3h) >= 50 mm", True),
        ("sum(3h) >= 50 mm", "sum(6h) >= 50 mm", True),
        ("sum(6h) >= 50 mm", "sum(3h) >= 50 mm", False),
        ("sum(3h) >= 50 mm", "sum(6h) >= 60 mm", False),
        ("sum(3h) >= 30 mm", "sum(3h) >= 50 mm", False),
        ("value > 50 mm", "value >= 50 mm", True),
        ("value >= 50 mm", "value > 50 mm", False),
        ("value <= 3 mm", "value <= 5 mm", True),
        ("value >= 50 mm", "max(3h) >= 50 mm", True),
        ("max(3h) >= 50 mm", "value >= 50 mm", False),
        ("min(6h) <= 1 mm", "min(3h) <= 1 mm", False),
        ("min(3h) <= 1 mm", "min(6h) <= 1 mm", True),
        ("max(6h) < 1 mm", "max(3h) < 1 mm", True),
        ("value >= 5 mm", "value < 5 mm", False),
        ("value == 5 mm", "value >= 5 mm", True),
        ("value >= 5 mm and previous >= 5 mm", "value >= 4 mm", True),
        ("value >= 5 mm", "value >= 4 mm or previous >= 4 mm", True),
        ("value >= 5 mm or previous >= 5 mm", "value >= 4 mm", None),
        ("mean(3h) >= 5 mm", "mean(6h) >= 5 mm", None),
        ("value >= @major", "value >= @minor", None),
        ("value >= @major", "value >= @major", True),
        ("days(max(day) >= 35 mm) >= 4", "days(max(day) >= 35 mm) >= 3", True),
        ("days(max(day) >= 37 mm) >= 3", "days(max(day) >= 35 mm) >= 3", True),
        ("days(max(day) >= 35 mm) >= 3", "days(max(day) >= 37 mm) >= 3", False),
        ("silent(6h)", "silent(3h)", True),
        ("spike(1 mm)", "spike(2 mm)", False),
        ("not value >= 3 mm", "not value >= 5 mm", True),
    ],
)
def test_known_cases(strong: str, weak: str, verdict: bool | None) -> None:
    assert implies(parse_condition(strong, RAIN), parse_condition(weak, RAIN), True) is verdict


def test_a_sum_of_what_may_be_negative_does_not_grow() -> None:
    read = [parse_condition(text, RAIN) for text in ("sum(3h) >= 50 mm", "sum(6h) >= 50 mm")]
    assert implies(read[0], read[1], nonnegative=False) is None


@pytest.mark.parametrize(
    ("strong", "weak", "verdict"),
    [
        ("how_many(sum(3h) >= 50 mm, 1h) >= 3", "how_many(sum(6h) >= 50 mm, 1h) >= 3", True),
        ("how_many(sum(6h) >= 50 mm, 1h) >= 3", "how_many(sum(3h) >= 50 mm, 1h) >= 3", False),
        ("how_many(value >= 5 mm, 1h) >= 3", "how_many(value >= 5 mm, 2h) >= 2", True),
        ("share(value >= 5 mm, 1h) >= 60 %", "share(value >= 4 mm, 1h) >= 50 %", True),
        ("share(value >= 5 mm, 1h) >= 60 %", "share(value >= 5 mm, 2h) >= 50 %", None),
    ],
)
def test_areas(strong: str, weak: str, verdict: bool | None) -> None:
    assert implies(parse_condition(strong, AREA), parse_condition(weak, AREA), True) is verdict


HOWS = ("value", "sum(1h)", "sum(2h)", "sum(4h)", "max(1h)", "max(3h)", "min(1h)", "min(3h)")
Condition = tuple[str, str, int]
CONDITIONS: list[Condition] = [(how, op, n) for how in HOWS for op in (">", ">=", "<", "<=") for n in range(7)]


def test_every_verdict_is_what_series_show() -> None:
    """Of all pairs: no series contradicts what is proven, and one at least shows what is refuted."""
    read = [parse_condition(f"{how} {op} {n} mm", RAIN) for how, op, n in CONDITIONS]
    held = np.stack([_holds(condition) for condition in CONDITIONS]).astype(np.float32)
    apart = held @ (1 - held).T  # [a, b]: in how many series a holds and b does not
    wrong = []
    for a, strong in enumerate(read):
        for b, weak in enumerate(read):
            verdict = implies(strong, weak, True)
            pointless = not held[a].any() or held[b].all()  # `< 0 mm` never holds, `>= 0 mm` always does
            if (verdict is True and apart[a, b]) or (verdict is False and not apart[a, b] and not pointless):
                wrong.append((CONDITIONS[a], CONDITIONS[b], verdict))
    assert wrong == []


def _all_series() -> np.ndarray:
    """Eight half-hours that change their amount at most twice."""
    amounts = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 13.0)
    rows = [[a] * k + [b] * (7 - k) + [c] for a in amounts for b in amounts for c in amounts for k in range(8)]
    return np.array(rows)


_SERIES = _all_series()


def _holds(condition: Condition) -> np.ndarray:
    how, op, limit = condition
    name, _, width = how.partition("(")
    inside = _SERIES[:, -2 * int(width[0]) :] if width else _SERIES[:, -1:]
    number = {"value": np.max, "sum": np.sum, "max": np.max, "min": np.min}[name](inside, axis=1)
    return {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal}[op](number, limit)


@pytest.mark.parametrize(
    ("strong", "weak", "verdict"),
    [
        ("deep at red", "deep at yellow", True),
        ("deep at yellow", "deep at red", False),
        ("deep at yellow within 1 km", "deep at yellow within 2 km in 1h", True),
        ("deep at yellow in 2h", "deep at yellow in 1h", False),
        ("deep at yellow", "wide at yellow", None),
        ("deep at yellow", "deep at yellow within 1 km", None),
        ("how_many(deep at red within 1 km in 1h) >= 3", "how_many(deep at yellow within 1 km in 2h) >= 2", True),
        ("how_many(deep at yellow in 1h) >= 2", "how_many(deep at yellow in 1h) >= 3", False),
        ("count(reports: smell within 1 km in 1h) >= 5", "count(reports: smell within 1 km in 2h) >= 2", True),
        ("deep at red then wide at red in 1h", "deep at yellow then wide at yellow in 2h", True),
        ("deep at red then wide at red in 1h", "wide at yellow", True),
        ("bulletin(storm) at red and deep at yellow", "bulletin(storm) at orange and deep at blue", True),
    ],
)
def test_joint_conditions_are_ordered_too(strong: str, weak: str, verdict: bool | None) -> None:
    words = Vocabulary("1")
    assert implies(parse_condition(strong, words), parse_condition(weak, words)) is verdict
