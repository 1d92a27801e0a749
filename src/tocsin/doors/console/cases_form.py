"""Forms of cases: the questions that still have to be asked, each with what was typed and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from tocsin.packkit.answers import AnswerFault
from tocsin.packkit.case_moves import EARLIER, still_asked
from tocsin.packkit.forms import Question
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.refusals import fault_words, in_words
from tocsin.records.cases.sealing import UNDER_SEAL

__all__ = ["Asked", "answers_of", "asked", "shown_value"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as a page shows it. ``name``: of the field; ``id``: of the element, one a page;
    ``item``: it belongs to a checklist."""

    name: str
    id: str
    kind: str
    title: str
    hint: str
    choices: list[tuple[str, str]]
    value: str
    required: bool
    most: int
    low: str
    high: str
    wrong: str
    item: bool = False


def asked(
    kind: CaseKind, form: str, values: Mapping[str, Any], of: str, typed: Mapping[str, str], faults: list[AnswerFault]
) -> list[Asked]:
    """The questions of a form that were not answered yet. ``of``: the move, so that ids are one a page."""
    wrong = {fault.field: fault_words(fault.what) for fault in faults}
    names = set(still_asked(kind, form, values)) if form else set()
    questions = kind.forms[form].questions if form else ()
    listed = {one.name for lists in (kind.checklists,) if lists for found in lists.lists.values() for item in found.items
              for one in item.questions}  # fmt: skip
    return [
        replace(_asked(question, of, typed, wrong), item=question.name in listed)
        for question in questions if question.name in names
    ]  # fmt: skip


def answers_of(post: QueryDict, kind: CaseKind, form: str, values: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """What was typed, as the kinds of its questions want it; what cannot be read stays as typed and is refused by name. Fields
    that no question asks for are passed on, so that they are refused too."""
    wanted = still_asked(kind, form, values) if form else ()
    out: dict[str, Any] = {  # sent all the same: by an old page, or by who tries; the service names each
        name.removeprefix("a_"): text for name in post
        if name.startswith("a_") and name.removeprefix("a_") not in wanted and (text := post.get(name, "").strip())
    }  # fmt: skip
    for name in wanted:
        question = kind.forms[form].question(name)
        if len(post.getlist(f"a_{name}")) > 1:  # which of them is meant?
            out[name] = post.getlist(f"a_{name}")
            continue
        typed = post.get(f"a_{name}", "").replace("\r\n", "\n").strip()
        if question is None:
            continue
        if question.kind == "flag":
            out[name] = bool(typed)
        elif typed:
            out[name] = _read(question, typed, zone)
    return out


def shown_value(kind: CaseKind, name: str, value: Any, zone: tzinfo) -> tuple[str, str]:
    """An answer as a page tells it: the question's title, the answer in words."""
    asked, _sign, times = name.partition(EARLIER)
    question = next((found for form in kind.forms.values() if (found := form.question(asked))), None)
    graded = kind.grade if kind.grade and kind.grade.name == asked else None
    if question is None and graded is None:
        return name, str(value)
    title = in_words(question.title if question else graded.title if graded else {})
    if times:
        title = _("{title} (earlier answer {n})").format(title=title, n=times)
    if question is None:
        grade = graded.grade(value) if graded else None
        return title, in_words(grade.title) if grade else str(value)
    if value == UNDER_SEAL:
        return title, UNDER_SEAL
    if question.kind == "choice":
        return title, in_words(question.words.get(str(value), {"en": str(value)}))
    if question.kind == "moment":
        return title, datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    return title, f"{value:,.15g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _asked(question: Question, of: str, typed: Mapping[str, str], wrong: Mapping[str, str]) -> Asked:
    schema = question.schema
    return Asked(
        f"a_{question.name}", f"{of}-{question.name}", question.kind, in_words(question.title),
        in_words(question.hint) if question.hint else "", [(code, in_words(words)) for code, words in question.words.items()],
        typed.get(f"a_{question.name}", ""), question.required, int(schema.get("maxLength", 40)),
        str(schema.get("minimum", "")), str(schema.get("maximum", "")), wrong.get(question.name, ""),
    )  # fmt: skip


def _read(question: Question, typed: str, zone: tzinfo) -> Any:
    try:
        if question.kind == "whole":
            return int(typed)
        if question.kind == "number":
            return float(typed.replace(",", ""))
        if question.kind == "moment":
            moment = datetime.fromisoformat(typed)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
    except ValueError:
        return typed
    return typed
