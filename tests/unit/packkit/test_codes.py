"""Each stable code has an example that bears it; each fault of a rule text has a code that says more than "something"."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.packkit.codes import CODES, code_of
from tocsin.packkit.fault import Fault
from tocsin.packkit.rule_set import read_rule_set
from tocsin.packkit.scaffold import new_pack

HEAD = """[[rule]]
id = "r"
version = 1
hazard = "codes"
streams = { property = "water_depth" }
verified = false
valid_from = 2026-01-01
source = "own: a test"
title = { en = "t", zh-hans = "t" }
why = { en = "t", zh-hans = "t" }
"""
EXAMPLES = [
    ("limit", 'level.red = "' + "(" * 40 + 'value"'),
    ("limit", f'level.red = "value > {"9" * 40} cm"'),
    ("toml", "level.red = = 3"),
    ("toml", 'note = "\u202e"'),
    ("unit", 'level.red = "value >= 15"'),
    ("unit", 'level.red = "value >= 15 Cel"'),
    ("unit", 'level.red = "value >= 15 parsecs"'),
    ("duration", 'level.red = "sum(400d) >= 15 cm"'),
    ("duration", 'level.red = "mean(value) > 3 cm"'),
    ("function", 'level.red = "sm(3h) >= 15 cm"'),
    ("stage", 'level.red = "value >= @doorstp"'),
    ("property", 'level.red = "value < sister(\'x\')"'.replace("'", '\\"')),
    ("table", 'level.red = "index(value, \\"aqi\\") > 3"'),
    ("name", 'level.red = "valu >= 15 cm"'),
    ("level", 'level.purple = "value >= 15 cm"'),
    ("level", ""),
    ("ladder", 'level.red = "value >= 5 cm"\nlevel.yellow = "value >= 15 cm"'),
    ("hold", 'level.red = "value >= 5 cm"\nhold = "soon"'),
    ("hold", 'level.red = "spike(5 cm)"\nhold = "2 obs"'),
    ("clear", 'level.red = "value >= 5 cm"\nclear = "value >= 5 cm"'),
    ("syntax", 'level.red = "value >> 5 cm"'),
    ("syntax", 'level.red = "value >= 5 cm and"'),
    ("kind", 'level.red = "sum(3h)"'),
    ("arguments", 'level.red = "sum(3h, 2h) > 5 cm"'),
    ("place", 'level.red = "how_many(value > 5 cm, 1h) > 2"'),
    ("key", 'level.red = "value >= 5 cm"\nlevls = 3'),
    ("type", 'level.red = "value >= 5 cm"\ncoverage = 3'),
    ("type", "level.red = 3"),
]  # fmt: skip


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_pack("codes", tmp_path_factory.mktemp("packs"))


def faults_of(pack: Path, rules: str) -> list[Fault]:
    (pack / "rules.toml").write_text(rules, "utf-8")
    return read_rule_set(pack).faults.found


@pytest.mark.parametrize(("code", "line"), EXAMPLES)
def test_an_example_bears_its_code_and_place(pack: Path, code: str, line: str) -> None:
    found = faults_of(pack, HEAD + line + "\n")
    assert code in {code_of(fault) for fault in found}, [(code_of(fault), fault.what) for fault in found]
    assert all(fault.line >= 1 and fault.column >= 1 for fault in found)


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("missing", HEAD.replace("verified = false\n", "")),
        ("hazard", HEAD.replace('"codes"', '"cods"') + 'level.red = "value > 5 cm"\n'),
        ("property", HEAD.replace("water_depth", "water_dept") + 'level.red = "value > 5 cm"\n'),
    ],
)
def test_faults_of_the_other_keys(pack: Path, code: str, rules: str) -> None:
    assert code in {code_of(fault) for fault in faults_of(pack, rules)}


def test_a_missing_file_and_a_stranger() -> None:
    assert code_of(Fault("streams.toml", 0, "streams.toml is missing", "write it")) == "file"
    assert code_of(Fault("hazards.toml", 3, "gap: something nobody thought of", "x")) == "declaration"
    assert code_of(Fault("rules.toml", 3, "level.red: something nobody thought of", "x")) == "expression"


def test_every_code_has_an_example() -> None:
    shown = {code for code, _ in EXAMPLES} | {"missing", "hazard", "file", "expression", "declaration"}
    assert shown == set(CODES)


def test_a_place_inside_escapes_and_long_texts(pack: Path) -> None:
    for line, place in (
        ('level.red = "value >= 15 cm \\u0061nd valu > 3 cm"', (11, 38)),
        ("level.red = 'value >= 15 cm and valu > 3 cm'", (11, 33)),
        ('level.red = """\n  value >= 15 cm\n  and valu > 3 cm"""', (13, 7)),
        ('level.red = """value >= 15 cm \\\n     and valu > 3 cm"""', (12, 10)),
    ):
        found = [fault for fault in faults_of(pack, HEAD + line + "\n") if code_of(fault) == "name"]
        assert [(fault.line, fault.column) for fault in found] == [place], line
