"""checklists.toml: read whole, or every fault told with its place; what the items say against each other."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.packkit.check import check_pack
from tocsin.packkit.checklist import ITEM_ANSWERS
from tocsin.packkit.checklists import checklist_faults, form_of, unmet
from tocsin.packkit.document import LANGUAGES

BUILT_IN = next(path for path in builtin_pack_paths() if path.name == "workplace_safety")
GAS = "[case.inspection.list.gas]"


def test_what_ships_has_a_list_for_every_sector_and_verifies_only_what_the_facts_bear_out():
    kind = load_pack(BUILT_IN).cases["inspection"]
    assert kind.checklists is not None
    sectors = kind.forms["inspection"].question("sector")
    assert sectors is not None
    assert set(kind.checklists.lists) == set(sectors.words)
    for one in kind.checklists.lists.values():
        assert 5 <= len(one.items) <= 10
        for item in one.items:
            assert item.verified == item.source.startswith("facts/workplace_safety.yaml#"), item.code
            assert all(item.asks[language] and item.finding[language] for language in LANGUAGES)


def test_the_form_of_the_move_is_that_of_its_list():
    kind = load_pack(BUILT_IN).cases["inspection"]
    finish, call_off = kind.moves["finish"], kind.moves["call_off"]
    names = [one.name for one in kind.forms[form_of(kind, finish, {"sector": "gas"})].questions]
    assert names[:2] == ["gas_detector", "gas_detector_note"]
    assert names[-2:] == ["result", "record"]
    assert form_of(kind, finish, {"sector": "space"}) == "inspection_result"
    assert form_of(kind, call_off, {"sector": "gas"}) == "call_off"


def test_the_result_agrees_with_the_items_whatever_they_are():
    """Against a twin that counts by itself, over every answer to three items and everything else."""
    kind = load_pack(BUILT_IN).cases["inspection"]
    assert kind.checklists is not None
    move, values = kind.moves["finish"], {"sector": "gas"}
    items = kind.checklists.lists["gas"].items
    for said in itertools.product(ITEM_ANSWERS, repeat=3):
        answers = dict.fromkeys([item.code for item in items], "met") | {
            item.code: answer for item, answer in zip(items, said, strict=False)
        }
        for result, recorded, pictures in itertools.product(("in_order", "findings"), (False, True), (False, True)):
            found = checklist_faults(
                kind, move, values, answers | {"result": result}, recorded=recorded, pictures=pictures
            )
            wrong = said.count("not_met")
            wanted = {"in_order": "unmet" if wrong else "recorded" if recorded else "",
                      "findings": "" if wrong or recorded else "all_met"}[result]  # fmt: skip
            assert [one.what for one in found if one.field == "result"] == ([wanted] if wanted else [])
            pictured = [
                item.code for item, answer in zip(items, said, strict=False) if item.picture and answer == "not_met"
            ]
            assert [one.field for one in found if one.what == "picture"] == ([] if pictures else pictured)
            assert len(unmet(kind, move, values, answers)) == wrong


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("case.inspection", "case.inspected", "no kind of case"),
        ('move = "finish"', 'move = "finnish"', "no move"),
        ('by = "sector"', 'by = "reason"', "no required choice"),
        ('result = "result"', 'result = "record"', "no required choice"),
        ('in_order = "in_order"', 'in_order = "fine"', "no choice of result"),
        ('finding = "finding"\ngrade', 'finding = "found"\ngrade', "no kind of case"),
        ('finding = "finding"\ngrade', 'finding = "accident"\ngrade', "opens no accident"),
        ('what = "what"', 'what = "grade"', "no text of finding"),
        (GAS, "[case.inspection.list.steam]", "is no choice of sector"),
        ('code = "gas_detector"', 'code = "exits_free"', "name of another item"),
        ('code = "gas_detector"', 'code = "record"', "name of another item"),
        ('code = "gas_detector"', 'code = "Gas Detector"', "no name of small letters"),
        ('code = "gas_detector"', 'code = "suspect_there"', "never kept"),
        ('grade = "major"\npicture', 'grade = "deadly"\npicture', "no grade of a finding"),
        ("The gas detector is on and answers a test", "x" * 121, "longer than 120"),
        ('asks = { en = "The gas detector is on and answers a test",', "asks = {", "no text in en"),
        ("picture = true", "picture = 1", "true or false"),
        ("picture = true", "photo = true", "unknown key"),
    ],
)  # fmt: skip
def test_every_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str):
    folder = shutil.copytree(BUILT_IN, tmp_path / "workplace_safety")
    text = (folder / "checklists.toml").read_text("utf-8")
    assert old in text
    (folder / "checklists.toml").write_text(text.replace(old, new), "utf-8")
    faults = [fault for fault in check_pack(folder) if fault.file == "checklists.toml"]
    assert any(said in fault.what for fault in faults), faults
    assert all(fault.remedy and fault.line for fault in faults)


def test_a_list_is_short(tmp_path: Path):
    folder = shutil.copytree(BUILT_IN, tmp_path / "workplace_safety")
    more = "".join(
        f'\n[[case.inspection.list.general.item]]\ncode = "item_{n}"\nasks = {{ en = "a", zh-hans = "甲" }}\n'
        f'finding = {{ en = "b", zh-hans = "乙" }}\ngrade = "general"\n' for n in range(18)
    )  # fmt: skip
    with (folder / "checklists.toml").open("a", encoding="utf-8") as file:
        file.write(more)
    assert any("more than 25 items" in fault.what for fault in check_pack(folder))
