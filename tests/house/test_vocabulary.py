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
    BOUNDARY,
    BOUNDARY_ZH,
    NOT_PACKAGES,
    RETIRED,
    ROOT,
    SOURCE,
    Banned,
    defined_names_of,
    keys_of,
    names_of,
    python_files,
    snake,
)  # fmt: skip

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]*)\|$", re.M)


def glossary() -> dict[str, tuple[str, str, str]]:
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in row) for row in ROW.findall(text)]
    return {word: (chinese, meaning, never) for word, chinese, meaning, never in rows if word != "word"}


def found(rule: Banned, line: str, names=names_of) -> list[str]:
    return [name for _, name in names(line) if rule.in_name(name) and snake(name) not in ALLOWED]


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
    words = {snake(word.replace(" ", "_")) for word in glossary()}
    import tocsin.terms

    for module in pkgutil.iter_modules(tocsin.terms.__path__):
        terms = importlib.import_module(f"tocsin.terms.{module.name}")
        for name in terms.__all__:
            if isinstance(getattr(terms, name), type):
                noun = snake(name).removesuffix("_kind").removesuffix("_category")
                assert noun in words, f"tocsin.terms.{module.name}.{name} is not in GLOSSARY.md"


@pytest.mark.parametrize("rule", [*BOUNDARY, *RETIRED], ids=lambda rule: rule.reason)
def test_each_rule_knows_good_lines_from_bad_ones(rule):
    for line in rule.good:
        assert not found(rule, line), f"wrongly refused: {line}"
    for line in rule.bad:
        assert found(rule, line), f"wrongly passed: {line}"


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_code_has_no_word_for_watching_people_and_no_retired_word(path):
    source = path.read_text(encoding="utf-8")
    faults = [
        f"{path.relative_to(ROOT)}:{line}: {name!r}: {rule.reason}"
        for rules, names in ((BOUNDARY, names_of), (RETIRED, defined_names_of))
        for line, name in names(source)
        for rule in rules
        if rule.in_name(name) and snake(name) not in ALLOWED
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
            for rule in BOUNDARY:
                assert not rule.in_name(key), f"{path.relative_to(ROOT)}: key {key!r}: {rule.reason}"


def test_pages_and_messages_have_no_word_for_watching_people():
    texts = [*SOURCE.rglob("*.html"), *SOURCE.rglob("*.po"), *SOURCE.rglob("words/*.toml")]
    assert texts
    for path in texts:
        text = path.read_text(encoding="utf-8")
        assert not BOUNDARY_ZH.search(text), f"{path.relative_to(ROOT)}: {BOUNDARY_ZH.search(text)}"
        for rule in BOUNDARY:
            assert not rule.in_text(text), f"{path.relative_to(ROOT)}: {rule.reason}"


def test_the_page_rule_knows_good_text_from_bad():
    assert not BOUNDARY_ZH.search("东市积水 3 处，信号 5 个")
    assert BOUNDARY_ZH.search("加入黑名单")
    assert any(rule.in_text("Sentiment of residents") for rule in BOUNDARY)
    assert not any(rule.in_text("3 open events, 1 red") for rule in BOUNDARY)


def test_no_class_is_named_after_what_it_is_not():
    """Manager, Helper, Util say nothing; the class is named for what it is."""
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                assert not re.search(r"(Helper|Utils?|Manager|Misc)$", node.name), f"{path}: {node.name}"
