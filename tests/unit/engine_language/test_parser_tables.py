"""The parser from kept tables reads what the parser from the grammar reads; damaged tables are not used."""

from __future__ import annotations

from importlib.resources import files

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput

from tocsin.engine.language import parser_tables

SOURCE = files("tocsin.engine.language").joinpath("grammar.lark").read_text("utf-8")
TEXTS = (
    "value >= 10 m", "sum(3h) >= 50 mm and not silent(10min)", "how_many(value >= 3 m, 5 min) >= 3",
    'pack/rule at amber within 3 km', "rate(5min, over 60s) >= 0.02 m/s or value > @alert_level",
)  # fmt: skip
WRONG = ("value >=", "value ? 3", "sum(", "")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(parser_tables, "kept_folder", lambda *given: tmp_path)
    return tmp_path


def fresh(whole: bool = False) -> Lark:
    return Lark(SOURCE, parser="lalr", propagate_positions=True, maybe_placeholders=False, keep_all_tokens=whole)


def said(parser: Lark, text: str) -> object:
    try:
        return parser.parse(text)
    except UnexpectedInput as error:
        return type(error), error.pos_in_stream, getattr(error, "expected", None)


@pytest.mark.parametrize("whole", [False, True])
def test_kept_tables_read_the_same(folder, whole):
    made = []

    def make() -> Lark:
        made.append(1)
        return fresh(whole)

    parser_tables.with_tables(make, SOURCE, whole)
    kept = parser_tables.with_tables(make, SOURCE, whole)
    assert len(made) == 1
    for text in TEXTS + WRONG:
        assert said(kept, text) == said(fresh(whole), text), text


def test_damaged_tables_are_made_again(folder):
    parser_tables.with_tables(fresh, SOURCE, False)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:40] + b"\0" + whole[41:], b""):
        path.write_bytes(damaged)
        assert parser_tables._read(path) is None
    assert said(parser_tables.with_tables(fresh, SOURCE, False), TEXTS[0]) == said(fresh(), TEXTS[0])
    assert parser_tables._read(path) is not None


def test_nothing_is_kept_where_there_is_no_folder(monkeypatch):
    monkeypatch.setattr(parser_tables, "kept_folder", lambda *given: None)
    assert said(parser_tables.with_tables(fresh, SOURCE, False), TEXTS[0]) == said(fresh(), TEXTS[0])
