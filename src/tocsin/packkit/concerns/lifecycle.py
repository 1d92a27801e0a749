"""Every state of a case can be reached and has an end; every form and clock that is declared is used or cited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from tocsin.packkit.document import Document, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.lifecycle import OPENING, CaseKind

__all__ = ["REPLY", "check_lifecycle"]


class _Fault(Protocol):
    """Reports a fault of a kind, at a key of its table."""

    def __call__(self, what: str, remedy: str, *key: str, code: str = ...) -> None: ...


REPLY = "reply"  # the question whose answer goes to the requester


def check_lifecycle(folder: Folder, kinds: Iterable[CaseKind], faults: Faults) -> None:
    """Faults of kinds that could be read."""
    document, numbers = folder.document("lifecycle.toml"), dict[str, str]()
    for kind in kinds:

        def fault(what: str, remedy: str, *key: str, code: str = kind.code) -> None:
            faults.add(document.name, document.line("case", code, *key), f"{code}: {what}", remedy)

        edges = _edges(kind)
        reached = _reached({kind.first}, edges)
        for state in kind.states.values():
            if state.code not in reached and kind.first:
                fault(
                    f"state {state.code} cannot be reached",
                    "let a move lead to it, or take it away",
                    "state",
                    state.code,
                )
        ends = {state.code for state in kind.states.values() if state.over}
        if not ends:
            fault("it has no end", "write over = true at the state in which nothing more has to happen", "state")
        back: dict[str, set[str]] = {}
        for before, afters in edges.items():
            for after in afters:
                back.setdefault(after, set()).add(before)
        for stuck in sorted((reached - _reached(ends, back)) if ends else ()):
            fault(f"no end can be reached from state {stuck}", "let a move lead on from it", "state", stuck)
        for move in kind.moves.values():
            for name in move.someone_else:
                if name != OPENING and name not in kind.moves:
                    fault(
                        f"someone_else names {name!r}, which is no move",
                        f"name a move, or {OPENING}",
                        "move",
                        move.code,
                    )
            _when(kind, move.code, fault)
            asked = kind.forms[move.form].question(REPLY) if move.form else None
            tells = any(
                not kind.states[name].replied and kind.states[move.leads_to(name)].replied for name in move.before
            )
            if kind.requester and tells and not asked:
                fault(f"it tells the requester nothing: no question {REPLY}", "ask for the answer", "move", move.code)
        _started(kind, fault)
        if numbers.setdefault(kind.number, kind.code) != kind.code:
            fault(f"two kinds of case count their numbers with {kind.number}", "give each its own letters", "number")
        _moments(kind, faults, folder)


def _when(kind: CaseKind, code: str, fault: _Fault) -> None:
    """A value that a move waits for must be one that can be given."""
    for name, value in kind.moves[code].when.items():
        choices = [q.words for form in kind.forms.values() if (q := form.question(name)) and q.kind == "choice"]
        if choices and all(str(value) not in words for words in choices):
            fault(
                f"no answer of {name} is {value!r}", f"use one of {', '.join(choices[0])}", "move", code, "when", name
            )


def _started(kind: CaseKind, fault: _Fault) -> None:
    """What a move waits for, and what a report goes up within, is a clock that something starts."""
    started = {*kind.starts, *(name for move in kind.moves.values() for name in move.starts)}
    for move in kind.moves.values():
        for name in move.within:
            if name not in started:
                fault(
                    f"move {move.code} waits for clock {name}, which nothing starts",
                    "start it",
                    "move",
                    move.code,
                    "within",
                )
    chain = kind.grade.chain if kind.grade else None
    if chain and chain.clock and chain.clock not in started:
        fault(f"nothing starts {chain.clock}, the clock of the chain", "let a move start it", "grade", "chain", "clock")


def _moments(kind: CaseKind, faults: Faults, folder: Folder) -> None:
    """A clock that starts at a field starts at a moment that some form asks for."""
    document = folder.document("clocks.toml")
    used = {*kind.starts, *(name for move in kind.moves.values() for name in move.starts)}
    for name in sorted(used):
        _variant(kind, name, document, faults)
    for name in sorted(kind.with_variants(tuple(used))):
        at = kind.clocks[name].at
        asked = [q for form in kind.forms.values() if (q := form.question(at))] if at else []
        if at and not any(question.kind in ("moment", "day") for question in asked):
            faults.add(
                document.name, document.line("clock", name, "at"),
                f"clock {name} starts at {at!r}, which no form asks for", "name a question that is a day or a moment",
            )  # fmt: skip


def _variant(kind: CaseKind, name: str, document: Document, faults: Faults) -> None:
    """Of a clock that is named: it stands for itself, and those that run in its place go by choices, or by the grade."""
    if other := kind.clocks[name].instead_of:
        what = f"{kind.code} starts {name}, which runs instead of {other}"
        remedy = f"name {other}; the answers decide which of them runs"
        faults.add(document.name, document.line("clock", name, "instead_of"), what, remedy)
    grades = {kind.grade.name: {one.code for one in kind.grade.grades}} if kind.grade else {}
    for code in kind.variants.get(name, ()):
        for asked, wanted in kind.clocks[code].when.items():
            choices = {word for form in kind.forms.values() if (q := form.question(asked)) for word in q.words}
            for value in set(wanted) - (choices | grades.get(asked, set())):
                faults.add(document.name, document.line("clock", code, "when"), f"no answer of {asked} is {value!r}",
                           "name choices of a question, or grades of the case")  # fmt: skip


def _edges(kind: CaseKind) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {}
    for move in kind.moves.values():
        for before in move.before:
            edges.setdefault(before, set()).add(move.leads_to(before))
    for state in kind.states.values():
        if state.over or state.replied:
            edges.setdefault(state.code, set()).update(
                after for desk in kind.appeals for after in (desk.reopens, desk.stands) if after
            )
    return edges


def _reached(first: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    seen, waiting = set(first), list(first)
    while waiting:
        for after in edges.get(waiting.pop(), ()):
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return seen
