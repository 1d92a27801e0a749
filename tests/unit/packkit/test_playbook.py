"""playbook.toml: what is read, what is refused, and which mapping counts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.packkit import builtin_pack_paths, examine_pack, load_pack
from tocsin.packkit.playbook import MOMENTS, Playbook, ResponseMapping
from tocsin.terms.response_level import RESPONSE_LEVELS, response_level, response_rank

GAS = next(path for path in builtin_pack_paths() if path.name == "gas_leak")


def faults_of(tmp_path: Path, change: tuple[str, str]) -> str:
    folder = tmp_path / "gas_leak"
    shutil.copytree(GAS, folder)
    book = folder / "playbook.toml"
    text = book.read_text(encoding="utf-8")
    assert change[0] in text
    book.write_text(text.replace(*change), encoding="utf-8")
    return "\n".join(str(fault) for fault in examine_pack(folder, run_examples=False).faults)


def test_the_built_in_playbooks_are_read() -> None:
    for path in builtin_pack_paths():
        pack = load_pack(path)
        book = pack.playbook
        assert bool(book.mappings) == (path / "playbook.toml").is_file()
        for mapping in book.mappings:
            assert book.actions_for(mapping.hazard, mapping.response), mapping
            reports = {report.done_by for report in book.reports_for(mapping.hazard)}
            assert reports == (
                {"", "statement"} if mapping.hazard in pack.hazards else set()
            )  # once, by whose hazard it is


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('hazard = "gas_leak"\non = "warning"', 'hazard = "gas_leek"\non = "warning"'), "no hazard 'gas_leek'"),
        (('on = "warning"', 'on = "rumour"'), "on 'rumour' is none of"),
        (('response = "II"\nopens', 'response = "V"\nopens'), "response 'V' is none of"),
        (('level = "red"', 'level = "purple"'), "level 'purple' is none of"),
        (('opens = "at_once"', 'opens = "maybe"'), "opens 'maybe' is none of"),
        (('role = "inspector"', 'role = "robot"'), "role 'robot' is none of"),
        (('at = ["underpass", "metro_entrance", "school", "hospital"]\n', ""), "no kind is named"),
        (('receipt = "15min"', 'receipt = "3h"'), "receipt comes after done"),
        (('id = "cordon"', 'id = "call_gas_company"'), "stands there twice"),
        (('done_by = "statement"', 'done_by = "magic"'), "no way 'magic'"),
        (('level = "red"\nresponse = "II"', 'level = "red"\nresponse = "IV"'), "a higher level opens a lower response"),
        (('[[report]]\nid = "phone"', '[[report]]\nurgent = true\nid = "phone"'), "unknown key 'urgent'"),
        (('source = "own: gas at a fifth', 'source = "hearsay: a fifth'), "neither a file with an anchor"),
        (
            ('[[mapping]]\nhazard = "gas_leak"\non = "warning"', '[[mapping]]\nhazard = []\non = "warning"'),
            "hazard is missing",
        ),
    ],
)
def test_every_fault_is_said_with_its_line(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    found = faults_of(tmp_path, change)
    assert said in found, found
    assert "playbook.toml:" in found


def test_a_response_without_a_first_action_is_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "gas_leak"
    shutil.copytree(GAS, folder)
    book = folder / "playbook.toml"
    text = book.read_text(encoding="utf-8")
    book.write_text(text[: text.index("[[action]]")], encoding="utf-8")
    found = "\n".join(str(fault) for fault in examine_pack(folder, run_examples=False).faults)
    assert "response IV of gas_leak has no first action" in found


mappings = st.builds(
    ResponseMapping, st.sampled_from(["a", "b"]), st.sampled_from(MOMENTS), st.integers(1, 4), st.integers(1, 4),
    st.sampled_from(["by_commander", "at_once"]), st.just("own: test of the rule"), st.just(False),
)  # fmt: skip


@given(st.lists(mappings, max_size=8), st.sampled_from(["a", "b"]), st.sampled_from(MOMENTS), st.integers(1, 4))
def test_the_highest_of_those_that_fit_counts_and_none_is_invented(
    declared: list[ResponseMapping], hazard: str, on: str, level: int
) -> None:
    found = Playbook(tuple(declared)).mapping(hazard, on, level)
    fit = [m for m in declared if (m.hazard, m.on) == (hazard, on) and m.level <= level]
    assert (found is None) == (not fit)
    if found is not None:
        assert found in fit
        assert all(m.response <= found.response for m in fit)


def test_response_levels_are_an_axis_of_their_own() -> None:
    assert [level.rank for level in RESPONSE_LEVELS] == [1, 2, 3, 4]
    assert [response_rank(code) for code in ("IV", "III", "II", "I")] == [1, 2, 3, 4]
    assert response_level(4).word("zh-hans") == "一级响应"
    with pytest.raises(IndexError):
        response_level(5)
    with pytest.raises(KeyError):
        response_rank("red")


URBAN = next(path for path in builtin_pack_paths() if path.name == "urban_flood")


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("playbook.toml", ('early = "red"\ndecide = "10min"', 'early = "red"'), "decide is missing"),
        ("playbook.toml", ('early = "red"', 'early = "violet"'), "early 'violet' is none of"),
        ("playbook.toml", ('on = "event"', 'on = "warning"'), "no response is proposed on an event"),
        ("playbook.toml", ('call = { en', 'cull = { en'), "call is missing"),
        ("pack.toml", ('needs = ["natural_hazards"]', 'needs = ["natural_hazard"]'), "is neither installed nor a folder"),
        ("pack.toml", ('needs = ["natural_hazards"]', "needs = []"), "no hazard 'rainstorm' in hazards.toml"),
    ],
)  # fmt: skip
def test_early_actions_and_needed_packs_are_checked(
    tmp_path: Path, file: str, change: tuple[str, str], said: str
) -> None:
    folder = tmp_path / "urban_flood"
    shutil.copytree(URBAN, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert change[0] in text
    (folder / file).write_text(text.replace(change[0], change[1]), encoding="utf-8")
    assert said in "\n".join(str(fault) for fault in examine_pack(folder, run_examples=False).faults)


def test_a_pack_speaks_of_hazards_that_it_needs_and_does_not_own_them() -> None:
    pack = load_pack(URBAN)
    assert set(pack.hazards) == {"cloudburst"}
    assert {"rainstorm", "waterlogging", "cloudburst"} <= set(pack.spoken_of)
    assert {action.early for action in pack.playbook.early_actions_for("rainstorm", 3)} == {3}
    assert {action.early for action in pack.playbook.early_actions_for("rainstorm", 4)} == {3, 4}
    assert pack.playbook.early_actions_for("rainstorm", 2) == ()
