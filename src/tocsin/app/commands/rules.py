"""``tocsin rules``: check, set, explain and test the rules of a pack, or of a rules file that stands alone."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tocsin.app.commands.output import console, json_option, say, width_of
from tocsin.app.commands.rules_explain import explain
from tocsin.app.commands.rules_shadow import shadow
from tocsin.app.commands.rules_test import test
from tocsin.packkit.codes import code_of
from tocsin.packkit.fault import Fault
from tocsin.packkit.rule_set import RuleSet, read_rule_set, rules_file
from tocsin.packkit.tidy import tidy_rules
from tocsin.terms.errors import BadForm
from tocsin.terms.limits import TOML_BYTES

__all__ = ["rules"]

_WORD = re.compile(r'"[^"]*"|[\w.@%]+(?:\([^()]*\))?|\S')


@click.group()
def rules() -> None:
    """Check, set, explain and test rules: PATH is a rules file, the folder of a pack, or its name."""


rules.add_command(explain)
rules.add_command(test)
rules.add_command(shadow)


@rules.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--notes/--no-notes", default=False, help="Show also what is no fault but should be known.")
@json_option
@click.pass_context
def check(ctx: click.Context, paths: Sequence[str], notes: bool) -> None:
    """List every fault with its place, what was expected and the nearest known name. Exit 1 if there is one."""
    found = [(path, read_rule_set(path)) for path in paths]
    document = {
        "files": [str(read.file) for _, read in found],
        "rules": sum(len(read.pack.rules) for _, read in found),
        "faults": [_as_json(read, fault) for _, read in found for fault in read.faults.faults],
        "notes": [_as_json(read, fault) for _, read in found for fault in read.faults.notes],
    }
    say(document, lambda: _plain("\n".join(_check_lines(path, read, notes) for path, read in found)))
    ctx.exit(1 if document["faults"] else 0)


@rules.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what would change, and write nothing.")
@click.pass_context
def fmt(ctx: click.Context, paths: Sequence[str], only_check: bool, show_diff: bool) -> None:
    """Set rules in canonical form: same meaning, same comments."""
    changed = 0
    for path in paths:
        file = rules_file(path)
        before = _bytes(file)
        after = tidy_rules(before, str(file), _levels(file)).encode()
        if after == before:
            continue
        changed += 1
        if show_diff:
            old, new = (text.decode("utf-8", "replace").splitlines(keepends=True) for text in (before, after))
            click.echo("".join(difflib.unified_diff(old, new, f"{file} as it is", f"{file} set")), nl=False)
        elif only_check:
            click.echo(f"would set {file}")
        else:
            _replace(file, after)
            click.echo(f"set {file}")
    if not show_diff:
        console.print(f"{len(paths) - changed} of {len(paths)} files were in canonical form", markup=False)
    ctx.exit(1 if changed and (only_check or show_diff) else 0)


# ---------------------------------------------------------------- check
def _check_lines(path: str, read: RuleSet, notes: bool) -> str:
    told = [_told(read, fault, "error") for fault in read.faults.faults]
    told += [_told(read, fault, "note") for fault in read.faults.notes] if notes else []
    faults, rules_read = len(read.faults.faults), len(read.pack.rules)
    verdict = f"{faults} fault{'s' if faults != 1 else ''}" if faults else "no fault"
    return "\n".join([*told, f"{path}: {rules_read} rules read, {verdict}"])


def _told(read: RuleSet, fault: Fault, weight: str) -> str:
    """The place, the sentence, the line with a mark under what is meant, and the remedy."""
    place = (
        f"{read.pack.path / fault.file}:{fault.line}:{fault.column}" if fault.line else str(read.pack.path / fault.file)
    )
    lines = [f"{place}: {weight}[{code_of(fault)}]: {fault.what}"]
    shown = _source(read, fault)
    if shown:
        width = len(str(fault.line))
        lines += [f"  {fault.line} | {shown[0]}", f"  {' ' * width} | {shown[1]}"]
    return "\n".join([*lines, f"  remedy: {fault.remedy}"])


def _source(read: RuleSet, fault: Fault) -> tuple[str, str] | None:
    """The line of a fault and a mark under the word at its column; of a very long line the part around it."""
    text = read.text_of(fault.file)
    if not 0 < fault.line <= len(text):
        return None
    line, at = text[fault.line - 1].replace("\t", " "), max(fault.column - 1, 0)
    word = _WORD.match(line, at)
    length = len(word[0]) if word else 1
    first = max(0, at - 60)
    part = line[first : at + 60]
    if first:
        part, at = f"…{part}", at - first + 1
    mark = " " * width_of(part[:at]) + "^" * max(1, min(width_of(part[at : at + length]), 60)) if fault.column else ""
    return part, mark


def _as_json(read: RuleSet, fault: Fault) -> dict[str, Any]:
    shown = _source(read, fault)
    return {
        "file": str(read.pack.path / fault.file), "line": fault.line, "column": fault.column, "code": code_of(fault),
        "what": fault.what, "remedy": fault.remedy, "source": shown[0] if shown else "",
    }  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


# ---------------------------------------------------------------- fmt
def _bytes(file: Path) -> bytes:
    if file.stat().st_size > TOML_BYTES:
        raise BadForm(str(file), f"it is larger than {TOML_BYTES} bytes", "split it")
    return file.read_bytes()


def _levels(file: Path) -> tuple[str, ...]:
    """The levels of the pack's scheme, the lowest first."""
    return tuple(read_rule_set(file).pack.scheme.codes)


def _replace(file: Path, content: bytes) -> None:
    """Whole or not at all: a new file takes the place of the old one."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(content)
    beside.chmod(file.stat().st_mode & 0o777)
    beside.replace(file)
