"""Where each key of a TOML text stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.packkit.lines import line_of, lines_of

TEXT = '''# a comment with [brackets] and = signs
name = "x"  # [not.a.table]

[first]
dotted.inner = 1
"quoted key" = 'literal # no comment'
long = """
[[not a table]]
key = "no key"
"""
many = [
  1,  # one
  [2, 3],
  { a = 1, b = "}" },
]

[[rule]]
id = "one"
level.red = "sum(3h) >= 100 mm"
streams = { property = "rain", other = ["a", "b"] }

[[rule]]
id = "two"
[rule.more]
deep = true
[[rule.part]]
x = 1
[[rule.part]]
x = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2), (("first",), 4), (("first", "dotted"), 5), (("first", "dotted", "inner"), 5),
        (("first", "quoted key"), 6), (("first", "long"), 7), (("first", "many"), 11), (("first", "many", 0), 12),
        (("first", "many", 1), 13), (("first", "many", 1, 1), 13), (("first", "many", 2, "b"), 14), (("rule",), 17),
        (("rule", 0), 17), (("rule", 0, "id"), 18), (("rule", 0, "level", "red"), 19), (("rule", 0, "streams", "other", 1), 20),
        (("rule", 1, "id"), 23), (("rule", 1, "more", "deep"), 25), (("rule", 1, "part", 0, "x"), 27),
        (("rule", 1, "part", 1, "x"), 29),
    ],
)  # fmt: skip
def test_known_lines(path: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(TEXT)
    assert lines_of(TEXT)[path] == line


def test_what_is_not_written_is_at_the_nearest_part_that_is() -> None:
    lines = lines_of(TEXT)
    assert line_of(lines, ("rule", 1, "hold", "red")) == 22
    assert line_of(lines, ("nowhere",)) == 0


plain = st.characters(codec="ascii", exclude_characters='"\\', min_codepoint=32, max_codepoint=126)
values = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text(plain, max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["k1", "k2", "k3", "k4"]), values), max_size=4, unique_by=lambda pair: pair[0]),
       st.integers(0, 3))  # fmt: skip
def test_every_key_that_is_read_has_its_line(pairs: list[tuple[str, object]], blank: int) -> None:
    lines, text = {}, ""
    for key, value in pairs:
        text += "\n" * blank + f"# {key} = 1\n"
        lines[key] = text.count("\n") + 1
        text += f"{key} = {_toml(value)}\n"
    found = lines_of(text)
    assert {key: found[(key,)] for key in tomllib.loads(text)} == lines


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", \n".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}".replace("\n", " ") for key, item in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)
