"""The words of this house: the glossary is complete, retired words stay away, and so do words about watching people."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from vocabulary import (
    ALLOWED,
    ALLOWED_IN,
    LINES,
    NOT_PACKAGES,
    RETIRED,
    ROOT,
    SOURCE,
    Banned,
    defined_names_of,
    keys_of,
    names_of,
    python_files,
)  # fmt: skip

from tocsin.terms.boundary import (
    BOUNDARY,
    BoundaryWord,
    name_refused,
    observed_refused,
    snake_case,
    text_refused,
)

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]*)\|$", re.M)


def glossary() -> dict[str, tuple[str, str, str]]:
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in row) for row in ROW.findall(text)]
    return {word: (chinese, meaning, never) for word, chinese, meaning, never in rows if word != "word"}


def found(rule: Banned | BoundaryWord, line: str, names=names_of) -> list[str]:
    return [name for _, name in names(line) if rule.in_name(name) and snake_case(name) not in ALLOWED]


def test_every_word_has_a_chinese_name_and_a_meaning():
    words = glossary()
    assert len(words) > 50
    for word, (chinese, meaning, _) in words.items():
        assert re.search(r"[\u4e00-\u9fff]", chinese), f"{word}: no Chinese name"
        assert len(meaning.split()) >= 3, f"{word}: no meaning"


def test_a_word_that_another_entry_refuses_is_no_entry_itself():
    words = glossary()
    for word, (_, _, never) in words.items():
        assert never not in words or never == "", f"{word} refuses {never}, which the glossary has"


def test_every_type_in_terms_stands_in_the_glossary():
    words = {snake_case(word.replace(" ", "_")) for word in glossary()}
    import tocsin.terms

    for module in pkgutil.iter_modules(tocsin.terms.__path__):
        terms = importlib.import_module(f"tocsin.terms.{module.name}")
        for name in terms.__all__:
            if isinstance(getattr(terms, name), type):
                noun = snake_case(name).removesuffix("_kind").removesuffix("_category")
                assert noun in words, f"tocsin.terms.{module.name}.{name} is not in GLOSSARY.md"


def test_every_boundary_has_its_reason_and_its_lines():
    reasons = [word.reason for word in BOUNDARY]
    assert len(set(reasons)) == len(reasons)
    assert set(LINES) == set(reasons)


@pytest.mark.parametrize("rule", [*BOUNDARY, *RETIRED], ids=lambda rule: rule.reason)
def test_each_rule_knows_good_lines_from_bad_ones(rule):
    good, bad = LINES[rule.reason] if isinstance(rule, BoundaryWord) else (rule.good, rule.bad)
    for line in good:
        assert not found(rule, line), f"wrongly refused: {line}"
    for line in bad:
        assert found(rule, line), f"wrongly passed: {line}"


@pytest.mark.parametrize(
    "name",
    ["person_count", "face_count", "protestSize", "callers", "phone", "licence-plate", "nearest.resident", "rally",
     "social_stability", "重点人员数", "人脸数", "citizen level", "IMEICount"],
)  # fmt: skip
def test_what_no_rule_may_watch(name):
    assert observed_refused(name)


@pytest.mark.parametrize(
    "name",
    ["river_stage", "slope_stability", "working_face", "mobile_pump", "surface_temperature", "telephone_exchange",
     "personnel_lift", "opinionless", "trace_gas", "统一社会信用代码"],
)  # fmt: skip
def test_what_merely_sounds_like_it(name):
    assert observed_refused(name) is None


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_code_has_no_word_for_watching_people_and_no_retired_word(path):
    source = path.read_text(encoding="utf-8")
    faults = [
        f"{path.relative_to(ROOT)}:{line}: {name!r}: {rule.reason}"
        for rules, names in ((BOUNDARY, names_of), (RETIRED, defined_names_of))
        for line, name in names(source)
        for rule in rules
        if rule.in_name(name)
        and snake_case(name) not in ALLOWED
        and (path.relative_to(SOURCE).as_posix(), name) not in ALLOWED_IN
    ]
    assert not faults, "\n".join(faults)


def test_module_and_package_names_obey_too():
    for path in python_files():
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts == ("app", "sqlite_backend", "base"):
            continue  # Django looks for a database backend in a module of that name
        assert not NOT_PACKAGES & set(parts), f"{path}: no {NOT_PACKAGES & set(parts)} in this house"
        for rule in (*BOUNDARY, *RETIRED):
            assert not any(rule.in_name(part) for part in parts), f"{path}: {rule.reason}"


def test_pack_keys_have_no_word_for_watching_people():
    packs = sorted(SOURCE.rglob("*.toml"))
    assert packs
    for path in packs:
        for key in keys_of(path.read_text(encoding="utf-8")):
            assert not name_refused(key), f"{path.relative_to(ROOT)}: key {key!r}: {name_refused(key)}"


def test_pages_and_messages_have_no_word_for_watching_people():
    texts = [*SOURCE.rglob("*.html"), *SOURCE.rglob("*.po"), *SOURCE.rglob("words/*.toml")]
    assert texts
    for path in texts:
        crossed = text_refused(path.read_text(encoding="utf-8"))
        assert not crossed, f"{path.relative_to(ROOT)}: {crossed}"


def test_the_page_rule_knows_good_text_from_bad():
    for good in ("东市积水 3 处，信号 5 个", "3 open events, 1 red", "The worker process carries facts."):
        assert text_refused(good) is None
    for bad in (
        "加入黑名单",
        "Sentiment of residents",
        "Finds the key person.",
        "A person score",
        "predictive policing",
    ):
        assert text_refused(bad)


def test_no_class_is_named_after_what_it_is_not():
    """Manager, Helper, Util say nothing; the class is named for what it is."""
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                assert not re.search(r"(Helper|Utils?|Manager|Misc)$", node.name), f"{path}: {node.name}"
