"""Levels are drawn from the scheme by rank, whatever its number of ranks, colours and words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

import tocsin.doors.console
from tocsin.doors.console.marks import level_mark, level_word, plain_mark, scheme_sheet, shape
from tocsin.doors.console.pack_words import PackWords
from tocsin.terms.level import CHINA_FOUR_COLOUR, Level, Scheme

THREE = Scheme(
    "traffic",
    tuple(
        Level(code, rank, str(rank), (("en", f"<{code}>"),), drawn, "#101010", "#fefefe", "#777777")
        for rank, (code, drawn) in enumerate((("green", "circle"), ("amber", "star"), ("crimson", "octagon")), 1)
    ),
)


@pytest.mark.parametrize("scheme", [CHINA_FOUR_COLOUR, THREE])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_rank_has_shape_word_and_colours(scheme: Scheme, language: str):
    sheet = scheme_sheet(scheme)
    drawn = set()
    for level in scheme.levels:
        mark = level_mark(scheme, level.rank, language)
        assert f"rank-{level.rank}" in mark
        assert level_word(scheme, level.rank, language).replace("<", "&lt;").replace(">", "&gt;") in mark
        assert level.fill in sheet
        assert level.dark_fill in sheet
        drawn.add(re.search(r"<svg.*</svg>", mark)[0])  # type: ignore[index]
    assert len(drawn) == len(scheme.levels)


def test_normal_no_data_and_no_level_never_look_alike():
    with translation.override("en"):
        marks = {plain_mark("normal"), plain_mark("no_data"), level_mark(CHINA_FOUR_COLOUR, 1, "en")}
        assert len({re.search(r"<svg.*</svg>", mark)[0] for mark in marks}) == 3  # type: ignore[index]
        assert level_word(CHINA_FOUR_COLOUR, 0, "en") == "No warning"
        assert level_word(THREE, 9, "en") == "Level 9"


def test_an_unknown_shape_is_drawn_all_the_same():
    assert "<path" in shape("star")


def test_the_pinned_half_of_a_scheme():
    assert PackWords(CHINA_FOUR_COLOUR).pinned_rank == 3
    assert PackWords(THREE).pinned_rank == 2


def test_no_page_or_script_knows_a_colour():
    """Levels are data: never ``if level == "red"`` (interface.md section 2)."""
    folder = Path(tocsin.doors.console.__file__).parent
    pages = [path for path in folder.rglob("*") if path.suffix in (".py", ".js", ".html")]
    assert len(pages) > 20
    named = re.compile(r"""["'](red|orange|yellow|blue)["']""")
    assert [path.name for path in pages if named.search(path.read_text(encoding="utf-8"))] == []
