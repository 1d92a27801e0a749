"""What somebody filled in, held against the questions of a form. Pure: every fault is said, none stops the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from jsonschema import Draft202012Validator

from tocsin.packkit.forms import Form, Question

__all__ = ["AnswerFault", "answer_faults", "has_unseen", "start_of"]

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]"
)  # cannot be kept, or shows other than it reads
_FIRST, _LAST = 1900, 2200
_BY_VALIDATOR = {
    "required": "missing", "minLength": "missing", "maxLength": "long", "enum": "choice", "minimum": "range",
    "maximum": "range", "type": "type",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class AnswerFault:
    """``what`` is wrong with a field: missing, surplus, type, long, choice, range, hidden, day, moment, zone, ahead, behind."""

    field: str
    what: str


def answer_faults(form: Form, asked: Iterable[str], answers: Mapping[str, Any], *, now: datetime) -> list[AnswerFault]:
    """Everything wrong with answers to those questions of a form that are ``asked``, in the order of the form. ``now``: in the
    zone whose days count."""
    questions = {name: question for name in asked if (question := form.question(name))}
    needed = [question.name for question in questions.values() if question.required]
    schema = {
        "type": "object", "additionalProperties": False, "required": needed,
        "properties": {name: _plain(question) for name, question in questions.items()},
    }  # fmt: skip
    found: dict[str, str] = {str(name): "surplus" for name in answers if name not in questions}
    for error in Draft202012Validator(schema).iter_errors(dict(answers)):
        if error.validator == "required":
            for name in needed:
                if name not in answers:
                    found.setdefault(str(name), "missing")
        elif error.absolute_path:
            found.setdefault(str(error.absolute_path[0]), _BY_VALIDATOR.get(str(error.validator), "type"))
    for name, needs in form.with_it.items():
        if answers.get(name) not in (None, "", False):
            for other in needs:
                if other in questions and not str(answers.get(other, "")).strip():
                    found.setdefault(other, "missing")
    for name, question in questions.items():
        if name in answers and name not in found and (what := _deeper(question, answers[name], now)):
            found[name] = what
    order = [question.name for question in form.questions]
    return sorted((AnswerFault(*pair) for pair in found.items()),
                  key=lambda fault: (order.index(fault.field) if fault.field in order else 99, fault.field))  # fmt: skip


def has_unseen(text: str) -> bool:
    """Whether a text holds characters that cannot be kept or that show other than they read: controls but tab and line feed,
    and those that turn the order of writing round (Unicode TR 36, 3.2.1)."""
    return bool(_CONTROL.search(text))


def start_of(value: str, zone: str) -> datetime:
    """The moment that a day or a moment of a form names; a day begins at its midnight."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = datetime.combine(date.fromisoformat(value), time(0), ZoneInfo(zone))
    return moment.astimezone(UTC)


def _plain(question: Question) -> dict[str, Any]:
    """The schema of one question; a text that must be given is not empty."""
    schema = {key: value for key, value in question.schema.items() if key != "format"}
    if question.required and question.kind in ("text", "long"):
        schema.setdefault("minLength", 1)
    return schema


def _deeper(question: Question, value: Any, now: datetime) -> str:
    if isinstance(value, str) and has_unseen(value):
        return "hidden"
    if isinstance(value, str) and question.required and not value.strip():
        return "missing"
    if question.kind == "day":
        return _day(value, question, now)
    return _moment(value, question, now) if question.kind == "moment" else ""


def _day(value: Any, question: Question, now: datetime) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return "day"
    if value != day.isoformat():  # 20260131 and 2026-W05-6 are days too, but nobody reads them as the same one
        return "day"
    if not _FIRST <= day.year < _LAST:
        return "day"
    if question.past and day > now.date():
        return "ahead"
    return "behind" if question.ahead and day < now.date() else ""


def _moment(value: Any, question: Question, now: datetime) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "moment"
    if moment.tzinfo is None:
        return "zone"
    if not _FIRST <= moment.year < _LAST:
        return "moment"
    if question.past and moment > now:
        return "ahead"
    return "behind" if question.ahead and moment < now else ""
