"""forms/*.json: what a case is asked, as JSON Schema 2020-12, a closed part of it. Each form is flat: one question a property.

Words stand in ``x-title`` (and ``x-hint``, ``x-words`` for choices) in every language. ``x-again``: asked at every move, else
once in the life of a case. ``x-past``: a day or moment that cannot lie ahead; ``x-ahead``: one that cannot lie behind.
``x-sealed``: about a person; kept under seal only. ``x-told``: the requester reads the answer by receipt code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from tocsin.engine.language.faults import nearest
from tocsin.packkit.document import LANGUAGES, Document, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.json_file import read_json
from tocsin.packkit.section import Section
from tocsin.terms.boundary import name_refused, observed_refused, text_refused

__all__ = ["Form", "Question", "read_forms"]

_FORM_KEYS = ("$schema", "title", "type", "properties", "required", "dependentRequired", "additionalProperties")
_QUESTION_KEYS = (
    "type", "enum", "minLength", "maxLength", "minimum", "maximum", "format", "x-title", "x-hint", "x-words", "x-again",
    "x-past", "x-ahead", "x-sealed", "x-told",
)  # fmt: skip
_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_TYPES = ("string", "integer", "number", "boolean")
_FORMATS = ("date", "date-time", "long")
_LONGEST = 4000
MOST_QUESTIONS = 60
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")  # "#" and "@" are the kernel's
# A field of one of these names is about somebody, whatever else it is called.
_OF_A_PERSON = re.compile(
    r"(^|_)(name|surname|mail|email|address|telephone|phone|mobile|contact|birth\w*|gender|sex|age)(_|$)"
)


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form. ``kind``: text, long, choice, whole, number, day, moment or flag."""

    name: str
    kind: str
    title: Mapping[str, str]
    hint: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    required: bool
    again: bool
    sealed: bool
    past: bool
    ahead: bool
    told: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """A form by its name, its questions in order. ``with_it``: by question, those that must be answered where it is."""

    name: str
    questions: tuple[Question, ...]
    with_it: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def question(self, name: str) -> Question | None:
        """A question by its name."""
        return next((question for question in self.questions if question.name == name), None)

    @property
    def sealed(self) -> bool:
        """Whether anything of it belongs under seal."""
        return any(question.sealed for question in self.questions)


def read_forms(folder: Folder, faults: Faults) -> Mapping[str, Form]:
    """The forms by name, faults reported."""
    out = {}
    for file in folder.names("forms/*.json"):
        document = read_json(folder.text(file), file, faults)
        name = file.removeprefix("forms/").removesuffix(".json")
        if document.data:
            out[name] = _form(name, document, faults)
    return out


def _form(name: str, document: Document, faults: Faults) -> Form:
    top = Section(document, (), document.data, faults)
    top.known(_FORM_KEYS)
    if document.data.get("$schema") != _SCHEMA:
        top.fault("$schema is not JSON Schema 2020-12", f'write "$schema": "{_SCHEMA}"', "$schema")
    if document.data.get("additionalProperties") is not False:
        top.fault(
            "the form takes fields that it does not name", 'write "additionalProperties": false', "additionalProperties"
        )
    try:
        Draft202012Validator.check_schema(dict(document.data))
    except SchemaError as error:
        path = tuple(part for part in error.absolute_path if isinstance(part, str | int))
        top.fault(f"not JSON Schema: {error.message}"[:200], "correct it", *path)
        return Form(name, ())
    properties, required = top.table("properties"), top.texts("required")
    if len(properties) > MOST_QUESTIONS:
        top.fault(f"it has more than {MOST_QUESTIONS} questions", "nobody fills in so much: ask less", "properties")
    for missing in [word for word in required if word not in properties]:
        top.fault(f"required names {missing!r}, which is no property", nearest(missing, properties), "required")
    return Form(name, tuple(
        _question(Section(document, ("properties", asked), given, faults), asked, asked in required)
        for asked, given in list(properties.items())[:MOST_QUESTIONS] if isinstance(given, dict)
    ), _with_it(top, properties))  # fmt: skip


def _with_it(top: Section, properties: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    given = top.table("dependentRequired")
    inner = Section(top.document, (*top.path, "dependentRequired"), given, top.faults)
    out = {str(name): inner.texts(str(name)) for name in given}
    for name, needed in out.items():
        for missing in [word for word in (name, *needed) if word not in properties]:
            inner.fault(
                f"dependentRequired names {missing!r}, which is no property", nearest(missing, properties), name
            )
    return out


def _question(section: Section, name: str, required: bool) -> Question:
    section.known(_QUESTION_KEYS)
    if not _NAME.fullmatch(name):
        section.fault(
            f"{name!r} is no name of small letters, figures and _", "write for example found_on; titles are for words"
        )
    sealed = section.boolean("x-sealed")
    _about_people(section, name, sealed)
    words = {}
    for choice in section.data.get("enum", ()):
        inner = Section(section.document, (*section.path, "x-words"), section.table("x-words"), section.faults)
        words[str(choice)] = inner.words(str(choice))
    return Question(
        name, _kind(section), section.words("x-title"), section.words("x-hint", need=False), words, required,
        section.boolean("x-again"), sealed, section.boolean("x-past"),
        section.boolean("x-ahead"), section.boolean("x-told"),
        {key: value for key, value in section.data.items() if not key.startswith("x-") and value != "long"},
    )  # fmt: skip


def _kind(section: Section) -> str:
    if "enum" in section.data:
        choices = section.data["enum"]
        if not choices or not all(isinstance(choice, str) and choice for choice in choices):
            section.fault("enum must hold texts only", 'write ["general", "major"]', "enum")
        return "choice"
    given, layout = section.text("type", need=True), section.text("format")
    if given and given not in _TYPES:
        section.fault(f"no question is of type {given!r}", nearest(given, _TYPES), "type")
    if layout and layout not in _FORMATS:
        section.fault(f"no format {layout!r}", nearest(layout, _FORMATS), "format")
    if (
        given == "string"
        and layout not in ("date", "date-time")
        and not 0 < section.whole("maxLength", _LONGEST + 1) <= _LONGEST
    ):
        section.fault("a text needs maxLength, at most 4000", 'write "maxLength": 400', "maxLength")
    by_type = {"integer": "whole", "number": "number", "boolean": "flag"}
    by_format = {"date": "day", "date-time": "moment", "long": "long"}
    return by_type.get(given) or by_format.get(layout, "text")


def _about_people(section: Section, name: str, sealed: bool) -> None:
    """What is about a person is declared sealed; what may never be kept is refused, sealed or not."""
    crossed = name_refused(name)
    if crossed:
        section.fault(f"{name!r} asks for what is never kept ({crossed.matched})", f"leave it out: {crossed.reason}")
    elif not sealed and (observed_refused(name) or _OF_A_PERSON.search(name)):
        section.fault(
            f"{name!r} is about a person and not declared sealed", 'write "x-sealed": true, or ask for a post'
        )
    for language in LANGUAGES:
        words = section.data.get("x-title", {})
        text = words.get(language, "") if isinstance(words, Mapping) else ""
        if isinstance(text, str) and (crossed := text_refused(text)):
            section.fault(f"the title speaks of {crossed.matched!r}", f"leave it out: {crossed.reason}", "x-title")
