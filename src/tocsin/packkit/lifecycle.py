"""lifecycle.toml: the kinds of case of a pack - states, moves with who may make them, guards, forms, clocks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.engine.language.faults import nearest
from tocsin.packkit.checklist import Checklists
from tocsin.packkit.clocks import ClockSpec, variant_of
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.forms import Form
from tocsin.packkit.grades import GradeTable, read_grades
from tocsin.packkit.roles import roles_of
from tocsin.packkit.seal import SealSpec, read_seal
from tocsin.packkit.section import Section, tables_of

__all__ = ["GUARDS", "OPENING", "ROOMS", "CaseKind", "Desk", "Move", "State", "read_lifecycle"]

_CASE_KEYS = (
    "title", "number", "first", "opens", "form", "owner", "starts", "ruling", "legs", "appeal", "requester", "sealed",
    "seal", "supervisor", "hidden_from", "state", "move", "source", "verified", "note", "room", "grade",
)  # fmt: skip
_STATE_KEYS = ("title", "over", "replied", "put_right", "hidden_from")
_MOVE_KEYS = (
    "title", "from", "to", "who", "form", "when", "guards", "someone_else", "starts", "stops", "pictures", "within",
)  # fmt: skip
_DESK_KEYS = ("title", "role", "clock", "ask", "above", "reopens", "stands", "starts")
# legs_over: every helper has replied or was waived. not_operator: the account holds no post of the facility.
# not_contested: nobody disputes whose it is. replied: the requester has had an answer. hops_left: its report has to go up
# further.
GUARDS = ("legs_over", "not_contested", "not_operator", "replied", "hops_left")
SUPERVISOR = "commander"  # the role that is told of missed deadlines where a kind names no other
ROOMS = ("rectify",)  # rooms of the loop that keep a kind of case themselves
OPENING = "open"  # what `someone_else` calls the opening of a case
MOST_LEVELS = 3  # of appeal: no endless loop
_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NUMBER = re.compile(r"[A-Z]{1,6}")


@dataclass(frozen=True, slots=True)
class State:
    """A state of a case. ``replied``: in it the requester has an answer; ``put_right``: what was wrong has been put right: two
    things. ``over``: nothing more has to happen. ``hidden_from``: roles that do not see a case in it."""

    code: str
    title: Mapping[str, str]
    over: bool = False
    replied: bool = False
    put_right: bool = False
    hidden_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A move. ``who``: roles, or ``owner``. ``when``: values of the case under which it may be made. ``someone_else``: moves
    whose last maker may not make this one. ``starts`` and ``stops``: clocks. ``pictures``: it needs at least one. ``within``:
    clocks of which one must run. ``after``: "" where the case stays in its state."""

    code: str
    title: Mapping[str, str]
    before: tuple[str, ...]
    after: str
    who: tuple[str, ...]
    form: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)
    guards: tuple[str, ...] = ()
    someone_else: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    pictures: bool = False
    within: tuple[str, ...] = ()

    def leads_to(self, state: str) -> str:
        """The state in which a case is after it."""
        return self.after or state


@dataclass(frozen=True, slots=True)
class Desk:
    """Who decides beside the owner (a contested assignment, a level of appeal), within which clock. ``ask``: the clock within
    which it may be asked; ``above``: only a post whose area lies above that of whoever decided before. Of an appeal that is
    upheld, the state it ``reopens`` and the clocks it ``starts``; of one that is not, the state in which it ``stands``."""

    role: str
    clock: str = ""
    reopens: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    ask: str = ""
    above: bool = False
    stands: str = ""
    starts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseKind:
    """A kind of case, named ``pack/code``. ``number``: the letters before its numbers. ``legs``: the clock of a helper's leg
    ("" = no helpers). ``appeals``: the levels of appeal, one after the other; after the last there is none. ``supervisor``:
    the role that is told of a missed deadline beside the owner. ``room``: the room of the loop that opens and moves such cases
    ("" = whoever may). ``clocks`` and ``forms`` are the pack's."""

    pack: str
    code: str
    title: Mapping[str, str]
    number: str
    first: str
    opens: tuple[str, ...]
    owner: str
    states: Mapping[str, State]
    moves: Mapping[str, Move]
    clocks: Mapping[str, ClockSpec]
    forms: Mapping[str, Form]
    form: str = ""
    starts: tuple[str, ...] = ()
    ruling: Desk | None = None
    appeals: tuple[Desk, ...] = ()
    legs: Desk | None = None
    requester: bool = False
    sealed: bool = False
    supervisor: str = SUPERVISOR
    seal: SealSpec | None = None
    room: str = ""
    checklists: Checklists | None = None
    grade: GradeTable | None = None
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``pack/code``."""
        return f"{self.pack}/{self.code}"

    @property
    def outside(self) -> frozenset[str]:
        """Of a sealed kind the answers that lie outside the seal: what moves wait for, clocks start on, and what is counted."""
        return frozenset((*_decisive(self.moves, self.clocks), *(self.seal.counts if self.seal else ())))

    def with_variants(self, codes: Collection[str]) -> tuple[str, ...]:
        """Clocks and those that may run in their place."""
        return tuple(dict.fromkeys(name for code in codes for name in (code, *self.variants.get(code, ()))))

    def clock_for(self, code: str, values: Mapping[str, Any]) -> ClockSpec:
        """The clock that runs where ``code`` is named, in a case with these answers."""
        return self.clocks[variant_of(self.clocks, self.variants, code, values)]

    def moves_from(self, state: str) -> tuple[Move, ...]:
        """The moves that lead out of a state."""
        return tuple(move for move in self.moves.values() if state in move.before)


def read_lifecycle(
    folder: Folder, pack: str, clocks: Mapping[str, ClockSpec], forms: Mapping[str, Form], faults: Faults
) -> Mapping[str, CaseKind]:
    """The kinds of case by code, faults reported. Whether states can be reached is looked at in ``concerns.lifecycle``."""
    document = folder.document("lifecycle.toml")
    Section(document, (), document.data, faults).known(("case",))
    out = {}
    for code, section in tables_of(document, "case", faults):
        section.known(_CASE_KEYS)
        section.boolean("verified", need=True)
        _named(section, code)
        out[code] = _kind(pack, code, section, clocks, forms)
    return out


def _kind(
    pack: str, code: str, section: Section, clocks: Mapping[str, ClockSpec], forms: Mapping[str, Form]
) -> CaseKind:
    hidden = roles_of(section, "hidden_from")
    states = {name: _state(name, inner, hidden) for name, inner in _tables(section, "state")}
    number = section.text("number", need=True)
    if number and not _NUMBER.fullmatch(number):
        section.fault(f"number {number!r} is not one to six capital letters", 'write number = "AQ"', "number")
    owner = roles_of(_listed(section, "owner"), "owner", need=True)
    form = _one_of(section, "form", forms, "form", "forms/")
    moves = {name: _move(name, inner, states, clocks, forms) for name, inner in _tables(section, "move")}
    asked = {form, *(move.form for move in moves.values())}
    sealed = section.boolean("sealed") or any(forms[name].sealed for name in asked if name)
    questions = [question for name in sorted(asked) if name for question in forms[name].questions]
    if sealed and any(move.pictures for move in moves.values()):
        section.fault(
            "a move of a sealed kind needs pictures, which lie in the open", "let them come as documents", "move"
        )
    seal = read_seal(section, sealed, questions, _decisive(moves, clocks))
    return CaseKind(
        pack, code, section.words("title"), number, _one_of(section, "first", states, "state", "", need=True),
        roles_of(section, "opens", need=True), owner[0] if owner else "", states, moves, clocks, forms, form,
        _all_of(section, "starts", clocks, "clock"), _desk(section, "ruling", states, clocks),
        _levels(section, states, clocks), _desk(section, "legs", states, clocks), section.boolean("requester"), sealed,
        next(iter(roles_of(_listed(section, "supervisor"), "supervisor")), SUPERVISOR), seal,
        _one_of(section, "room", ROOMS, "room", ""),
        grade=read_grades(section, forms, clocks, {name: move.form for name, move in moves.items()}, sealed),
        variants=_variants(clocks),
    )  # fmt: skip


def _variants(clocks: Mapping[str, ClockSpec]) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for clock in clocks.values():
        if clock.instead_of:
            out[clock.instead_of] = (*out.get(clock.instead_of, ()), clock.code)
    return out


def _decisive(moves: Mapping[str, Move], clocks: Mapping[str, ClockSpec]) -> list[str]:
    return [
        *(name for move in moves.values() for name in move.when),
        *(clock.at for clock in clocks.values() if clock.at),
        *(name for clock in clocks.values() for name in clock.when),
    ]


def _state(code: str, section: Section, hidden: tuple[str, ...]) -> State:
    section.known(_STATE_KEYS)
    _named(section, code)
    return State(
        code, section.words("title"), section.boolean("over"), section.boolean("replied"), section.boolean("put_right"),
        tuple(dict.fromkeys((*hidden, *roles_of(section, "hidden_from")))),
    )  # fmt: skip


def _move(
    code: str, section: Section, states: Mapping[str, State], clocks: Mapping[str, ClockSpec], forms: Mapping[str, Form]
) -> Move:
    section.known(_MOVE_KEYS)
    _named(section, code)
    when = dict(section.table("when"))
    for name in when:
        if not any(form.question(name) for form in forms.values()):
            section.fault(
                f"no form asks for {name!r}", "a move can wait only for what somebody was asked", "when", name
            )
    return Move(
        code, section.words("title"), _all_of(section, "from", states, "state", need=True),
        _one_of(section, "to", states, "state", ""), roles_of(section, "who", need=True, owner=True),
        _one_of(section, "form", forms, "form", "forms/"), when, _all_of(section, "guards", GUARDS, "guard"),
        section.texts("someone_else"), _all_of(section, "starts", clocks, "clock"), _all_of(section, "stops", clocks, "clock"),
        section.boolean("pictures"), _all_of(section, "within", clocks, "clock"),
    )  # fmt: skip


def _desk(section: Section, key: str, states: Mapping[str, State], clocks: Mapping[str, ClockSpec]) -> Desk | None:
    given = section.table(key)
    return _desk_of(section, (key,), given, states, clocks) if given else None


def _levels(section: Section, states: Mapping[str, State], clocks: Mapping[str, ClockSpec]) -> tuple[Desk, ...]:
    """``appeal``: one desk, or a list of them, the next one above the last."""
    given = section.data.get("appeal")
    if not isinstance(given, list):
        desk = _desk(section, "appeal", states, clocks)
        return (desk,) if desk else ()
    tables = [table for table in given if isinstance(table, dict)]
    if len(tables) != len(given) or not 0 < len(tables) <= MOST_LEVELS:
        section.fault(f"appeal is no table and no list of one to {MOST_LEVELS} tables",
                      'write appeal = [{ role = "…", clock = "…", reopens = "…" }]', "appeal")  # fmt: skip
    return tuple(_desk_of(section, ("appeal", level), table, states, clocks)
                 for level, table in enumerate(tables[:MOST_LEVELS]))  # fmt: skip


def _desk_of(
    section: Section, path: tuple[str | int, ...], given: Mapping[str, Any], states: Mapping[str, State],
    clocks: Mapping[str, ClockSpec],
) -> Desk:  # fmt: skip
    key = path[0]
    inner = Section(section.document, (*section.path, *path), given, section.faults)
    inner.known(_DESK_KEYS)
    role = roles_of(_listed(inner, "role"), "role", need=key != "legs")
    reopens = _one_of(inner, "reopens", states, "state", "", need=key == "appeal")
    return Desk(
        role[0] if role else "", _one_of(inner, "clock", clocks, "clock", "", need=True), reopens,
        inner.words("title") if "title" in given else {}, _one_of(inner, "ask", clocks, "clock", ""),
        inner.boolean("above"), _one_of(inner, "stands", states, "state", ""), _all_of(inner, "starts", clocks, "clock"),
    )  # fmt: skip


def _listed(section: Section, key: str) -> Section:
    """The section with one text as a list of it, so that one reader reads both."""
    value = section.text(key)
    return Section(section.document, section.path, {**section.data, key: [value] if value else []}, section.faults)


def _tables(section: Section, key: str) -> list[tuple[str, Section]]:
    out = []
    for name, table in section.table(key).items():
        if isinstance(table, dict):
            out.append((str(name), Section(section.document, (*section.path, key, str(name)), table, section.faults)))
        else:
            section.fault(f"{key}.{name} must be a table", f"write [case.name.{key}.{name}]", key, name)
    if not out:
        section.fault(f"{key} is missing", f"write [case.name.{key}.first]", key)
    return out


def _one_of(section: Section, key: str, known: Collection[str], what: str, where: str, need: bool = False) -> str:
    name = section.text(key, need=need)
    if name and name not in known:
        section.fault(f"no {what} {where}{name!r}" if where else f"no {what} {name!r}", nearest(name, known), key)
        return ""
    return name


def _all_of(section: Section, key: str, known: Any, what: str, need: bool = False) -> tuple[str, ...]:
    given = section.texts(key)
    if need and not given:
        section.fault(f"{key} is missing", f'write {key} = ["…"]', key)
    for name in given:
        if name not in known:
            section.fault(f"no {what} {name!r}", nearest(name, known), key)
    return tuple(name for name in given if name in known)


def _named(section: Section, code: str) -> None:
    if not _CODE.fullmatch(code) or len(code) > 40:
        section.fault(f"{code!r} is no code of small letters and _", "write for example on_hold; titles are for words")
