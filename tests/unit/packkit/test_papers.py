"""papers.toml: what is written wrong is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.papers import PAPERS, default_papers, read_papers

GOOD = """
[paper.order]
title = { en = "Order to {facility}", zh-hans = "致{facility}的指令书" }
[[paper.order.part]]
text = { en = "{condition}", zh-hans = "{condition}" }
[[paper.order.part]]
signature = true
"""


def read(folder: Path, text: str) -> tuple[dict, list[str]]:
    (folder / "papers.toml").write_text(text, "utf-8")
    faults = Faults()
    return dict(read_papers(Folder(folder, faults), faults)), [fault.what for fault in faults.faults]


def test_a_pack_writes_a_paper_of_its_own(tmp_path: Path) -> None:
    papers, faults = read(tmp_path, GOOD)
    assert faults == []
    assert papers["order"].title["zh-hans"] == "致{facility}的指令书"
    assert [part.kind for part in papers["order"].parts] == ["text", "signature"]


def test_every_paper_has_a_default_in_both_languages() -> None:
    assert set(default_papers()) == set(PAPERS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[paper.order]", "[paper.ordre]"), "no paper 'ordre'"),
        (("{condition}\"", "{facilty}\""), "no variable {facilty}"),
        (("{condition}\"", "{condition.__class__}\""), "no variable {condition.__class__}"),
        (("{condition}\"", "{condition!r}\""), "no variable {condition}"),
        (("{condition}\"", "{\""), "no variable {{}"),
        (("signature = true", "signature = false"), "signature is true or is left out"),
        (("signature = true", "sections = true"), "has no sections"),
        (("signature = true", 'signature = true\nheading = { en = "x", zh-hans = "y" }'), "a part is one of"),
        ((', zh-hans = "{condition}"', ""), "has no text in zh-hans"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    _papers, faults = read(tmp_path, GOOD.replace(*change))
    assert any(said in fault for fault in faults), faults


def test_parts_that_are_no_list_are_named(tmp_path: Path) -> None:
    _papers, faults = read(tmp_path, GOOD.split("[[", maxsplit=1)[0] + "part = 1\n")
    assert faults == ["part must be written as [[part]]"]


def test_a_statement_without_what_is_known_is_none(tmp_path: Path) -> None:
    text = GOOD.replace("paper.order", "paper.statement").replace("{facility}", "x").replace("{condition}", "y")
    _papers, faults = read(tmp_path, text)
    assert faults == ["it leaves out what is known"]
