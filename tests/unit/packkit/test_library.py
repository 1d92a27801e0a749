"""The law library: nothing that holds people to something is left out, and what nobody has read is said to be unread."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta

import pytest

from tocsin.packkit import Pack, builtin_pack_paths, load_pack
from tocsin.packkit.document import LANGUAGES
from tocsin.packkit.library import KINDS, laws, library


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
    wanted += [("hazard", code) for code in pack.hazards]
    wanted += [("cascade", f"{one.parent}/{one.child}/{number}") for number, one in enumerate(pack.cascades, 1)]
    wanted += [("warning", code) for code in pack.warnings]
    for kind in pack.cases.values():
        wanted += [("case", kind.name)] + ([("seal", kind.name)] if kind.seal else [])
        if kind.grade:
            wanted.append(("grade", kind.name))
            wanted += [("grade", f"{kind.name}/chain")] if kind.grade.chain else []
            wanted += [("grade", f"{kind.name}/falls")] if kind.grade.falls else []
    wanted += [("matrix", pack.name)] if pack.risks else []
    wanted += [("inspection", pack.risks.plan.case)] if pack.risks and pack.risks.plan else []
    for kind in pack.cases.values():
        lists = kind.checklists.lists.values() if kind.checklists else ()
        wanted += [("checklist", f"{kind.name}/{item.code}") for one in lists for item in one.items]
    assert found == wanted
    assert found


def test_whatever_says_its_source_in_a_file_of_the_pack_is_a_line(pack: Pack) -> None:
    """The twin goes through the files as they are written, and knows nothing of readers."""

    def stated(table: object) -> list[tuple[str, bool]]:
        if isinstance(table, list):
            return [one for inner in table for one in stated(inner)]
        if not isinstance(table, dict):
            return []
        own = [(str(table.get("source", "")), bool(table["verified"]))] if "verified" in table else []
        return own + [one for inner in table.values() for one in stated(inner)]

    files = [path for path in pack.path.glob("*.toml") if path.name != "papers.toml"]
    wanted = [one for path in files for one in stated(tomllib.loads(path.read_text("utf-8")))]
    assert set(wanted) == {
        (line.source, line.verified) for line in library(pack)
    }  # one table may hold for several hazards


def test_extensions_and_pauses_are_told_with_their_clauses(pack: Pack) -> None:
    lines = {line.id: line for line in library(pack) if line.kind == "clock"}
    for code, clock in pack.clocks.items():
        for grant in (clock.extension, clock.pause):
            for language in LANGUAGES:
                assert grant is None or grant.clause in lines[f"{pack.name}/{code}"].says[language]


def test_lines_are_chosen_by_kind_by_what_is_unread_and_by_day(pack: Pack) -> None:
    lines = library(pack)
    assert laws([pack, pack]) == list(lines)
    assert laws([pack], unread=True) == [line for line in lines if not line.verified]
    assert laws([pack], on=pack.valid_from - timedelta(days=1)) == []
    assert (
        {line.kind for kind in KINDS for line in laws([pack], kind=kind)} == {line.kind for line in lines} <= set(KINDS)
    )


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
