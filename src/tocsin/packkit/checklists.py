"""checklists.toml: what an inspection goes through, by kind of case and by the choice that says which list. Read into the kinds
of case: the items become questions of the move, so that they are asked, kept and drafted like any other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from tocsin.engine.language.faults import nearest
from tocsin.packkit.answers import AnswerFault, answer_faults
from tocsin.packkit.checklist import MOST_ITEMS, NOT_MET, NOTE, NOTE_AT_MOST, Checklist, Checklists, Item
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.forms import Form
from tocsin.packkit.lifecycle import CaseKind, Move
from tocsin.packkit.section import Section, tables_of
from tocsin.terms.boundary import name_refused, observed_refused, text_refused

__all__ = ["checklist_faults", "form_of", "read_checklists", "unmet"]

FILE = "checklists.toml"
_CASE_KEYS = ("move", "by", "result", "in_order", "findings", "finding", "grade", "what", "list")
_LIST_KEYS = ("title", "item", "source", "verified")
_ITEM_KEYS = ("code", "asks", "finding", "grade", "picture", "source", "verified")
_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LIST = "@"  # parts a form from the list that it is asked with; no form can be called so
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS_AT_MOST = 120


def read_checklists(folder: Folder, cases: Mapping[str, CaseKind], faults: Faults) -> Mapping[str, CaseKind]:
    """The kinds of case with their checklists, faults reported; what has none stays as it is."""
    document = folder.document(FILE)
    Section(document, (), document.data, faults).known(("case",))
    out, taken = dict(cases), set[str]()
    for code, section in tables_of(document, "case", faults):
        section.known(_CASE_KEYS)
        if code not in cases:
            section.fault(f"no kind of case {code!r}", nearest(code, cases))
            continue
        before = len(faults.faults)
        lists = _checklists(section, cases[code], cases, taken)
        if lists is not None and len(faults.faults) == before:
            out[code] = replace(
                cases[code], checklists=lists, forms={**cases[code].forms, **_forms(cases[code], lists)}
            )
    return out


def form_of(kind: CaseKind, move: Move, values: Mapping[str, object]) -> str:
    """The name of the form that a move asks of a case with these answers: with the items of its list, where it has one."""
    lists = kind.checklists
    if lists is None or lists.move != move.code or values.get(lists.by) not in lists.lists:
        return move.form
    return f"{move.form}{_LIST}{values[lists.by]}"


def unmet(kind: CaseKind, move: Move, values: Mapping[str, object], answers: Mapping[str, object]) -> list[Item]:
    """The items of a case's list that were answered as not met, in order."""
    lists = kind.checklists
    if lists is None or form_of(kind, move, values) == move.form:
        return []
    return [item for item in lists.lists[str(values[lists.by])].items if answers.get(item.code) == NOT_MET]


def checklist_faults(
    kind: CaseKind, move: Move, values: Mapping[str, object], answers: Mapping[str, object], *, recorded: bool,
    pictures: bool,
) -> list[AnswerFault]:  # fmt: skip
    """What answers, complete in themselves, say against each other: in order with an item that is not met or with a finding
    that was recorded before (``recorded``), findings without any; an item that needs a photograph where no ``pictures`` came.
    """
    lists = kind.checklists
    if lists is None or form_of(kind, move, values) == move.form:
        return []
    wrong, result = unmet(kind, move, values, answers), answers.get(lists.result)
    out = [] if pictures else [AnswerFault(item.code, "picture") for item in wrong if item.picture]
    if result == lists.in_order and (wrong or recorded):
        out.append(AnswerFault(lists.result, "unmet" if wrong else "recorded"))
    if result == lists.findings and not (wrong or recorded):
        out.append(AnswerFault(lists.result, "all_met"))
    return out


def _forms(kind: CaseKind, lists: Checklists) -> dict[str, Form]:
    """The move's form with the items of each list before it."""
    form = kind.forms[kind.moves[lists.move].form]
    return {
        f"{form.name}{_LIST}{code}": Form(
            f"{form.name}{_LIST}{code}", (*(asked for item in one.items for asked in item.questions), *form.questions),
            form.with_it,
        ) for code, one in lists.lists.items()
    }  # fmt: skip


def _checklists(section: Section, kind: CaseKind, cases: Mapping[str, CaseKind], taken: set[str]) -> Checklists | None:
    named = [section.text(key, need=True) for key in _CASE_KEYS[:-1]]
    move, by, result, in_order, findings, finding, grade, what = named
    if kind.sealed:
        section.fault(
            f"{kind.code} lies under seal, and what is found would lie in the open", "leave the checklists out"
        )
    if move not in kind.moves or not kind.moves[move].form:
        section.fault(f"no move {move!r} with a form", nearest(move, kind.moves), "move")
        return None
    asked = [kind.forms[name] for name in (kind.form,) if name]
    chosen, form = _choices(section, "by", by, asked), kind.forms[kind.moves[move].form]
    ends = _choices(section, "result", result, [form])
    for key, value in (("in_order", in_order), ("findings", findings)):
        if ends and value not in ends:
            section.fault(f"{value!r} is no choice of {result}", nearest(value, ends), key)
    grades = _finding(section, kind, cases, finding, grade, what)
    held = {question.name for one in kind.forms.values() for question in one.questions}
    lists = {}
    for code, inner in _lists(section):
        if chosen and code not in chosen:
            inner.fault(f"{code!r} is no choice of {by}", nearest(code, chosen))
        lists[code] = _list(inner, code, grades, taken, held)
    return Checklists(move, by, result, in_order, findings, finding, grade, what, lists)


def _choices(section: Section, key: str, name: str, forms: list[Form]) -> Mapping[str, object]:
    """The choices of a question that is asked for sure; a fault where it is none."""
    question = next((found for form in forms for found in form.questions if found.name == name), None)
    if question is None or question.kind != "choice" or not question.required:
        section.fault(
            f"{key} {name!r} is no required choice of its form", "name a question with enum that is required", key
        )
        return {}
    return question.words


def _finding(
    section: Section, kind: CaseKind, cases: Mapping[str, CaseKind], code: str, grade: str, what: str
) -> Mapping[str, object]:
    """The grades that a finding can have; faults where an item's finding could not be opened by whoever makes the move."""
    found, move = cases.get(code), section.text("move")
    if found is None or not found.form:
        section.fault(f"no kind of case {code!r} with a form", nearest(code, cases), "finding")
        return {}
    for role in kind.moves[move].who:
        if role not in found.opens:
            section.fault(
                f"a {role} makes the move {move} and opens no {code}", f"let that role open {code}", "finding"
            )
    form = found.forms[found.form]
    grades, words = _choices(section, "grade", grade, [form]), form.question(what)
    most = int(words.schema.get("maxLength", 0)) if words and words.kind in ("text", "long") else 0
    if most < _WORDS_AT_MOST + NOTE_AT_MOST + 4:
        section.fault(f"what {what!r} is no text of {code} that holds an item and its note", "name a long text", "what")
        return grades
    given = {grade: next(iter(grades), ""), what: "-"}
    for fault in answer_faults(form, [one.name for one in form.questions], given, now=_SOME_DAY) if grades else ():
        section.fault(f"{code} asks more than grade and what: {fault.field}", "ask that at a later move", "finding")
    return grades


def _lists(section: Section) -> Iterator[tuple[str, Section]]:
    for code, table in section.table("list").items():
        if isinstance(table, Mapping):
            yield str(code), Section(section.document, (*section.path, "list", str(code)), table, section.faults)
        else:
            section.fault(
                f"list.{code} must be a table", f"write [{'.'.join(map(str, section.path))}.list.{code}]", "list"
            )


def _list(section: Section, code: str, grades: Mapping[str, object], taken: set[str], held: set[str]) -> Checklist:
    section.known(_LIST_KEYS)
    section.boolean("verified", need=True)
    given = section.data.get("item", [])
    if not isinstance(given, list) or not given or not all(isinstance(one, Mapping) for one in given):
        section.fault("a checklist needs items", "write each as an [[…item]]", "item")
        given = []
    if len(given) > MOST_ITEMS:
        section.fault(
            f"it has more than {MOST_ITEMS} items", "nobody goes through so many with care: part the list", "item"
        )
    items = []
    for number, one in enumerate(given[:MOST_ITEMS]):
        inner = Section(section.document, (*section.path, "item", number), one, section.faults)
        items.append(_item(inner, section, grades))
        _named(inner, items[-1].code, taken, held)
    return Checklist(code, section.words("title"), tuple(items))


def _item(section: Section, of: Section, grades: Mapping[str, object]) -> Item:
    section.known(_ITEM_KEYS)
    grade = section.text("grade", need=True)
    if grades and grade not in grades:
        section.fault(f"{grade!r} is no grade of a finding", nearest(grade, grades), "grade")
    asks, finding = section.words("asks"), section.words("finding")
    for key, words in (("asks", asks), ("finding", finding)):
        for language, text in words.items():
            if len(text) > _WORDS_AT_MOST:
                section.fault(f"{key} is longer than {_WORDS_AT_MOST} characters", "say it shorter", key, language)
            if crossed := text_refused(text):
                section.fault(f"{key} speaks of {crossed.matched!r}", f"leave it out: {crossed.reason}", key)
    cites = section if "source" in section.data or "verified" in section.data else of
    return Item(section.text("code", need=True), asks, finding, grade, section.boolean("picture"),
                cites.text("source", need=True), cites.boolean("verified", need=True))  # fmt: skip


def _named(section: Section, code: str, taken: set[str], held: set[str]) -> None:
    """An item's code is the name of its question: once in all lists, no name of another question, nothing about a person."""
    if not _CODE.fullmatch(code):
        section.fault(f"{code!r} is no name of small letters, figures and _", "write for example exits_free", "code")
    if code in taken or code + NOTE in taken or code in held or code + NOTE in held:
        section.fault(
            f"{code!r} is the name of another item or question", "choose another: it is kept by its name", "code"
        )
    if crossed := name_refused(code):
        section.fault(
            f"{code!r} asks for what is never kept ({crossed.matched})", f"leave it out: {crossed.reason}", "code"
        )
    elif observed_refused(code):
        section.fault(f"{code!r} is about a person", "ask about the place", "code")
    taken |= {code, code + NOTE}
