"""What holds for every pack that ships: it passes its own check, and its examples speak both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.packkit import builtin_pack_paths, check_pack, examine_pack, explain_transition, load_pack
from tocsin.packkit.concerns.quality import TIERS
from tocsin.packkit.describe import describe
from tocsin.packkit.document import LANGUAGES
from tocsin.packkit.example import place_of, play, read_example
from tocsin.packkit.fault import Faults
from tocsin.terms.signal import Change

PATHS = builtin_pack_paths()
JUDGING = [path for path in PATHS if (path / "rules.toml").is_file()]  # the others are about casework alone
EXAMPLES = [(path, example.name) for path in JUDGING for example in sorted((path / "examples").iterdir())]
every_pack = pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])
every_judging_pack = pytest.mark.parametrize("path", JUDGING, ids=[path.name for path in JUDGING])
with_cases = [path for path in PATHS if (path / "lifecycle.toml").is_file()]
every_example = pytest.mark.parametrize(
    ("path", "name"), EXAMPLES, ids=[f"{path.name}-{name}" for path, name in EXAMPLES]
)


@every_pack
def test_it_passes_its_check(path: Path) -> None:
    assert [str(fault) for fault in check_pack(path)] == []


@every_pack
def test_what_is_not_verified_is_shown(path: Path) -> None:
    examined = examine_pack(path, run_examples=False)
    unverified = sum(not origin.verified for origin in examined.pack.provenance.values())
    assert sum(note.file == "rules.toml" and "not verified" in note.what for note in examined.notes) == unverified


@every_judging_pack
def test_it_has_a_quiet_day_and_a_day_that_is_not(path: Path) -> None:
    pack = load_pack(path)
    assert pack.tier in TIERS
    quiet = [read.quiet for name in _names(path) if (read := read_example(path, name, Faults())) is not None]
    assert set(quiet) == {True, False}


@every_example
def test_every_transition_is_a_sentence_in_both_languages(path: Path, name: str) -> None:
    pack = load_pack(path)
    read = read_example(path, name, Faults())
    assert read is not None
    places = place_of(read.catalogue)
    for found in play(pack, read).transitions:
        said = {language: explain_transition(pack, found, places(found.subject), language) for language in LANGUAGES}
        assert said["en"] != said["zh-hans"]
        for sentence in said.values():
            assert places(found.subject).title in sentence
            assert "{" not in sentence
            assert f"{found.rule_version}" in sentence
        if found.change is Change.RAISED and not found.quality:
            assert pack.scheme.level(found.level).word("zh-hans") in said["zh-hans"]


@every_example
def test_playing_twice_gives_the_same(path: Path, name: str) -> None:
    pack = load_pack(path)
    read = read_example(path, name, Faults())
    assert read is not None
    once, again = play(pack, read), play(pack, read)
    assert [found.signal for found in once.transitions] == [found.signal for found in again.transitions]
    assert once.changes == again.changes


@every_judging_pack
def test_an_example_that_no_longer_fits_is_a_fault(path: Path, tmp_path: Path) -> None:
    """The worked examples can fail: a changed expectation is found, with its line."""
    import shutil

    copy = tmp_path / path.name
    shutil.copytree(path, copy)
    name = next(
        name for name in _names(path) if "[[signal]]" in (path / "examples" / name / "expected.toml").read_text()
    )
    expected = copy / "examples" / name / "expected.toml"
    text = expected.read_text("utf-8")
    line = text[: text.index("[[signal]]")].count("\n") + 1
    expected.write_text(text.replace('change = "raised"', 'change = "cleared"', 1), "utf-8")
    faults = [fault for fault in check_pack(copy) if fault.concern == "examples"]
    assert {(fault.file, fault.line) for fault in faults} == {(f"examples/{name}/expected.toml", line)}
    assert len(faults) == 2  # one that did not come, one that came instead


@pytest.mark.parametrize("path", with_cases, ids=[path.name for path in with_cases])
def test_every_kind_of_case_has_an_example_that_can_fail(path: Path, tmp_path: Path) -> None:
    import re
    import shutil

    copy = tmp_path / path.name
    shutil.copytree(path, copy)
    played = {}
    for file in sorted((copy / "cases").glob("*.toml")):
        text = file.read_text("utf-8")
        played[re.search(r'kind = "(\w+)"', text)[1]] = file.name  # type: ignore[index]
        file.write_text(re.sub(r'state = "\w+"', 'state = "elsewhere"', text, count=1), "utf-8")
    faults = [fault for fault in check_pack(copy) if fault.concern == "cases"]
    assert {fault.file for fault in faults} == {f"cases/{name}" for name in played.values()} | {
        fault.file for fault in faults
    }
    assert all(fault.line for fault in faults)
    assert faults


@every_pack
def test_every_rule_is_told_in_words(path: Path) -> None:
    pack = load_pack(path)
    for rule in pack.rules:
        told = describe(pack, rule)
        for language in LANGUAGES:
            assert len(told.levels[language]) == len(rule.rungs)
            assert all(words for _, _, words in told.levels[language])
        assert told.memory > 0
        assert told.provenance.source


def _names(path: Path) -> list[str]:
    return sorted(example.name for example in (path / "examples").iterdir())
