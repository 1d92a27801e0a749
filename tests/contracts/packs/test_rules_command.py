"""``tocsin rules``: what it prints, how it exits, what it writes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tocsin.app.cli import main
from tocsin.packkit import find_pack
from tocsin.packkit.scaffold import new_pack


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["rules", *map(str, words)], prog_name="tocsin")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The pack that `tocsin pack new` makes: water depth in cm, yellow from 15, red from 40."""
    return new_pack("cellar", tmp_path)


# ---------------------------------------------------------------- check
def test_a_good_pack_has_no_fault(pack: Path) -> None:
    done = run("check", pack)
    assert done.exit_code == 0
    assert "1 rules read, no fault" in done.output


def test_every_fault_at_once_with_place_mark_and_remedy(pack: Path) -> None:
    rules = pack / "rules.toml"
    text = rules.read_text("utf-8").replace('"value >= 15 cm"', '"valu >= 15 cm"').replace("10 cm for", "10 Cel for")
    rules.write_text(text.replace("[[rule]]", "[[rule]]\nlevls = 3"), "utf-8")
    done = run("check", pack)
    assert done.exit_code == 1
    lines = [line.rstrip() for line in done.output.splitlines()]
    for code, column, shown, remedy in (("name", 17, "valu", "did you mean 'value'"), ("unit", 18, "10 Cel", "write a number in cm"),  # noqa: E501
                                        ("key", 1, "levls", "did you mean 'level'")):  # fmt: skip
        at = next(k for k, line in enumerate(lines) if f"error[{code}]" in line)
        place = re.search(r":(\d+):(\d+): ", lines[at])
        assert place is not None
        source = rules.read_text("utf-8").splitlines()[int(place[1]) - 1]
        assert int(place[2]) == column
        assert source[column - 1 :].startswith(shown)
        assert lines[at + 1].endswith(f"| {source}")
        assert lines[at + 2].index("^") - lines[at + 1].index("|") - 2 == column - 1
        assert remedy in lines[at + 3]
    assert lines[-1].endswith("0 rules read, 3 faults")


def test_faults_for_programs(pack: Path) -> None:
    (pack / "rules.toml").write_text((pack / "rules.toml").read_text("utf-8").replace("40 cm", "4"), "utf-8")
    done = run("check", pack, "--json")
    document = json.loads(done.output)
    assert done.exit_code == 1
    assert {(fault["code"], fault["column"]) for fault in document["faults"]} == {("unit", 23)}
    assert set(document["faults"][0]) == {"file", "line", "column", "code", "what", "remedy", "source"}


def test_a_rules_file_that_stands_alone(pack: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(pack / "rules.toml", alone / "water.toml")
    lonely = run("check", alone / "water.toml")
    assert lonely.exit_code == 1
    assert "streams.toml is missing" in lonely.output
    shutil.copy(pack / "streams.toml", alone / "streams.toml")
    assert run("check", alone / "water.toml").exit_code == 0
    assert "water/deep_water" in run("explain", alone / "water.toml").output


def test_wrong_use_exits_2(tmp_path: Path) -> None:
    for words in (["check", "nowhere"], ["fmt", tmp_path], ["explain", "gas_leak", "--rule", "nothing"], ["check"],
                  ["explain", "gas_leak", "--budget", "much"], ["test", tmp_path / "x.toml"]):  # fmt: skip
        assert run(*words).exit_code == 2, words


# ---------------------------------------------------------------- fmt
def test_fmt_checks_shows_and_writes(pack: Path) -> None:
    rules = pack / "rules.toml"
    good = rules.read_text("utf-8")
    loose = good.replace('level.red = "value >= 40 cm"', 'level.red="value>=40cm"   # as surveyed')
    rules.write_text(loose, "utf-8")
    assert run("fmt", pack, "--check").exit_code == 1
    shown = run("fmt", pack, "--diff")
    assert (shown.exit_code, rules.read_text("utf-8")) == (1, loose)
    assert '+level.red = "value >= 40 cm"  # as surveyed' in shown.output
    assert run("fmt", pack).exit_code == 0
    assert rules.read_text("utf-8") == good.replace('"value >= 40 cm"', '"value >= 40 cm"  # as surveyed')
    assert run("fmt", pack, "--check").exit_code == 0
    assert [path.name for path in pack.iterdir() if path.name.startswith(".")] == []


def test_fmt_leaves_a_broken_file_alone(pack: Path) -> None:
    (pack / "rules.toml").write_text("[[rule\n", "utf-8")
    done = run("fmt", pack)
    assert done.exit_code == 2
    assert (pack / "rules.toml").read_text("utf-8") == "[[rule\n"


# ---------------------------------------------------------------- explain
def test_explain_in_both_languages() -> None:
    english, chinese = (
        run("explain", "natural_hazards", "--rule", "rainstorm"),
        run("explain", "natural_hazards", "--lang", "zh"),
    )
    assert english.exit_code == chinese.exit_code == 0
    for said in ("total rain in 3 h is at least 100 mm", "down when total rain in 3 h is below 30 mm, for 1 h",
                 "with rainstorm_area", "fits the budget of 8GiB", "facts/natural_hazards.yaml#signal_rules.rainstorm (the text was read)"):  # fmt: skip  # noqa: E501
        assert said in english.output, said
    for said in ("3小时累计降雨量不低于100毫米", "与rainstorm_area共用", "不超过预算8GiB", "未核对原文"):
        assert said in chinese.output, said


def test_explain_compares_with_the_budget() -> None:
    few = json.loads(run("explain", "natural_hazards", "--streams", "100", "--json").output)
    done = run("explain", "natural_hazards", "--streams", "1000000", "--cadence", "60", "--budget", "1GiB", "--json")
    many = json.loads(done.output)
    assert (few["within_budget"], many["within_budget"], done.exit_code) == (True, False, 1)
    assert many["bytes"] == many["state_bytes"] + many["window_bytes"] > few["bytes"]
    rain = next(rule for rule in many["rules"] if rule["rule"].endswith("/rainstorm"))
    assert {"rainstorm_area"} == {name for names in rain["shares"].values() for name in names}
    assert sum(part["bytes"] for part in rain["parts"]) == rain["state_bytes"] + rain["window_bytes"]


def test_explain_says_which_units_are_converted(pack: Path) -> None:
    rules = pack / "rules.toml"
    rules.write_text(rules.read_text("utf-8").replace("value >= 40 cm", "value >= 0.4 m"), "utf-8")
    assert "0.4 m is compared as 40 cm" in run("explain", pack).output


# ---------------------------------------------------------------- test
TEST = """[[test]]
name = "deep water <is> raised"
interval = "5min"
stream = [{ id = "a", property = "water_depth", series = "0 20x2 5x8" }]
signal = [
  { at = "5min", rule = "deep_water", stream = "a", change = "raised", level = "yellow", evidence = "value 20 cm >= 15 cm" },
  { at = "50min", rule = "deep_water", stream = "a", change = "cleared" },
]
standing = [{ at = "20min", rule = "deep_water", levels = { a = "yellow" } }]
"""


def with_test(pack: Path, text: str) -> Path:
    (pack / "tests").mkdir(exist_ok=True)
    (pack / "tests" / "depth.toml").write_text(text, "utf-8")
    return pack


def test_tests_pass(pack: Path) -> None:
    done = run("test", with_test(pack, TEST))
    assert done.output.strip().endswith("1 passed, 0 failed"), done.output
    assert done.exit_code == 0
    assert run("test", pack / "tests" / "depth.toml").exit_code == 0
    assert run("test", pack, "--run", "nothing is called so").output.strip() == "0 passed, 0 failed"


def test_a_difference_names_the_nearest_that_came(pack: Path, tmp_path: Path) -> None:
    text = TEST.replace('at = "5min"', 'at = "10min"').replace(
        'level = "yellow", evidence = "value 20 cm', 'level = "red", evidence = "value 21 cm'
    )
    report = tmp_path / "report.xml"
    done = run("test", with_test(pack, text), "--junit", report)
    assert done.exit_code == 1
    for said in ("did not come: 10min deep_water stream:a raised red  [value 21 cm >= 15 cm]  (line 6)",
                 "nearest:    5min deep_water stream:a raised yellow  [value 20 cm >= 15 cm]", "level     expected red, came yellow",  # noqa: E501
                 "at        expected 10min, came 5min (5min earlier)",
                 "evidence  expected value 21 cm >= 15 cm, came value 20 cm >= 15 cm"):  # fmt: skip
        assert said in done.output, done.output
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "1", "0")
    case = suite.find("testcase")
    assert case is not None
    assert case.get("name") == "deep water <is> raised"
    assert "nearest" in (case.findtext("failure") or "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("20x2 5x8", "20x2 5x2"), "nothing came that is like it"),
        (("signal = [", "signal = [] # ["), None),
        (('levels = { a = "yellow" }', "levels = {}"), "at 20min deep_water stream:a: expected none, stands at yellow"),
        (("0 20x2 5x8", "0 20x2 50 5x8"), "came and is not expected: 20min deep_water stream:a changed red"),
    ],
)
def test_what_differs_is_said(pack: Path, change: tuple[str, str], said: str | None) -> None:
    done = run("test", with_test(pack, TEST.replace(*change)))
    assert done.exit_code == 1
    assert said is None or said in done.output, done.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"water_depth"', '"water_dept"'), "did you mean 'water_depth'"),
        (('rule = "deep_water", stream = "a", change = "raised"', 'rule = "deep_watr", stream = "a", change = "raised"'), "did you mean 'deep_water'"),  # noqa: E501
        (('change = "raised"', 'change = "rised"'), "did you mean 'raised'"),
        (('level = "yellow"', 'level = "yelow"'), "did you mean 'yellow'"),
        (('stream = "a", change = "cleared"', 'stream = "b", change = "cleared"'), "no stream 'b' in this test"),
        (("0 20x2 5x8", "0 stale"), "'stale' is no sample"),
        (("0 20x2 5x8", "0 900"), "lies outside 0 to 500 cm"),
        (('interval = "5min"', 'interval = "5 moons"'), "a duration is written"),
        (('"50min"', '"soon"'), "soon"),
        (('[[test]]', "[[tests]]"), "did you mean 'test'"),
        (("signal = [", "signals = ["), "did you mean 'signal'"),
    ],
)  # fmt: skip
def test_faults_of_a_test_file_have_their_place(pack: Path, change: tuple[str, str], said: str) -> None:
    done = run("test", with_test(pack, TEST.replace(*change)))
    assert done.exit_code == 1
    assert said in done.output, done.output
    assert re.search(r"depth\.toml:\d+:\d+: ", done.output)


def test_pack_check_runs_them_too(pack: Path) -> None:
    check = CliRunner().invoke(main, ["pack", "check", str(with_test(pack, TEST))])
    assert check.exit_code == 0, check.output
    with_test(pack, TEST.replace('"50min"', '"55min"'))
    check = CliRunner().invoke(main, ["pack", "check", str(pack)])
    assert check.exit_code == 1
    assert "tests/depth.toml:1: test 'deep water <is> raised': did not come: 55min" in check.output


@pytest.mark.parametrize("name", ["gas_leak", "natural_hazards"])
def test_the_tests_of_the_built_in_packs_pass(name: str) -> None:
    done = run("test", name)
    assert (done.exit_code, "0 failed" in done.output) == (0, True), done.output
    assert len(list((find_pack(name) / "tests").glob("*.toml"))) >= 1
