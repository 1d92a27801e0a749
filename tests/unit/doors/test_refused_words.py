"""Every reason that the pure floors give for refusing a row is said in Chinese too, with its names and numbers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.utils import translation

from tocsin import formats
from tocsin.doors.refused_words import code_word, in_words
from tocsin.formats.units import convert_factor
from tocsin.terms.errors import BadUnit, TocsinError

HAN = re.compile("[\u4e00-\u9fff]")


def reasons() -> list[tuple[str, str, str]]:
    """Code, rule and remedy of every ``Reason(...)`` in the sources of formats; what is filled in stands as <it>."""
    found = []
    for path in Path(formats.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason":
                texts = [_text(part, path) for part in node.args[1:]]
                found.append((ast.unparse(node.args[0]), *texts))
    return found


def _text(node: ast.expr, path: Path) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (
            part.value if isinstance(part, ast.Constant) else AHEAD.get(ast.unparse(part), "<it>")
            for part in node.values
        )
        return "".join(map(str, parts))
    return {"remedy": "register it or correct its id (did you mean <it>?)"}[ast.unparse(node)]


AHEAD = {"{ahead}": "more than 300 s ahead of our clock", "f'{ahead}'": "more than 300 s ahead of our clock"}


def test_there_are_reasons() -> None:
    assert len(reasons()) > 10


@pytest.mark.parametrize(("code", "rule", "remedy"), reasons())
def test_every_reason_is_said_in_chinese(code: str, rule: str, remedy: str) -> None:
    rule = rule.replace("is <it>", "is more than 300 s ahead of our clock")
    with translation.override("zh-hans"):
        for english in (rule, remedy):
            said, own = in_words(english)
            assert own, english
            assert HAN.search(said), english
            assert said.count("<it>") == english.count("<it>")
    with translation.override("en"):
        assert in_words(rule) == (rule, True)


@pytest.mark.parametrize(("sent", "wanted"), [("mm", "m/s"), ("milimetre", "mm"), ("zzzz", "mm")])
def test_so_are_those_of_units(sent: str, wanted: str) -> None:
    with pytest.raises(BadUnit) as error, translation.override("zh-hans"):
        convert_factor(sent, wanted)
    with translation.override("zh-hans"):
        for english in (error.value.rule, error.value.remedy):
            said, own = in_words(english)
            assert own, english
            assert HAN.search(said)


def test_what_nobody_translated_stays_and_says_that_it_is_english() -> None:
    with translation.override("zh-hans"):
        assert in_words("a reason of the day after tomorrow") == ("a reason of the day after tomorrow", False)
        assert code_word("bad_time") == "时间错误"
    with translation.override("en"):
        assert in_words("a reason of the day after tomorrow") == ("a reason of the day after tomorrow", True)


def test_names_cannot_break_the_words() -> None:
    with translation.override("zh-hans"):
        said, own = in_words("stream '{0} <b>{near}</b> %s' is not in the catalogue")
    assert own
    assert "{0} <b>{near}</b> %s" in said


def test_every_code_has_a_word() -> None:
    codes = {kind.code for kind in TocsinError.__subclasses__() for kind in (kind, *kind.__subclasses__())}
    with translation.override("zh-hans"):
        for code in codes & {"unknown_name", "bad_unit", "bad_value", "bad_time", "bad_form", "too_big", "not_allowed"}:
            assert HAN.search(code_word(code)), code
