"""docs/packs.md is true: its pack is whole and passes, its conditions are read, its faults are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tocsin.engine.language.build import FUNCTIONS
from tocsin.engine.language.parse import parse_condition
from tocsin.engine.language.vocabulary import Vocabulary
from tocsin.packkit import Pack, examine_pack, explain_transition, load_pack
from tocsin.packkit.concerns.quality import TIERS
from tocsin.packkit.example import play, read_example
from tocsin.packkit.fault import Faults
from tocsin.packkit.words import LOWERED, PLACEHOLDERS, SENTENCES
from tocsin.terms.errors import TocsinError

TEXT = (Path(__file__).parents[2] / "docs" / "packs.md").read_text(encoding="utf-8")
FILES = re.findall(r"```(?:toml|csv)\n# cellar_flood/(\S+)\n(.*?)```", TEXT, re.S)


def table(heading: str) -> list[tuple[str, str]]:
    """The rows of the table whose first column has this heading."""
    after = TEXT.split(f"\n| {heading} | ", 1)[1].split("\n\n", 1)[0]
    rows = [line.strip("| ").split(" | ", 1) for line in after.splitlines()[2:]]
    return [(left, right) for left, right in rows]


def conditions(heading: str) -> list[str]:
    cells = [cell for row in table(heading) for cell in row]
    return [code for cell in cells for code in re.findall(r"`([^`]*)`", cell) if "(" in code or " " in code]


OF_STREAM = [code for code in conditions("of one stream") if not code.startswith(("<", "+"))]
OF_AREA = conditions("of an area (`per` names a label)")
JOINT = conditions("of signals, reports and bulletins")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("docs") / "cellar_flood"
    for name, text in FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def pack(folder: Path) -> Pack:
    return load_pack(folder)


def vocabulary(pack: Pack, *, area: bool) -> Vocabulary:
    units = {name: known.unit for name, known in pack.properties.items()}
    return Vocabulary(unit="cm", units=units, tables=pack.tables, stages=frozenset({"doorstep"}), area=area)


def test_the_pack_of_the_page_passes_the_check_with_its_examples(folder: Path) -> None:
    found = examine_pack(folder)
    assert [str(fault) for fault in found.faults] == []
    assert found.pack.tier == "silver"
    assert {path.name for path in (folder / "examples").iterdir()} == {"wet_evening", "quiet_day"}


def test_the_sentence_of_the_page_is_the_one_that_is_read(pack: Pack) -> None:
    example = read_example(pack.path, "wet_evening", Faults())
    assert example is not None
    first = play(pack, example).transitions[0]
    assert f"`{explain_transition(pack, first, 'mill-lane-2', 'en')}`" in TEXT


@pytest.mark.parametrize(
    ("code", "area"), [*((code, False) for code in OF_STREAM), *((code, True) for code in OF_AREA)]
)
def test_every_condition_of_the_page_is_read(pack: Pack, code: str, area: bool) -> None:
    parse_condition(code, vocabulary(pack, area=area))


def test_the_conditions_show_every_function_of_the_language() -> None:
    shown = " ".join([*OF_STREAM, *OF_AREA])
    for name in FUNCTIONS:
        assert re.search(rf"\b{name}\(", shown), f"no condition of docs/packs.md shows {name}"


@pytest.mark.parametrize("code", JOINT)
def test_every_joint_condition_of_the_page_is_read(pack: Pack, code: str) -> None:
    names = {rule.name.rpartition("/")[2]: rule.name for rule in pack.rules}
    words = Vocabulary("cm", rules=names, categories=frozenset({"water_in_cellar"}), hazards=frozenset(pack.hazards))
    parse_condition(code, words)


@pytest.mark.parametrize(("cell", "said"), table("write"))
def test_every_fault_of_the_page_is_said_so(pack: Pack, cell: str, said: str) -> None:
    with pytest.raises(TocsinError) as caught:
        parse_condition(cell.strip("`"), vocabulary(pack, area=False))
    assert said in f"{caught.value.rule} {caught.value.remedy}"


def test_every_placeholder_sentence_and_item_is_named() -> None:
    for name in PLACEHOLDERS:
        assert f"{{{name}}}" in TEXT, f"docs/packs.md does not name {{{name}}}"
    for name in (*SENTENCES, LOWERED, *TIERS, *(item for items in TIERS.values() for item in items)):
        assert re.search(rf"[`*]{name}[`*]", TEXT), f"docs/packs.md does not name {name}"
