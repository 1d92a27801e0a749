"""``[case.NAME.grade]``: a ladder of grades of a case by what was counted (deaths, losses), and up to whom each is reported.

A grade is reached by any one measure that comes up to its figure; of several the most severe holds. Each figure is included,
the next one is not: a ladder of lower bounds has neither gap nor overlap, and one that could have is refused.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.engine.language.faults import nearest
from tocsin.packkit.clocks import ClockSpec
from tocsin.packkit.forms import Form
from tocsin.packkit.section import Section

__all__ = ["Body", "Chain", "Grade", "GradeTable", "grade_of", "read_grades"]

_TABLE_KEYS = ("name", "title", "measures", "step", "body", "chain", "falls", "source", "verified", "note")
_STEP_KEYS = ("code", "title", "at_least", "report_to", "investigated_by")
_BODY_KEYS = ("code", "title")
_CHAIN_KEYS = ("clock", "moves", "question", "source", "verified", "note")
_FALLS_KEYS = ("when", "source", "verified", "note")
_AT_MOST = 9
_COUNTED = ("whole", "number")


@dataclass(frozen=True, slots=True)
class Body:
    """A level of government, the lowest first; the first one is who receives the report."""

    code: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade. ``at_least``: by measure the figure from which it holds, none of the lowest. ``report_to``: up to which body;
    ``investigated_by``: which one investigates ("" where the pack names none)."""

    code: str
    title: Mapping[str, str]
    at_least: Mapping[str, float]
    report_to: str = ""
    investigated_by: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """How a report goes up: by ``moves``, a body each time, each within ``clock``; ``question`` is what each asks anew."""

    clock: str
    moves: tuple[str, ...]
    question: str


@dataclass(frozen=True, slots=True)
class GradeTable:
    """The ladder of a kind of case. ``name``: under which the grade is kept among the answers. ``grades``: the lowest first.
    ``falls``: the answers, given with new figures, under which a grade may fall; without them it only rises."""

    name: str
    title: Mapping[str, str]
    measures: tuple[str, ...]
    grades: tuple[Grade, ...]
    bodies: tuple[Body, ...] = ()
    chain: Chain | None = None
    falls: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    verified: bool = False

    def grade(self, code: object) -> Grade | None:
        """A grade by its code."""
        return next((one for one in self.grades if one.code == code), None)

    def rank(self, code: object) -> int:
        """Its place in the ladder from 0, the lowest; -1 for what is none."""
        return next((place for place, one in enumerate(self.grades) if one.code == code), -1)

    def body(self, code: str) -> Body | None:
        """A body by its code."""
        return next((one for one in self.bodies if one.code == code), None)

    def hops(self, code: object) -> tuple[Body, ...]:
        """The bodies to which a report of a grade is passed, one after the other; none where it goes nowhere."""
        grade = self.grade(code)
        places = [place for place, body in enumerate(self.bodies) if grade and body.code == grade.report_to]
        return self.bodies[1 : places[0] + 1] if places else ()


def grade_of(table: GradeTable, values: Mapping[str, Any]) -> Grade | None:
    """The most severe grade that any measure comes up to. A measure that is not known counts for nothing; where none is known
    there is no grade."""
    known = {name: values[name] for name in table.measures if _is_figure(values.get(name))}
    if not known:
        return None
    for grade in reversed(table.grades[1:]):
        if any(known[name] >= least for name, least in grade.at_least.items() if name in known):
            return grade
    return table.grades[0]


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def read_grades(
    section: Section, forms: Mapping[str, Form], clocks: Mapping[str, ClockSpec], moves: Mapping[str, str], sealed: bool
) -> GradeTable | None:
    """The ladder of a kind of case, None where it has none; faults reported. ``moves``: of the kind, each with its form."""
    given = section.table("grade")
    if not given:
        return None
    inner = Section(section.document, (*section.path, "grade"), given, section.faults)
    inner.known(_TABLE_KEYS)
    if sealed:
        inner.fault("a sealed kind has a grade, which lies in the open", "leave one of the two out")
    name, measures = inner.text("name", need=True), inner.texts("measures")
    if any(form.question(name) for form in forms.values()):
        inner.fault(
            f"name {name!r} is a question of a form", "name the grade otherwise: nobody is asked for it", "name"
        )
    if not measures or len(set(measures)) < len(measures):
        inner.fault("measures names none, or one twice", 'write measures = ["deaths"]', "measures")
    for measure in measures:
        asked = [found for form in forms.values() if (found := form.question(measure))]
        if not asked or any(question.kind not in _COUNTED for question in asked):
            inner.fault(f"no form asks for a number {measure!r}", nearest(measure, _numbers(forms)), "measures")
    bodies = tuple(Body(one.text("code", need=True), one.words("title")) for one in _list(inner, "body", _BODY_KEYS))
    if len({body.code for body in bodies}) < len(bodies):
        inner.fault("two bodies have one code", "give each its own", "body")
    return GradeTable(
        name, inner.words("title"), measures, _steps(inner, measures, [body.code for body in bodies]), bodies,
        _chain(inner, clocks, forms, moves, bodies), _falls(inner, forms), inner.text("source", need=True),
        inner.boolean("verified", need=True),
    )  # fmt: skip


def _steps(section: Section, measures: Collection[str], bodies: list[str]) -> tuple[Grade, ...]:
    found: list[Grade] = []
    for place, one in enumerate(_list(section, "step", _STEP_KEYS)):
        grade = Grade(one.text("code", need=True), one.words("title"), _figures(one, measures, first=place == 0),
                      _body(one, "report_to", bodies), _body(one, "investigated_by", bodies))  # fmt: skip
        if found:
            _rises(one, found[-1], grade, bodies)
        found.append(grade)
    if not 2 <= len(found) <= _AT_MOST or len({grade.code for grade in found}) < len(found):
        section.fault(
            f"it needs 2 to {_AT_MOST} steps with codes of their own", "write [[…grade.step]], the lowest first", "step"
        )
    return tuple(found)


def _figures(section: Section, measures: Collection[str], *, first: bool) -> dict[str, float]:
    given = section.table("at_least")
    inner = Section(section.document, (*section.path, "at_least"), given, section.faults)
    inner.known(measures)
    if first:
        if given:
            section.fault(
                "the lowest grade begins at a figure: what lies below has no grade", "leave at_least out", "at_least"
            )
        return {}
    for measure in measures:
        if measure not in given:
            section.fault(
                f"at_least has no figure of {measure}: the ladder has a gap there", "write its figure", "at_least"
            )
    return {name: inner.number(name) for name in measures if name in given}


def _rises(section: Section, before: Grade, grade: Grade, bodies: list[str]) -> None:
    for measure, least in grade.at_least.items():
        below = before.at_least.get(measure, 0.0)
        if not least > below:
            what = "overlaps the grade before it" if least == below else "falls below the grade before it"
            section.fault(
                f"at_least.{measure} {what}", "let each figure be higher than the one before", "at_least", measure
            )
    for key in ("report_to", "investigated_by"):
        was, now = getattr(before, key), getattr(grade, key)
        if was in bodies and now in bodies and bodies.index(now) < bodies.index(was):
            section.fault(f"{key} falls where the grade rises", "name the same body, or one above it", key)


def _body(section: Section, key: str, bodies: list[str]) -> str:
    code = section.text(key, need=bool(bodies))
    if code and code not in bodies:
        section.fault(f"no body {code!r}", nearest(code, bodies), key)
        return ""
    return code


def _chain(
    section: Section, clocks: Mapping[str, ClockSpec], forms: Mapping[str, Form], moves: Mapping[str, str],
    bodies: Collection[Body],
) -> Chain | None:  # fmt: skip
    given = section.table("chain")
    if not given:
        return None
    inner = Section(section.document, (*section.path, "chain"), given, section.faults)
    inner.known(_CHAIN_KEYS)
    inner.boolean("verified", need=True)
    inner.text("source", need=True)
    clock, named, asked = inner.text("clock", need=True), inner.texts("moves"), inner.text("question", need=True)
    if clock not in clocks:
        inner.fault(f"no clock {clock!r}", nearest(clock, clocks), "clock")
    if len(bodies) < 2:
        inner.fault("a chain needs two bodies or more", "write [[…grade.body]], the lowest first", "moves")
    if not named:
        inner.fault("moves is missing", 'write moves = ["pass_up"]', "moves")
    for move in named:
        form = forms.get(moves.get(move, ""))
        question = form.question(asked) if form else None
        if move not in moves:
            inner.fault(f"no move {move!r}", nearest(move, moves), "moves")
        elif question is None or not (question.again and question.required):
            inner.fault(
                f"the move {move} does not ask for {asked!r} each time",
                "let its form require it, with x-again",
                "question",
            )
    return Chain(clock, named, asked)


def _falls(section: Section, forms: Mapping[str, Form]) -> Mapping[str, Any]:
    given = section.table("falls")
    if not given:
        return {}
    inner = Section(section.document, (*section.path, "falls"), given, section.faults)
    inner.known(_FALLS_KEYS)
    inner.boolean("verified", need=True)
    inner.text("source", need=True)
    when = dict(inner.table("when"))
    if not when:
        inner.fault("when is missing", 'write when = { figures = "wrong" }', "when")
    for name, value in when.items():
        words = [found.words for form in forms.values() if (found := form.question(name)) and found.kind == "choice"]
        if not any(value in choices for choices in words):
            inner.fault(f"no form asks for {name!r} with the choice {value!r}", "name a choice of a form", "when", name)
    return when


def _numbers(forms: Mapping[str, Form]) -> list[str]:
    return [question.name for form in forms.values() for question in form.questions if question.kind in _COUNTED]


def _list(section: Section, key: str, keys: Collection[str]) -> list[Section]:
    given = section.data.get(key, [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        section.fault(f"{key} is no list of tables", f"begin each with [[…grade.{key}]]", key)
        return []
    found = [
        Section(section.document, (*section.path, key, place), one, section.faults) for place, one in enumerate(given)
    ]
    for one in found:
        one.known(keys)
    return found
