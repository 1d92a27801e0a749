"""Every verb that the code writes on the ledger has words, so that no timeline speaks in code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.house.vocabulary import SOURCE

from tocsin.loop.review.words import VERBS, verb_words

TELLING = ("Keeper", "Step")  # how a room tells of a move that the kernel makes: (room or move, verb, ...)
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def verbs_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Verbs given to ``ledger.append(subject, verb, ...)``, also through functions of the module that pass one on."""
    passing = passing_on(tree)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = name_of(call)
        place = 1 if is_append(call) or name in TELLING else passing.get(name)
        if place is not None and (given := argument(call, place)) is not None:
            yield from ((call.lineno, verb) for verb in texts(given))


def passing_on(tree: ast.Module) -> dict[str, int]:
    """Functions that hand a parameter on as the verb, at any depth, and its place among their arguments."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    known: dict[str, int] = {}
    while True:
        fresh = {name: place for function in functions for name, place in handing_on(function, known)}
        if fresh == known:
            return known
        known = fresh


def handing_on(function: ast.FunctionDef, known: dict[str, int]) -> Iterator[tuple[str, int]]:
    names = [parameter.arg for parameter in (*function.args.posonlyargs, *function.args.args)]
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        place = 1 if is_append(call) else known.get(name_of(call))
        verb = argument(call, place) if place is not None else None
        if isinstance(verb, ast.Name) and verb.id in names:
            yield function.name, names.index(verb.id)


def is_append(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "append"
        and any(k.arg == "actor" for k in call.keywords)
    )


def name_of(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def argument(call: ast.Call, place: int) -> ast.expr | None:
    return call.args[place] if len(call.args) > place else None


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def tells(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return any(f"{name}(" in text for name in ("append", *TELLING))


@pytest.mark.parametrize("path", [path for path in FILES if tells(path)],
                         ids=lambda path: str(path.relative_to(SOURCE)))  # fmt: skip
def test_every_verb_has_words(path: Path) -> None:
    found = list(verbs_of(ast.parse(path.read_text(encoding="utf-8"))))
    missing = [f"{path.relative_to(SOURCE)}:{line}: {verb}" for line, verb in found if verb not in VERBS]
    assert not missing, "no words in loop/review/words.py for " + ", ".join(missing)


def test_the_walk_finds_verbs_that_are_passed_on() -> None:
    code = """
def _tell(row, verb, now):
    ledger.append(row.id, verb, {}, actor="a", now=now)
def _say(verb, row):
    _tell(row, verb, 0)
def give(row, now):
    _tell(row, "task_given", now)
    _say("task_done", row)
    ledger.append(row.id, "a" if row else "b", {}, actor="a", now=now)
    things.append("no verb")
"""
    assert sorted(verb for _, verb in verbs_of(ast.parse(code))) == ["a", "b", "task_done", "task_given"]


def test_an_unknown_verb_is_told_by_its_own_name() -> None:
    assert verb_words("bridge_was_painted") == "Bridge was painted"
