"""risks.toml: the matrix by which risks of places, facilities, processes and projects are graded, what each class asks for, and
how inspections are planned by it. The periods are clocks of clocks.toml, so that `tocsin clocks due` answers for them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tocsin.engine.language.faults import nearest
from tocsin.packkit.answers import answer_faults
from tocsin.packkit.clocks import ClockSpec
from tocsin.packkit.document import Document, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.forms import Form
from tocsin.packkit.lifecycle import CaseKind
from tocsin.packkit.section import Section, sections
from tocsin.terms.level import Scheme

__all__ = ["InspectionPlan", "RiskClass", "RiskMatrix", "RiskStep", "read_risks"]

_TOP_KEYS = ("matrix", "likelihood", "consequence", "class", "inspection")
_MATRIX_KEYS = ("title", "cells", "source", "verified", "note")
_STEP_KEYS = ("code", "title")
_CLASS_KEYS = ("code", "title", "level", "review", "inspect")
_INSPECTION_KEYS = (
    "case", "done", "called_off", "next", "day", "answers", "ahead_days", "source", "verified", "note",
)  # fmt: skip
_STEPS_AT_MOST = 9
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # what the answers of a plan are tried with


@dataclass(frozen=True, slots=True)
class RiskStep:
    """A step of likelihood or of consequence, the lowest first."""

    code: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RiskClass:
    """What a risk is graded: ``level`` is a rank of the scheme. ``review``: the clock after which it is assessed anew;
    ``inspect``: the clock after which a facility of this class is inspected again ("" = not by this plan)."""

    code: str
    title: Mapping[str, str]
    level: int
    review: str
    inspect: str = ""


@dataclass(frozen=True, slots=True)
class InspectionPlan:
    """Which kind of case an inspection is, the state in which it has been done, the question that holds the planned day, what
    is answered beside it, and how many days ahead it is opened. ``called_off``: the state in which it was called off, by a move
    that asks in ``next`` for the day of the next one ("" where it can end only by being done)."""

    case: str
    done: str
    day: str
    answers: Mapping[str, Any]
    ahead_days: int
    called_off: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class RiskMatrix:
    """Likelihood by consequence. ``cells``: by likelihood, then by consequence, the place of the class in ``classes``."""

    pack: str
    title: Mapping[str, str]
    likelihood: tuple[RiskStep, ...]
    consequence: tuple[RiskStep, ...]
    classes: tuple[RiskClass, ...]
    cells: tuple[tuple[int, ...], ...]
    plan: InspectionPlan | None
    source: str
    verified: bool

    def graded(self, likelihood: str, consequence: str) -> RiskClass | None:
        """The class of a pair of steps; None where one of them is none of the matrix."""
        rows = [step.code for step in self.likelihood]
        columns = [step.code for step in self.consequence]
        if likelihood not in rows or consequence not in columns:
            return None
        return self.classes[self.cells[rows.index(likelihood)][columns.index(consequence)]]


def read_risks(
    folder: Folder, pack: str, scheme: Scheme, clocks: Mapping[str, ClockSpec], forms: Mapping[str, Form],
    cases: Mapping[str, CaseKind], faults: Faults,
) -> RiskMatrix | None:  # fmt: skip
    """The matrix of a pack, None where it has none; faults reported."""
    document = folder.document("risks.toml")
    if not document.data:
        return None
    top = Section(document, (), document.data, faults)
    top.known(_TOP_KEYS)
    matrix = Section(document, ("matrix",), top.table("matrix"), faults)
    matrix.known(_MATRIX_KEYS)
    likelihood = _steps(document, "likelihood", faults)
    consequence = _steps(document, "consequence", faults)
    classes = _classes(document, scheme, clocks, faults)
    return RiskMatrix(
        pack, matrix.words("title"), likelihood, consequence, classes,
        _cells(matrix, len(likelihood), len(consequence), [one.code for one in classes]),
        _plan(top, forms, cases, faults) if "inspection" in document.data else None,
        matrix.text("source", need=True), matrix.boolean("verified", need=True),
    )  # fmt: skip


def _steps(document: Document, key: str, faults: Faults) -> tuple[RiskStep, ...]:
    found = []
    for section in sections(document, key, faults):
        section.known(_STEP_KEYS)
        found.append(RiskStep(section.text("code", need=True), section.words("title")))
    if not 2 <= len(found) <= _STEPS_AT_MOST or len({step.code for step in found}) < len(found):
        faults.add(document.name, document.line(key), f"{key} needs 2 to {_STEPS_AT_MOST} steps with codes of their own",
                   f"write [[{key}]] for each, the lowest first")  # fmt: skip
    return tuple(found)


def _classes(
    document: Document, scheme: Scheme, clocks: Mapping[str, ClockSpec], faults: Faults
) -> tuple[RiskClass, ...]:
    found: list[RiskClass] = []
    for section in sections(document, "class", faults):
        section.known(_CLASS_KEYS)
        level = section.text("level", need=True)
        if level not in scheme.codes:
            section.fault(f"no level {level!r} in the scheme", nearest(level, scheme.codes), "level")
        rank = scheme.rank(level) if level in scheme.codes else 0
        if found and rank <= found[-1].level:
            section.fault("the classes do not rise", "write the lowest first", "level")
        names = section.text("review", need=True), section.text("inspect")
        for key, name in zip(("review", "inspect"), names, strict=True):
            if name and name not in clocks:
                section.fault(f"no clock {name!r} in clocks.toml", nearest(name, clocks), key)
        found.append(RiskClass(section.text("code", need=True), section.words("title"), rank, *names))
    if not found:
        faults.add(document.name, document.line("class"), "no class is declared", "write [[class]], the lowest first")
    return tuple(found)


def _cells(section: Section, rows: int, columns: int, codes: list[str]) -> tuple[tuple[int, ...], ...]:
    """The cells as places of classes; a matrix in which more likely or worse is graded lower is a fault."""
    given = section.data.get("cells")
    fits = isinstance(given, list) and len(given) == rows and all(
        isinstance(row, list) and len(row) == columns and all(cell in codes for cell in row) for row in given
    )  # fmt: skip
    if not fits or not isinstance(given, list):
        section.fault(
            f"cells is not {rows} lists of {columns} classes", "one list a likelihood, one class a consequence", "cells"
        )
        return ()
    cells = tuple(tuple(codes.index(cell) for cell in row) for row in given)
    by_column = tuple(zip(*cells, strict=True))
    if any(list(line) != sorted(line) for line in (*cells, *by_column)):
        section.fault(
            "cells fall where likelihood or consequence rises", "let no class be lower than one before it", "cells"
        )
    return cells


def _plan(
    top: Section, forms: Mapping[str, Form], cases: Mapping[str, CaseKind], faults: Faults
) -> InspectionPlan | None:
    section = Section(top.document, ("inspection",), top.table("inspection"), faults)
    section.known(_INSPECTION_KEYS)
    section.boolean("verified", need=True)
    section.text("source", need=True)
    kind = cases.get(section.text("case", need=True))
    if kind is None:
        section.fault("case is no kind of case of this pack", nearest(section.text("case"), cases), "case")
        return None
    done, day, answers = section.text("done", need=True), section.text("day", need=True), section.table("answers")
    if done not in kind.states or not kind.states[done].over:
        section.fault(f"{done!r} is no state in which {kind.code} is over", nearest(done, kind.states), "done")
    form = forms.get(kind.form)
    question = form.question(day) if form else None
    if form is None or question is None or question.kind != "day":
        section.fault(f"the form of {kind.code} asks for no day {day!r}", "name a question with format date", "day")
        return None
    given = {**answers, day: "2026-01-01"}
    for fault in answer_faults(form, [one.name for one in form.questions], given, now=_SOME_DAY):
        section.fault(f"answers: {fault.field} {fault.what}", "answer what the form needs", "answers")
    return InspectionPlan(
        kind.name, done, day, answers, section.whole("ahead_days", 14), *_called_off(section, kind, done)
    )


def _called_off(section: Section, kind: CaseKind, done: str) -> tuple[str, str]:
    """The state in which it was called off, and the question that then names the next day. Without that day an inspection would
    be planned again the moment it was called off, or never."""
    state, day = section.text("called_off"), section.text("next")
    others = [code for code, one in kind.states.items() if one.over and code != done]
    if state not in (others or [""]):
        section.fault(f"called_off is {state!r}, but {kind.code} ends also as {', '.join(others) or 'nothing else'}",
                      "name the state in which it is called off; an inspection ends so, or is done", "called_off")  # fmt: skip
        return "", ""
    for move in kind.moves.values():
        form = kind.forms.get(move.form)
        question = form.question(day) if form else None
        if state and move.after == state and (question is None or question.kind != "day" or not question.required):
            section.fault(f"the move {move.code} into {state} asks for no day {day!r}",
                          "let its form require a question of that name with format date", "next")  # fmt: skip
    return state, day
