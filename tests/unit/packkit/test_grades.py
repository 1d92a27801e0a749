"""Ladders of grades: the accidents that ship at every boundary, a twin that reads the regulation's intervals one by one, and
every way in which a ladder may be broken."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.packkit.test_cases_declared import STREETS

from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.packkit.check import check_pack
from tocsin.packkit.grades import grade_of
from tocsin.packkit.grading import chain_step, hops_done, hops_left, with_grade
from tocsin.packkit.kept import declared_texts, read_kept

BUILT_IN = next(path for path in builtin_pack_paths() if path.name == "workplace_safety")
DOCS = Path(__file__).parents[3] / "docs" / "cases.md"
KIND = load_pack(BUILT_IN).cases["accident"]
assert KIND.grade is not None
TABLE = KIND.grade
CODES = {"ordinary": 0, "larger": 1, "major": 2, "extra-major": 3}
# Order 493, article 3, as facts/workplace_safety.yaml writes it: [from, below) of each measure.
INTERVALS: dict[str, dict[str, tuple[float, float]]] = {
    "extra_major": {"deaths": (30, 1e18), "seriously_injured": (100, 1e18), "direct_loss_cny": (100_000_000, 1e18)},
    "major": {"deaths": (10, 30), "seriously_injured": (50, 100), "direct_loss_cny": (50_000_000, 100_000_000)},
    "larger": {"deaths": (3, 10), "seriously_injured": (10, 50), "direct_loss_cny": (10_000_000, 50_000_000)},
    "ordinary": {"deaths": (0, 3), "seriously_injured": (0, 10), "direct_loss_cny": (0, 10_000_000)},
}
BOUNDARIES = {
    "deaths": (3, 10, 30), "seriously_injured": (10, 50, 100), "direct_loss_cny": (10_000_000, 50_000_000, 100_000_000),
}  # fmt: skip


def twin(values: dict[str, Any]) -> str | None:
    """Interval by interval, the most severe first; a measure that is not known lies in none."""
    for code, intervals in INTERVALS.items():
        for measure, (least, below) in intervals.items():
            value = values.get(measure)
            if value is not None and least <= value < below:
                return code
    return None


def graded(**values: Any) -> str | None:
    found = grade_of(TABLE, values)
    return found.code if found else None


@pytest.mark.parametrize("measure", BOUNDARIES)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_boundary_is_included_and_the_figure_below_it_is_not(measure: str, place: int) -> None:
    codes, least = [one.code for one in TABLE.grades], BOUNDARIES[measure][place]
    step = 0.01 if measure == "direct_loss_cny" else 1
    others = dict.fromkeys(BOUNDARIES, 0)
    assert graded(**{**others, measure: least - step}) == codes[place]
    assert graded(**{**others, measure: least}) == codes[place + 1]
    assert graded(**{**others, measure: least + step}) == codes[place + 1]
    assert TABLE.grades[place + 1].at_least[measure] == least


def golden() -> list[tuple[str, ...]]:
    """The table of the documentation."""
    section = DOCS.read_text("utf-8").split("## Accident grades", 1)[1].split("\n## ", 1)[0]
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return [row for row in rows if re.fullmatch(r"[\d,]+|not known", row[0])]


def test_the_documented_vectors_hold() -> None:
    rows = golden()
    assert len(rows) >= 33
    asked: dict[str, set[float]] = {name: set() for name in BOUNDARIES}
    for *figures, title, investigated_by, report_to in rows:
        values = {
            name: float(cell.replace(",", ""))
            for name, cell in zip(BOUNDARIES, figures, strict=True)
            if cell != "not known"
        }
        found = grade_of(TABLE, values)
        assert found is not None, figures
        by, to = TABLE.body(found.investigated_by), TABLE.body(found.report_to)
        assert by is not None
        assert to is not None
        assert (found.title["en"].removesuffix(" accident").lower(), by.title["en"], to.title["en"]) == (
            title, investigated_by, report_to), figures  # fmt: skip
        for name, value in values.items():
            asked[name].add(value)
    for name, bounds in BOUNDARIES.items():  # one below, at, one above
        step = 0.01 if name == "direct_loss_cny" else 1
        assert {round(bound + shift, 2) for bound in bounds for shift in (-step, 0, step)} <= asked[name]


def test_a_combination_takes_the_most_severe_and_what_is_not_known_counts_for_nothing() -> None:
    assert graded(deaths=2, seriously_injured=9, direct_loss_cny=100_000_000) == "extra_major"
    assert graded(deaths=9, seriously_injured=50, direct_loss_cny=9_999_999.99) == "major"
    assert graded(deaths=2, seriously_injured=9) == "ordinary"
    assert graded(deaths=3, seriously_injured=9, direct_loss_cny=None) == "larger"
    assert graded(direct_loss_cny=49_999_999.99) == "larger"
    assert graded() is None
    assert graded(deaths=True, seriously_injured="100", direct_loss_cny=float("nan")) is None  # no figures at all
    assert graded(deaths=0, missing=500) == "ordinary"  # who is missing counts for no grade


FIGURES = st.fixed_dictionaries({}, optional={
    "deaths": st.one_of(st.none(), st.integers(0, 40), st.sampled_from(BOUNDARIES["deaths"])),
    "seriously_injured": st.one_of(st.none(), st.integers(0, 120)),
    "direct_loss_cny": st.one_of(st.none(), st.floats(0, 2e8), st.sampled_from(BOUNDARIES["direct_loss_cny"])),
})  # fmt: skip


@given(FIGURES)
def test_the_ladder_agrees_with_the_regulation_read_interval_by_interval(values: dict[str, Any]) -> None:
    assert graded(**values) == twin(values)


@given(st.lists(st.tuples(FIGURES, st.sampled_from(["more_known", "wrong", None])), min_size=1, max_size=6))
def test_a_grade_falls_only_where_figures_were_wrong_and_every_one_before_is_kept(changes: list[Any]) -> None:
    values: dict[str, Any] = {}
    had: list[str] = []
    for figures, why in changes:
        now = twin(figures)
        if now and (not had or now != had[-1]) and (
            not had or list(INTERVALS).index(now) < list(INTERVALS).index(had[-1]) or why == "wrong"
        ):  # fmt: skip
            had.append(now)
        values = with_grade(
            TABLE, {**{k: v for k, v in values.items() if k not in BOUNDARIES}, **figures}, {"figures": why}
        )
    kept = [values[f"accident_grade#{n}"] for n in range(1, len(had))]
    assert [*kept, *([values["accident_grade"]] if had else [])] == had


def at(grade: str, done: int) -> dict[str, Any]:
    """Answers of a case of a grade that was passed up so often."""
    names = [*(f"passed_to#{n}" for n in range(1, done)), *(["passed_to"] if done else [])]
    return {"accident_grade": grade, **dict.fromkeys(names, "a body")}


@pytest.mark.parametrize(("grade", "hops"), [("ordinary", 1), ("larger", 2), ("major", 3), ("extra_major", 3)])
def test_the_report_goes_up_as_far_as_its_grade_asks(grade: str, hops: int) -> None:
    bodies = ["prefecture", "province", "state_council"]
    assert [body.code for body in TABLE.hops(grade)] == bodies[:hops]
    for done in range(4):
        assert hops_done(KIND, at(grade, done)) == done
        assert hops_left(KIND, at(grade, done)) == max(hops - done, 0)


def test_the_clock_of_the_chain_starts_for_each_further_hop_and_stops_with_the_last() -> None:
    assert chain_step(KIND, "pass_up", at("larger", 0), at("larger", 1)) == "start"
    assert chain_step(KIND, "pass_further", at("larger", 1), at("larger", 2)) == "stop"
    assert chain_step(KIND, "casualties", at("ordinary", 1), at("larger", 1)) == "start"  # it rises after the last hop
    assert chain_step(KIND, "casualties", at("larger", 1), at("major", 1)) == ""  # its clock runs already
    assert chain_step(KIND, "casualties", at("ordinary", 0), at("larger", 0)) == ""  # nothing was passed up yet
    assert chain_step(KIND, "casualties", at("larger", 1), at("ordinary", 1)) == "stop"
    assert chain_step(KIND, "casualties", at("larger", 2), at("ordinary", 2)) == ""
    assert chain_step(KIND, "remark", at("larger", 1), at("larger", 1)) == ""


LARGER = "at_least = { deaths = 3, seriously_injured = 10, direct_loss_cny = 10_000_000 }"
BROKEN = [
    (LARGER, "at_least = { deaths = 3, seriously_injured = 10 }", "has a gap there"),
    (LARGER, LARGER.replace("deaths = 3", "deaths = 10"), "at_least.deaths overlaps the grade before it"),
    (LARGER, LARGER.replace("deaths = 3", "deaths = 11"), "at_least.deaths falls below the grade before it"),
    (LARGER, LARGER.replace("deaths = 3", "deaths = 0"), "at_least.deaths overlaps the grade before it"),
    (LARGER, LARGER.replace("deaths = 3", "dead = 3"), "unknown key 'dead'"),
    (LARGER, LARGER.replace("deaths = 3", 'deaths = "3"'), "deaths must be a finite number"),
    ('report_to = "prefecture"', 'report_to = "prefecture"\nat_least = { deaths = 1 }', "what lies below has no grade"),
    ('measures = ["deaths", ', 'measures = ["dead", ', "no form asks for a number 'dead'"),
    ('measures = ["deaths", ', 'measures = ["course", "deaths", ', "no form asks for a number 'course'"),
    ('measures = ["deaths", ', 'measures = ["deaths", "deaths", ', "or one twice"),
    ('name = "accident_grade"', 'name = "deaths"', "is a question of a form"),
    ('report_to = "province"', 'report_to = "county"', "report_to falls where the grade rises"),
    ('investigated_by = "prefecture"', 'investigated_by = "village"', "no body 'village'"),
    ('code = "larger"', 'code = "ordinary"', "codes of their own"),
    ('code = "province"', 'code = "county"', "two bodies have one code"),
    ('clock = "each_level_up"\nmoves', 'clock = "each_level"\nmoves', "no clock 'each_level'"),
    ('moves = ["pass_up", ', 'moves = ["pass_on", ', "no move 'pass_on'"),
    ('moves = ["pass_up", ', 'moves = ["submit", ', "does not ask for 'passed_to' each time"),
    ('when = { figures = "wrong" }', 'when = { figures = "maybe" }', "with the choice 'maybe'"),
    ('source = "facts/workplace_safety.yaml#thresholds.acc_extra', 'sauce = "x', "source is missing"),
    ('within = ["casualty_update"]', 'within = ["rectify"]', "waits for clock rectify, which nothing starts"),
    ('clock = "each_level_up"\nmoves', 'clock = "rectify"\nmoves', "nothing starts rectify, the clock of the chain"),
    ('guards = ["hops_left"]', 'guards = ["hops"]', "no guard 'hops'"),
    ('within = ["casualty_update"]', 'within = ["casualties_update"]', "no clock 'casualties_update'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), BROKEN, ids=[str(number) for number in range(len(BROKEN))])
def test_a_broken_ladder_is_refused_where_it_stands(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = Path(shutil.copytree(BUILT_IN, tmp_path / "workplace_safety"))
    text = (folder / "lifecycle.toml").read_text("utf-8")
    assert old in text
    (folder / "lifecycle.toml").write_text(text.replace(old, new, 1), "utf-8")
    faults = [fault for fault in check_pack(folder) if fault.file == "lifecycle.toml" and said in fault.what]
    assert faults, [str(fault) for fault in check_pack(folder) if "not verified" not in fault.what]
    assert all(fault.remedy and fault.line for fault in faults)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('instead_of = "casualty_update"\n', "", "instead_of and when go together"),
        ('instead_of = "casualty_update"\n', 'instead_of = "casualties"\n', "is no other clock"),
        ('instead_of = "casualty_update"\n', 'instead_of = "reply_to_report_extra"\n', "is no other clock"),
        (
            'when = { accident_sort = ["road", "fire"] }',
            'when = { accident_sort = ["air"] }',
            "no answer of accident_sort is 'air'",
        ),
        (
            'when = { accident_grade = ["extra_major"] }',
            'when = { accident_grade = ["huge"] }',
            "no answer of accident_grade is",
        ),
    ],
)
def test_a_clock_that_runs_instead_of_another_is_looked_at(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = Path(shutil.copytree(BUILT_IN, tmp_path / "workplace_safety"))
    text = (folder / "clocks.toml").read_text("utf-8")
    assert old in text
    (folder / "clocks.toml").write_text(text.replace(old, new, 1), "utf-8")
    assert any(said in fault.what and fault.file == "clocks.toml" for fault in check_pack(folder))


@pytest.mark.parametrize(
    ("old", "new"), [("hops = 1", "hops = 2"), ('grade = "larger"', 'grade = "major"'), ('"late"', '"when"')]
)
def test_an_example_is_held_against_grade_hops_and_window(tmp_path: Path, old: str, new: str) -> None:
    folder = Path(shutil.copytree(BUILT_IN, tmp_path / "workplace_safety"))
    text = (folder / "cases" / "accident_rises.toml").read_text("utf-8")
    (folder / "cases" / "accident_rises.toml").write_text(text.replace(old, new, 1), "utf-8")
    assert any(fault.file == "cases/accident_rises.toml" for fault in check_pack(folder))


GRADES_OF_STREETS = """
[case.request.grade]
name = "size"
title = { en = "Size", zh-hans = "规模" }
measures = ["lamps"]
source = "own: how many lamps make a street dark"
verified = false

[[case.request.grade.step]]
code = "few"
title = { en = "A few", zh-hans = "少量" }

[[case.request.grade.step]]
code = "street"
title = { en = "A whole street", zh-hans = "整条街" }
at_least = { lamps = 10 }
"""


def test_another_pack_has_grades_with_nothing_but_its_folder(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(STREETS, tmp_path / "streets"))
    with (folder / "lifecycle.toml").open("a", encoding="utf-8") as file:
        file.write(GRADES_OF_STREETS)
    kind = load_pack(folder).cases["request"]
    assert kind.grade is not None
    assert [with_grade(kind.grade, {"lamps": lamps}, {})["size"] for lamps in (1, 9, 10, 99)] == [
        "few",
        "few",
        "street",
        "street",
    ]
    assert (hops_left(kind, {"size": "street"}), chain_step(kind, "accept", {}, {"size": "street"})) == (0, "")
    assert (
        read_kept("streets", declared_texts(folder))["request"].grade == kind.grade
    )  # an old case reads the same ladder
    assert load_pack(STREETS).cases["request"].grade is None
