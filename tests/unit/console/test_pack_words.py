"""Pages say what packs say: the sentence of the version that judged, a plain one only where no pack has it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from django.conf import settings

from tocsin.app.home import Home
from tocsin.doors.console import pack_words as module
from tocsin.doors.console.pack_words import pack_words
from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.terms.signal import WITHDRAWN, Change, Measure, Subject, Transition

BUILT_IN = next(path for path in builtin_pack_paths() if path.name == "natural_hazards")
RAIN = Transition(
    "natural_hazards/rainstorm", 1, "rainstorm", Subject("stream", "57083"), Change.RAISED, 4, 0, 0, 0, 0,
    evidence=(Measure("sum(3h)", 171.2, "mm", ">=", 100.0),),
)  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home's folder of kept packs."""
    home = Home(tmp_path).prepare()
    monkeypatch.setattr(settings, "HOME", home)
    module._load.cache_clear()
    return home.packs


def keep(kept: Path, change: str, into: str, name: str = "words/en.toml") -> None:
    """Keep a copy of the built-in pack with one text of it changed."""
    aside = kept.parent / "aside" / "natural_hazards"
    shutil.copytree(BUILT_IN, aside)
    text = (aside / name).read_text("utf-8")
    assert change in text
    (aside / name).write_text(text.replace(change, into), "utf-8")
    target = kept / load_pack(aside).sha
    target.mkdir()
    aside.rename(target / "natural_hazards")


@pytest.mark.usefixtures("kept")
def test_built_in_packs_speak_before_an_engine_ever_ran() -> None:
    assert pack_words().said(RAIN, "Mill Bridge", "en") == (
        "171.2 mm in 3 h at Mill Bridge, threshold 100 mm (Red I), rule rainstorm v1"
    )
    assert pack_words().said(RAIN, "磨坊桥", "zh-hans") == (
        "磨坊桥3小时雨量171.2毫米，标准100毫米（红色 I级），规则 rainstorm 第1版"
    )


def test_the_kept_pack_speaks_before_the_built_in_one(kept: Path) -> None:
    assert "threshold 100 mm" in pack_words().said(RAIN, "x", "en")
    keep(kept, "threshold {threshold} mm ({level}), rule rainstorm", "limit {threshold} mm ({level}), rule rainstorm")
    assert pack_words().said(RAIN, "x", "en") == "171.2 mm in 3 h at x, limit 100 mm (Red I), rule rainstorm v1"


def test_each_version_of_a_rule_speaks_for_itself(kept: Path) -> None:
    keep(kept, 'id = "rainstorm"\nversion = 1', 'id = "rainstorm"\nversion = 2', "rules.toml")
    newer = dataclasses.replace(RAIN, rule_version=2)
    assert pack_words().said(newer, "x", "en").endswith("(Red I), rule rainstorm v2")
    assert pack_words().said(RAIN, "x", "en").endswith("(Red I), rule rainstorm v1")


@pytest.mark.usefixtures("kept")
def test_a_pack_that_is_gone_is_said_plainly() -> None:
    gone = dataclasses.replace(RAIN, rule="old_pack/rain", rule_version=7)
    words = pack_words()
    assert words.said(gone, "Mill Bridge", "en") == "Mill Bridge: sum(3h) 171.2 mm (>= 100 mm), rule old_pack/rain v7"
    assert words.said(gone, "磨坊桥", "zh-hans") == "磨坊桥：sum(3h) 171.2毫米（>= 100毫米），规则 old_pack/rain 第7版"
    silent = dataclasses.replace(gone, evidence=(Measure("silent", 10_860.0, "s", ">=", 10_800.0),))
    assert words.said(silent, "x", "en") == "x: no observation for 3 h, rule old_pack/rain v7"
    assert words.said(silent, "x", "zh-hans") == "x：3小时无观测，规则 old_pack/rain 第7版"
    assert words.said(dataclasses.replace(gone, evidence=()), "x", "en") == "x: no figures, rule old_pack/rain v7"


@pytest.mark.usefixtures("kept")
def test_a_signal_that_ended_with_its_rule_says_so() -> None:
    over = dataclasses.replace(
        RAIN, change=Change.CLEARED, level=0, previous=4, evidence=(Measure(WITHDRAWN, 1.0, "1"),)
    )
    assert pack_words().said(over, "x", "en") == (
        "x: ended with its rule, which was withdrawn or changed, rule natural_hazards/rainstorm v1"
    )
    assert pack_words().said(over, "x", "zh-hans") == (
        "x：规则已撤回或更改，随之结束，规则 natural_hazards/rainstorm 第1版"
    )
