"""The pack of petitions and what its kind needed of the kernel: levels of appeal, rights that lapse, what is told; its bounds:
no field that scores, ranks, counts or lists who comes forward, whether it is declared sealed or not."""

from __future__ import annotations

import json
import shutil
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.packkit import check_pack, find_pack, load_pack
from tocsin.packkit.appeal_levels import level_of, next_level
from tocsin.terms.boundary import name_refused, text_refused

PETITIONS = find_pack("petitions")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PETITIONS, tmp_path / "petitions"))


def ask(pack: Path, name: str, title: str = "", *, sealed: bool = True) -> list[str]:
    """The faults of the pack once its first form asks for one thing more."""
    file = pack / "forms" / "petition.json"
    form = json.loads(file.read_text("utf-8"))
    words = {"en": title or "Something", "zh-hans": title or "某事"}
    form["properties"][name] = {"type": "string", "maxLength": 40, "x-title": words, "x-sealed": sealed}
    file.write_text(json.dumps(form, ensure_ascii=False), "utf-8")
    return [fault.what for fault in check_pack(pack) if fault.file == "forms/petition.json"]


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("name", [
    "petitioner_score", "petitioner_rank", "petitioner_level", "requester_rating", "complainant_class", "repeat_petitioner",
    "vexatious_petitioners", "petitioner_list", "petitioner_history", "complainant_count", "earlier_petitions",
    "number_of_petitions", "times_petitioned", "key_person", "identity_number", "household_register",
])  # fmt: skip
def test_a_field_that_scores_counts_or_lists_who_comes_forward_is_refused(pack: Path, name: str, sealed: bool) -> None:
    assert any("never kept" in what for what in ask(pack, name, sealed=sealed))


@pytest.mark.parametrize(
    "title", ["老上访户", "信访人评分", "缠访情况", "上访次数", "Repeat petitioner", "Petitioner score"]
)
def test_a_title_that_asks_for_it_is_refused_too(pack: Path, title: str) -> None:
    assert any("speaks of" in what for what in ask(pack, "note", title))


def test_the_words_of_the_pack_itself_and_of_ordinary_casework_pass() -> None:
    for name in ("petition", "petitioner", "earlier_reply", "number_of_lamps", "requester", "visit", "caller_waits"):
        assert name_refused(name) is None, name
    assert text_refused("The petitioner reads it by receipt code") is None
    assert text_refused("同一事项重复信访的处理") is None  # the matter, not a person


def test_who_came_forward_is_asked_under_seal_and_nothing_else_about_them() -> None:
    kind = load_pack(PETITIONS).cases["petition"]
    assert kind.sealed
    sealed = {question.name for form in kind.forms.values() for question in form.questions if question.sealed}
    assert {"name", "contact", "request", "reasons", "reply", "facts"} <= sealed
    assert not sealed & kind.outside
    assert all("facility_operator" in state.hidden_from for state in kind.states.values())


def test_its_clocks_are_those_of_the_facts() -> None:
    clocks = load_pack(PETITIONS).cases["petition"].clocks
    days = {code: (spec.period.n, spec.period.unit.value) for code, spec in clocks.items() if spec.verified}
    assert days == {
        "office_sort": (15, "calendar_day"), "direct_notice": (15, "calendar_day"), "transferred_notice": (15, "calendar_day"),
        "objection": (5, "working_day"), "conclude": (60, "calendar_day"), "ask_review": (30, "calendar_day"),
        "review": (30, "calendar_day"), "ask_recheck": (30, "calendar_day"), "recheck": (30, "calendar_day"),
    }  # fmt: skip
    extension = clocks["conclude"].extension
    assert extension is not None
    assert extension.period is not None
    assert (extension.period.n, extension.times, extension.who) == (30, 1, ("commander",))
    assert [code for code, spec in clocks.items() if spec.pause] == ["recheck"]
    assert [code for code, spec in clocks.items() if spec.stays] == ["conclude"]  # an opinion is owed to each
    assert sorted(code for code, spec in clocks.items() if spec.lapses) == ["ask_recheck", "ask_review", "objection"]


def test_two_levels_of_appeal_and_no_third() -> None:
    kind = load_pack(PETITIONS).cases["petition"]
    titles = [desk.title["en"] if (desk := next_level(kind, outcomes)) else "" for outcomes in (
        [], [False], [False, False], [True], [False, True], [False, True, False])]  # fmt: skip
    assert titles == ["Review", "Re-examination", "", "Review", "Review", "Re-examination"]


@given(st.lists(st.booleans(), max_size=12))
def test_the_level_is_the_number_of_outcomes_left_to_stand_since_the_last_change(outcomes: list[bool]) -> None:
    assert level_of(outcomes) == len(list(takewhile(lambda upheld: not upheld, reversed(outcomes))))


@pytest.mark.parametrize(("file", "before", "after", "what"), [
    ("lifecycle.toml", 'stands = "final"', 'stands = "finale"', "no state 'finale'"),
    ("lifecycle.toml", 'ask = "ask_review"', 'ask = "ask"', "no clock 'ask'"),
    ("lifecycle.toml", "above = true", "above = 1", "above must be true or false"),
    ("lifecycle.toml", 'supervisor = "commander"', 'supervisor = "mayor"', "no role 'mayor'"),
    ("lifecycle.toml", 'hidden_from = ["facility_operator"]', 'hidden_from = ["everybody"]', "no role 'everybody'"),
    ("lifecycle.toml", 'stands = "final"\n', "", "state final cannot be reached"),
    ("clocks.toml", "lapses = true", 'warn = { n = 1, unit = "working_day" }\nlapses = true', "it warns, and lapses"),
    ("forms/route.json", '"x-told": true', '"x-told": "yes"', "x-told must be true or false"),
    ("cases/to_the_court.toml", 'state = "elsewhere"', 'state = "received"', "the case is 'elsewhere'"),
    ("cases/through_all_levels.toml", 'refused = "last_level"', 'refused = "late"', "refused for last_level, not for late"),
    ("cases/upheld_and_late.toml", 'refused = "late"', 'refused = "state"', "refused for late, not for state"),
])  # fmt: skip
def test_a_fault_of_what_is_new_is_found(pack: Path, file: str, before: str, after: str, what: str) -> None:
    text = (pack / file).read_text("utf-8")
    assert before in text
    (pack / file).write_text(text.replace(before, after, 1), "utf-8")
    assert any(what in fault.what for fault in check_pack(pack)), [str(fault) for fault in check_pack(pack)]


def test_four_levels_of_appeal_are_refused(pack: Path) -> None:
    text = (pack / "lifecycle.toml").read_text("utf-8")
    start, end = text.index("[[case.petition.appeal]]"), text.index("[case.petition.seal]")
    (pack / "lifecycle.toml").write_text(text[:end] + text[start:end] + text[end:], "utf-8")
    assert any("list of one to 3 tables" in fault.what for fault in check_pack(pack))
