"""``tocsin rules test``: run the unit tests of rules, as promtool does for Prometheus."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click

from tocsin.app.commands.output import json_option, say
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Fault, Faults
from tocsin.packkit.rule_set import read_rule_set, rules_file
from tocsin.packkit.rule_test import read_rule_tests, test_files
from tocsin.packkit.rule_test_run import TestResult, run_rule_test
from tocsin.terms.errors import UnknownName

__all__ = ["test"]

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


@dataclass
class _FileResult:
    """A test file: its results, and what is wrong with it or with its rules."""

    name: str
    results: list[TestResult] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--run", "only", help="Only tests whose name holds this text.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the results as JUnit XML to this file."
)
@json_option
@click.pass_context
def test(ctx: click.Context, paths: Sequence[str], only: str | None, junit: Path | None) -> None:
    """Run rule unit tests: of a pack (tests/*.toml), of a rules file, or one test file. Exit 1 if one fails."""
    files = [found for path in paths for found in _run(path, only or "")]
    if junit is not None:
        junit.write_bytes(_junit(files))
    failed = sum(not result.passed for found in files for result in found.results) + sum(
        len(found.faults) for found in files
    )
    say(_document(files), lambda: _text(files).replace("[", "\\["))
    ctx.exit(1 if failed else 0)


def _run(path: str, only: str) -> list[_FileResult]:
    rules, tests = _found(path)
    read = read_rule_set(rules)
    if not tests:
        raise UnknownName(f"tests of {path}", "there is no tests/*.toml", "write one; docs/packs.md shows how")
    if read.faults.faults:
        return [_FileResult(str(read.file), faults=read.faults.faults)]
    out = []
    for file in tests:
        faults = Faults(concern="tests")
        read_tests = read_rule_tests(read.pack, Folder(file.parent, faults), file.name, faults)
        results = [run_rule_test(read.pack, one) for one in read_tests if only in one.name]
        out.append(_FileResult(str(file), results, faults.faults))
    return out


def _found(path: str) -> tuple[Path, list[Path]]:
    """The rules and the test files of a path."""
    file = Path(path)
    if file.is_file() and file.parent.name == "tests":
        return rules_file(file.parent.parent), [file]
    if file.is_file() and file.name.endswith(".test.toml"):
        return rules_file(file.with_name(file.name.removesuffix(".test.toml") + ".toml")), [file]
    rules = rules_file(path)
    beside = rules.with_name(f"{rules.stem}.test.toml")
    return rules, [rules.parent / name for name in test_files(rules.parent)] + ([beside] if beside.is_file() else [])


# ---------------------------------------------------------------- how it is told
def _text(files: list[_FileResult]) -> str:
    lines: list[str] = []
    passed = failed = 0
    for found in files:
        for fault in found.faults:
            lines += [
                f"FAULT  {found.name}:{fault.line}:{fault.column}: {fault.what}",
                f"       remedy: {fault.remedy}",
            ]
        for result in found.results:
            passed, failed = passed + result.passed, failed + (not result.passed)
            if not result.passed:
                lines.append(f"FAIL   {found.name}:{result.test.line}  {result.test.name}")
                lines += [f"       {line}" for difference in result.differences for line in difference.split("\n")]
    faults = sum(len(found.faults) for found in files)
    told = f", {faults} fault{'s' if faults != 1 else ''}" if faults else ""
    return "\n".join([*lines, f"{passed} passed, {failed} failed{told}"])


def _document(files: list[_FileResult]) -> dict[str, Any]:
    return {
        "tests": [
            {"file": found.name, "line": result.test.line, "name": result.test.name, "passed": result.passed,
             "differences": list(result.differences),
             "came": [{"at_s": one.at_us / 1e6, "rule": one.rule, "subject": one.subject, "change": one.change,
                       "level": one.level,
                       "evidence": list(one.evidence)} for one in result.came]}
            for found in files for result in found.results
        ],
        "faults": [{"file": found.name, "line": fault.line, "column": fault.column, "what": fault.what, "remedy": fault.remedy}
                   for found in files for fault in found.faults],
    }  # fmt: skip


def _junit(files: list[_FileResult]) -> bytes:
    """JUnit's XML as continuous-integration servers read it: a suite a file, a case a test."""
    root = ElementTree.Element("testsuites")
    for found in files:
        failures = sum(not result.passed for result in found.results)
        suite = ElementTree.SubElement(root, "testsuite", {
            "name": found.name, "tests": str(len(found.results) + len(found.faults)), "failures": str(failures),
            "errors": str(len(found.faults)),
        })  # fmt: skip
        for result in found.results:
            case = ElementTree.SubElement(suite, "testcase", {
                "classname": found.name, "name": _xml(result.test.name), "file": found.name, "line": str(result.test.line),
            })  # fmt: skip
            if not result.passed:
                first = _xml(result.differences[0].split("\n")[0])
                ElementTree.SubElement(case, "failure", {"message": first}).text = _xml("\n".join(result.differences))
        for fault in found.faults:
            case = ElementTree.SubElement(suite, "testcase", {"classname": found.name, "name": f"line {fault.line}"})
            ElementTree.SubElement(case, "error", {"message": _xml(fault.what)}).text = _xml(str(fault))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _xml(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)
