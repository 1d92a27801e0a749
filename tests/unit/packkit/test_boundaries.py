"""No person fields, no sealed content: refused when a pack is loaded, wherever it comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.packkit.concerns.sealed import sealed_selection
from tocsin.packkit.scaffold import new_pack
from tocsin.terms.errors import BadPack


@pytest.mark.parametrize(
    ("select", "refused"),
    [
        ({"property": ["petition_count"]}, True),
        ({"property": ["mediation_cases"]}, True),
        ({"property": ["hotline_calls"]}, True),
        ({"property": ["psychological_support"]}, True),
        ({"source": ["tips"]}, True),
        ({"pack": ["natural_hazards"]}, True),
        ({"case_number": ["7"]}, True),
        ({"description": ["gas"]}, True),
        ({"property": ["river_stage"], "source": ["hotline"]}, True),
        ({"property": ["tipping_bucket"]}, False),
        ({"property": ["competition"]}, False),
        ({"property": ["river_stage"], "river": ["Kelani Ganga"]}, False),
    ],
)
def test_what_reaches_for_sealed_content(select: dict[str, list[str]], refused: bool) -> None:
    assert bool(sealed_selection(select)) is refused


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("rules.toml", '{ property = "water_depth" }', '{ property = "water_depth", source = "hotline" }', "sealed"),
        ("rules.toml", '{ property = "water_depth" }', '{ property = "water_depth", case = "7" }', "sealed"),
        ("rules.toml", 'id = "deep_water"', 'id = "deep_water"\nper = "petition"', "sealed"),
        ("streams.toml", "water_depth]", "water_depth_of_person]", "names a person"),
        ("streams.toml", "water_depth]", "face_count]", "names a person"),
        ("streams.toml", "water_depth]", "protestSize]", "names a person"),
        ("rules.toml", 'hazard = "cellar"', 'hazard = "unrest"', "names a person"),
        ("rules.toml", "Write what happens at these depths.", "Finds the key person.", "speaks of"),
        ("words/zh-hans.toml", "{evidence}", "{evidence}舆情", "speaks of"),
        ("pack.toml", 'owner = "', 'owner = "blacklist ', "speaks of"),
    ],
)
def test_refused_at_load(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    pack = new_pack("cellar", tmp_path)
    text = (pack / file).read_text("utf-8")
    assert old in text
    (pack / file).write_text(text.replace(old, new), "utf-8")
    with pytest.raises(BadPack) as caught:
        load_pack(pack)
    faults = [caught.value.rule]
    if not re.search(said, faults[0]):  # another fault may stand on an earlier line: look at all of them
        from tocsin.packkit import check_pack

        faults = [fault.what for fault in check_pack(pack)]
    assert any(said in what for what in faults), faults


def test_packs_that_ship_pass() -> None:
    found = {load_pack(path).name for path in builtin_pack_paths()}
    assert found == {
        "gas_leak",
        "mediation",
        "natural_hazards",
        "petitions",
        "rectification",
        "urban_flood",
        "workplace_safety",
    }
