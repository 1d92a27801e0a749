"""The law library: nothing that holds people to something is left out, and what nobody has read is said to be unread."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tocsin.packkit import Pack, builtin_pack_paths, load_pack
from tocsin.packkit.document import LANGUAGES
from tocsin.packkit.library import library


@pytest.fixture(scope="module", params=builtin_pack_paths(), ids=lambda path: path.name)
def pack(request: pytest.FixtureRequest) -> Pack:
    return load_pack(request.param)


def test_every_rule_clock_and_limit_is_a_line(pack: Pack) -> None:
    found = [(line.kind, line.id) for line in library(pack)]
    wanted = [("rule", rule.name) for rule in pack.rules]
    wanted += [("index", name) for name in pack.tables]
    wanted += [("clock", f"{pack.name}/{code}") for code in pack.clocks]
    wanted += [("verification", hazard) for hazard in pack.verifications]
    wanted += [("mapping", mapping.hazard) for mapping in pack.playbook.mappings]
    wanted += [("action", action.id) for action in pack.playbook.actions]
    wanted += [("report", report.id) for report in pack.playbook.reports]
    wanted += [("matrix", pack.name)] if pack.risks else []
    assert found == wanted
    assert found


def test_every_line_stands_on_something_and_speaks_both_languages(pack: Pack) -> None:
    for line in library(pack):
        assert line.source or line.clause, line
        assert all(line.title[language] and language in line.says for language in LANGUAGES), line


def test_what_a_pack_says_of_a_source_is_what_the_line_says(pack: Pack) -> None:
    for line in library(pack):
        if line.kind == "rule":
            assert line.verified == pack.provenance[line.id].verified
        if line.kind == "clock":
            assert line.verified == pack.clocks[line.id.partition("/")[2]].verified


def test_validity_ends_before_its_last_day() -> None:
    line = library(load_pack(builtin_pack_paths()[0]))[0]
    assert not line.in_force(line.valid_from - timedelta(days=1))
    assert line.in_force(line.valid_from)
    assert line.valid_to is None or not line.in_force(line.valid_to)
    assert line.valid_to is not None or line.in_force(date(2100, 1, 1))
