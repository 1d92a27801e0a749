"""`tocsin rules fmt`: canonical, idempotent, comments and meaning kept."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.language.meaning import meaning_of
from tocsin.engine.language.parse import parse_rule
from tocsin.formats.toml import BadToml
from tocsin.packkit import builtin_pack_paths
from tocsin.packkit.tidy import RULE_ORDER, tidy_rules
from tocsin.terms.level import CHINA_FOUR_COLOUR

LEVELS = CHINA_FOUR_COLOUR.codes
LOOSE = """# about the file
[[rule]]   # first
id="a"   # the id
level.red   = "value>=3 mm"  # red
# about blue
level.blue = "value>=1 mm"
streams={property="x",  b=["a","b"]}   # s
version=1
[rule.title]
en = "x"


# about the second
[[rule]]
id = "b"
level.yellow = '''
 value>3 mm
  or sister("x")>2 mm'''
unknown = 1


# the end
"""
SET = '''# about the file
[[rule]]  # first
id = "a"  # the id
version = 1
streams = { property = "x", b = ["a", "b"] }  # s
# about blue
level.blue = "value >= 1 mm"
level.red = "value >= 3 mm"  # red

[rule.title]
en = "x"

# about the second
[[rule]]
id = "b"
level.yellow = """
value > 3 mm
or sister("x") > 2 mm"""
unknown = 1

# the end
'''


def fmt(text: str) -> str:
    return tidy_rules(text.encode(), levels=LEVELS)


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"#.*", text))


def test_a_loose_file_set() -> None:
    assert fmt(LOOSE) == SET
    assert fmt(SET) == SET


@pytest.mark.parametrize("path", builtin_pack_paths(), ids=lambda path: path.name)
def test_the_built_in_packs_are_set(path) -> None:
    for rules in path.glob("rules.toml"):  # a pack of cases alone has none
        text = rules.read_text("utf-8")
        assert fmt(text) == text


def test_line_ends_and_marks_of_other_systems() -> None:
    assert tidy_rules(b"\xef\xbb\xbf" + LOOSE.replace("\n", "\r\n").encode(), levels=LEVELS) == SET


def test_a_condition_that_cannot_be_read_stays_as_it_is() -> None:
    text = '[[rule]]\nid = "a"\nlevel.red = "value >>  3"\nlevel.blue = "value>3 mm"\n'
    made = fmt(text)
    assert 'level.red = "value >>  3"' in made
    assert 'level.blue = "value > 3 mm"' in made


def test_no_toml_is_refused_with_its_place() -> None:
    with pytest.raises(BadToml) as caught:
        fmt('[[rule]]\nid = "a')
    assert caught.value.line == 2


def test_an_empty_file_and_one_of_comments() -> None:
    assert fmt("") == ""
    assert fmt("\n\n# nothing yet\n\n\n") == "# nothing yet\n"


CONDITIONS = [
    "value>=3 mm",
    "sum( 3 h )>=50mm and not value<1 mm",
    "(value+1 mm)*2>3 mm",
    "silent(90min)",
    "value   <  -3 mm",
]
VALUES = {
    "id": st.sampled_from(['"a"', "'b_2'"]), "version": st.integers(1, 9).map(str), "hazard": st.just('"h"'),
    "streams": st.sampled_from(['{property="x"}', '{ property = ["x" , "y"], cell = "c" }']),
    "level.red": st.sampled_from(CONDITIONS).map(lambda text: f'"{text}"'),
    "level.blue": st.sampled_from(CONDITIONS).map(lambda text: f"'{text}'"),
    "level.yellow": st.sampled_from(CONDITIONS).map(lambda text: f'"""\n{text}"""'),
    "hold": st.sampled_from(['"2obs"', "{ red = '10 min', blue=\"1 obs\" }"]), "clear": st.just('"value<1 mm for 2  obs"'),
    "coverage": st.sampled_from(["0.70", "0", "1e-1"]), "valid_from": st.just("2025-01-01"),
    "source": st.sampled_from(['"own: \\"x\\" # no comment"', "'''\nlong\n'''"]),
    "title": st.just('{ en = "a", zh-hans = "甲" }'), '"odd key"': st.just("[1,\n 2, # two\n 3]"),
}  # fmt: skip


@st.composite
def rule_files(draw: st.DrawFn) -> str:
    out = draw(st.sampled_from(["", "# head\n", "# head\n\n\n", "\n"]))
    for number in range(draw(st.integers(1, 3))):
        out += f"[[rule]]{draw(st.sampled_from(['', '  # here']))}\n"
        keys = draw(st.lists(st.sampled_from(list(VALUES)), unique=True, max_size=9))
        for key in keys:
            out += draw(st.sampled_from(["", "", "\n", f"# about {key} {number}\n", "   # indented\n\n"]))
            space = draw(st.sampled_from([" ", "", "   "]))
            out += f"{key}{space}={space}{draw(VALUES[key])}{draw(st.sampled_from(['', '  # why', '']))}\n"
        out += draw(st.sampled_from(["", "\n", "\n\n\n", "# tail\n", "\n# next\n"]))
    return out


def plain(text: str) -> list[dict[str, object]]:
    """The data without conditions and holds, which may be set anew."""
    return [{key: value for key, value in rule.items() if key not in ("level", "hold", "clear")}
            for rule in tomllib.loads(text).get("rule", [])]  # fmt: skip


def meanings(text: str) -> list[object]:
    """What the rules mean to the engine, faults included."""
    out = []
    for entry in tomllib.loads(text).get("rule", []):
        faults: list[object] = []
        rule = parse_rule(entry, pack="p", scheme=CHINA_FOUR_COLOUR, units={"x": "mm", "y": "mm"}, faults=faults)  # type: ignore[arg-type]
        out.append((meaning_of(rule), len(faults)))
    return out


@settings(deadline=None)
@given(rule_files())
def test_any_file_keeps_its_meaning_and_comments_and_settles(text: str) -> None:
    made = fmt(text)
    assert fmt(made) == made
    assert plain(made) == plain(text)
    assert meanings(made) == meanings(text)
    assert comments(made) == comments(text)


@settings(deadline=None, max_examples=50)
@given(st.permutations(sorted(VALUES)))
def test_the_order_in_which_keys_are_written_does_not_matter(keys: list[str]) -> None:
    values = {"hold": '"2 obs"', **{key: '"value > 3 mm"' for key in VALUES if key.startswith("level")}}
    text = "[[rule]]\n" + "".join(f"{key} = {values.get(key, '1')}\n" for key in keys)
    made = [line.partition(" = ")[0] for line in fmt(text).splitlines()[1:]]
    known = [key for key in made if key.partition(".")[0] in RULE_ORDER]
    assert [key for key in known if key.startswith("level")] == ["level.blue", "level.yellow", "level.red"]
    assert [key.partition(".")[0] for key in known] == sorted(
        (key.partition(".")[0] for key in known), key=RULE_ORDER.index
    )
    assert made[-1] == '"odd key"'
