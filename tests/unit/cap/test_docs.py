"""docs/cap.md is true: it names every rule in the code's own words, and every test it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from tocsin.formats.cap import RULES

HERE = Path(__file__).parent
ROWS = re.findall(
    r"^\| ([RP]\d+) \| (\S+) \| (.+?) \| (.+?) \|$",
    (HERE.parents[2] / "docs" / "cap.md").read_text(encoding="utf-8"),
    re.M,
)


def test_every_number_has_its_row_in_order():
    assert [row[0] for row in ROWS] == [f"R{n}" for n in range(1, 77)] + [f"P{n}" for n in range(1, 17)]


def test_rules_are_told_as_the_code_tells_them():
    told = {number: (grade, says) for number, grade, says, _ in ROWS if grade != "-"}
    assert told == {number: (rule.grade, rule.says) for number, rule in RULES.items()}


def test_every_test_that_is_named_is_there():
    for number, grade, _, test in ROWS:
        if test.startswith("elsewhere: "):
            assert grade == "-", number
            continue
        file, _, name = test.strip("`").partition("::")
        assert f"def {name}(" in (HERE / file).read_text(encoding="utf-8"), f"{number}: {test}"
