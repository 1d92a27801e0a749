"""``tocsin pack``: what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tocsin.app.cli import main


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["pack", *words], prog_name="tocsin")


def test_list() -> None:
    found = json.loads(run("list", "--json").output)
    names = (
        "gas_leak",
        "mediation",
        "natural_hazards",
        "petitions",
        "rectification",
        "urban_flood",
        "workplace_safety",
    )
    assert {row["name"]: row["tier"] for row in found} == dict.fromkeys(names, "silver")


def test_new_then_check_then_break_it(tmp_path: Path) -> None:
    assert run("new", "flash_flood", "--into", str(tmp_path)).exit_code == 0
    pack = tmp_path / "flash_flood"
    good = run("check", str(pack), "--json")
    assert (good.exit_code, json.loads(good.output)["faults"]) == (0, [])
    rules = pack / "rules.toml"
    text = rules.read_text("utf-8")
    rules.write_text(text.replace('"value >= 40 cm"', '"value >= 4 cm"'), "utf-8")
    bad = run("check", str(pack), "--json")
    line = text[: text.index("level.red")].count("\n") + 1
    first = json.loads(bad.output)["faults"][-1]
    assert bad.exit_code == 1
    assert (first["file"], first["line"]) == ("rules.toml", line)
    assert "not monotone" in first["what"]
    assert f"rules.toml:{line}: " in run("check", str(pack)).output


def test_explain() -> None:
    told = json.loads(run("explain", "natural_hazards", "gale_mean", "--json").output)[0]
    assert told["verified"] is False
    assert told["levels"]["en"][0]["words"] == "mean wind speed is at least 10.8 m/s"
    assert "NOT VERIFIED" in run("explain", "natural_hazards", "gale_mean").output


def test_replay() -> None:
    found = json.loads(run("replay", "gas_leak", "leak", "--json").output)
    assert found["events"][0]["hazard"] == "gas_leak"
    assert found["signals"][0]["sentence"].startswith("Gas at 13.8 %")
    assert "险情中断报" in run("replay", "gas_leak", "leak", "--language", "zh-hans").output


def test_replay_prints_what_an_example_may_expect() -> None:
    from tocsin.packkit import find_pack

    printed = run("replay", "gas_leak", "leak", "--toml").output
    assert printed.strip() in (find_pack("gas_leak") / "examples" / "leak" / "expected.toml").read_text("utf-8")


def test_wrong_use_exits_2() -> None:
    for words in (
        ["check", "nothing"],
        ["explain", "gas_leak", "nothing"],
        ["replay", "gas_leak", "nothing"],
        ["new", "Bad Name"],
    ):
        assert run(*words).exit_code == 2, words
