"""risks.toml: a matrix is read whole, or every fault of it is told; what ships grades as its table says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.packkit.check import check_pack

BUILT_IN = next(path for path in builtin_pack_paths() if path.name == "workplace_safety")


def test_what_ships_never_grades_lower_what_is_likelier_or_worse():
    matrix = load_pack(BUILT_IN).risks
    assert matrix is not None
    level = {
        (likely.code, bad.code): found.level
        for likely in matrix.likelihood for bad in matrix.consequence
        if (found := matrix.graded(likely.code, bad.code))
    }  # fmt: skip
    assert len(level) == 25
    assert (level["rare", "slight"], level["often", "major"]) == (1, 4)
    for row, likely in enumerate(matrix.likelihood):
        for column, bad in enumerate(matrix.consequence):
            here = level[likely.code, bad.code]
            assert row == 0 or level[matrix.likelihood[row - 1].code, bad.code] <= here
            assert column == 0 or level[likely.code, matrix.consequence[column - 1].code] <= here
    assert matrix.graded("rare", "nothing") is None


def test_the_graver_the_class_the_shorter_its_clocks():
    pack = load_pack(BUILT_IN)
    assert pack.risks is not None
    for name in ("review", "inspect"):
        months = [pack.clocks[getattr(one, name)].period.n for one in pack.risks.classes]
        assert months == sorted(months, reverse=True)
        assert all(pack.clocks[getattr(one, name)].verified is False for one in pack.risks.classes)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["low", "low", "low", "general", "larger"]', '["low", "low", "low", "general"]', "5 lists of 5"),
        ('["low", "low", "low", "general", "larger"]', '["low", "low", "low", "general", "deadly"]', "5 lists of 5"),
        ('["low", "low", "low", "general", "larger"]', '["general", "low", "low", "general", "larger"]', "cells fall"),
        ('level = "orange"', 'level = "yellow"', "do not rise"),
        ('level = "orange"', 'level = "purple"', "no level"),
        ('review = "review_low"', 'review = "review_none"', "no clock"),
        ('case = "inspection"', 'case = "inspected"', "no kind of case"),
        ('done = "done"', 'done = "planned"', "no state"),
        ('day = "planned_on"', 'day = "sector"', "no day"),
        ('answers = { sector = "general" }', 'answers = { sector = "moon" }', "sector choice"),
        ('answers = { sector = "general" }', "answers = { }", "sector missing"),
        ('called_off = "called_off"\n', "", "ends also as called_off"),
        ('called_off = "called_off"', 'called_off = "planned"', "ends also as called_off"),
        ('next = "next_on"', 'next = "why"', "asks for no day 'why'"),
        ('next = "next_on"', 'next = "some_day"', "asks for no day 'some_day'"),
        ('code = "seldom"', 'code = "rare"', "codes of their own"),
        ('inspect = "inspect_low"', 'inspects = "inspect_low"', "unknown key"),
    ],
)
def test_every_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str):
    folder = tmp_path / "workplace_safety"
    shutil.copytree(BUILT_IN, folder)
    text = (folder / "risks.toml").read_text("utf-8")
    assert old in text
    (folder / "risks.toml").write_text(text.replace(old, new, 1), "utf-8")
    faults = [fault for fault in check_pack(folder) if fault.file == "risks.toml"]
    assert any(said in fault.what for fault in faults), faults
    assert all(fault.remedy and fault.line for fault in faults)
