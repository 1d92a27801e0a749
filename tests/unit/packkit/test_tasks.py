"""tasks.toml: what an inspector is asked, read whole; each fault is found where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.engine.hazard import HazardSpec
from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.tasks import MOST_CHECKS, VerificationSpec, read_tasks
from tocsin.terms.level import CHINA_FOUR_COLOUR

GOOD = """[verification.flood]
role = "inspector"
skills = ["pumps"]
minutes = { blue = 120, yellow = 60, orange = 30, red = 15 }
automatic = true
automatic_from = "orange"
check = [{ en = "How deep?", zh-hans = "多深？" }]
source = "own: a crew is there in a quarter of an hour"
verified = false
"""


def read(tmp_path: Path, text: str) -> tuple[dict[str, VerificationSpec], list[str]]:
    (tmp_path / "tasks.toml").write_text(text, encoding="utf-8")
    faults = Faults()
    found = read_tasks(Folder(tmp_path, faults), {"flood": HazardSpec("flood", 1.0, 60.0)}, CHINA_FOUR_COLOUR, faults)
    return dict(found), [str(fault) for fault in faults.faults]


def test_an_entry_is_read_whole(tmp_path: Path) -> None:
    found, faults = read(tmp_path, GOOD)
    assert faults == []
    spec = found["flood"]
    assert (spec.skills, spec.automatic_from, spec.verified) == (("pumps",), 3, False)
    assert [spec.minutes_at(rank) for rank in (0, 1, 2, 3, 4, 9)] == [120, 120, 60, 30, 15, 15]
    assert spec.checks[0]["zh-hans"] == "多深？"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[verification.flood]", "[verification.floods]", "tasks.toml:1: no hazard 'floods'"),
        ('role = "inspector"', 'role = "signer"', "tasks.toml:2: role 'signer' does not verify"),
        ("red = 15", "rde = 15", "scheme cn4 has no level 'rde'"),
        ("red = 15", "red = 45", "tasks.toml:4: minutes.red is longer than for a lower level"),
        ("red = 15", "red = 0", "minutes.red must be a whole number"),
        ("red = 15", "red = true", "minutes.red must be a whole number"),
        ('"orange"', '"purple"', "tasks.toml:6: scheme cn4 has no level 'purple'"),
        ("automatic = true\n", "automatic = false\n", "automatic_from without automatic = true"),
        ('automatic_from = "orange"\n', "", "automatic_from is missing"),
        ("check = [", "check = [] # [", f"check needs one to {MOST_CHECKS}"),
        (', zh-hans = "多深？"', "", "has no text in zh-hans"),
        ("verified = false", "", "verified is missing"),
        ("source", "sauce", "unknown key 'sauce'"),
    ],
)
def test_each_fault_is_found_where_it_stands(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    _, faults = read(tmp_path, GOOD.replace(old, new))
    assert any(said in fault for fault in faults), faults


def test_a_pack_without_the_file_asks_nothing(tmp_path: Path) -> None:
    faults = Faults()
    assert read_tasks(Folder(tmp_path, faults), {}, CHINA_FOUR_COLOUR, faults) == {}
    assert faults.faults == []


@pytest.mark.parametrize("path", builtin_pack_paths(), ids=lambda path: path.name)
def test_every_hazard_of_a_pack_that_ships_says_what_to_look_at(path: Path) -> None:
    pack = load_pack(path)
    assert set(pack.verifications) == set(pack.hazards)
    assert all(spec.source for spec in pack.verifications.values())
