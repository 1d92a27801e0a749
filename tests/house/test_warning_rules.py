"""docs/warnings-rules.md is true: every rule of warnings stands there, in the code's own words where the code judges it, and
every test that it names is there to be collected."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

from tocsin.formats.cap import RULES

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "warnings-rules.md"
NUMBERS = [f"{kind}{n}" for kind, last in (("R", 76), ("P", 16), ("N", 12)) for n in range(1, last + 1)]
ROWS = re.findall(r"^\| ([RPN]\d+) \| (\S+) \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.M)


@functools.cache
def collected_in(path: str) -> frozenset[str]:
    """Names of the functions that pytest collects there: of the module, and of its classes."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and _is_collected(node)]
    bodies = [tree.body, *(node.body for node in classes)]
    return frozenset(node.name for body in bodies for node in body
                     if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))  # fmt: skip


def _is_collected(node: ast.ClassDef) -> bool:
    return node.name.startswith("Test") or any(ast.unparse(base).endswith("TestCase") for base in node.bases)


def test_every_number_has_one_row_in_order():
    assert [row[0] for row in ROWS] == NUMBERS


def test_rules_are_told_as_the_code_tells_them():
    told = {number: (grade, says) for number, grade, says, _ in ROWS if grade != "-"}
    assert told == {number: (rule.grade, rule.says) for number, rule in RULES.items()}


def test_every_rule_is_held_by_tests_that_exist():
    lacking = []
    for number, _grade, _says, named in ROWS:
        for one in named.split("<br>"):
            path, _, name = one.strip("`").partition("::")
            held = (
                re.fullmatch(r"`[\w/.]+::\w+`", one)
                and Path(path).name.startswith("test_")
                and (TESTS / path).is_file()
            )
            if not held or name not in collected_in(path):
                lacking.append(f"{number}: {one}")
    assert lacking == []


def test_every_rule_of_the_code_has_cases_or_its_own_tests():
    """A row that names only the common test of cases must have cases there."""
    from tests.unit.cap.test_rules import CASES, ELSEWHERE

    common = "`unit/cap/test_rules.py::test_bad_messages_break_it`"
    by_cases = {number for number, _, _, named in ROWS if common in named.split("<br>")}
    assert by_cases <= {case.rule for case in CASES}
    assert not by_cases & ELSEWHERE
