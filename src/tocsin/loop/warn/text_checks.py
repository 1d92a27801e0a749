"""What is wrong with the words of a warning: a variable of a template that nobody filled, a short text that is too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tocsin.loop.warn.condensing import LIMITS, exercise_mark
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.item_words import item_words
from tocsin.packkit.warnings import SHORTENED, TEXTS, VARIABLES
from tocsin.terms.errors import BadValue

__all__ = ["TextFault", "require_texts", "text_faults"]

_VARIABLE = re.compile(r"\{\s*(" + "|".join(VARIABLES) + r")\s*\}")


@dataclass(frozen=True, slots=True)
class TextFault:
    """What is wrong with which text, and what to do."""

    thing: str
    rule: str
    remedy: str


def text_faults(content: Content) -> Iterator[TextFault]:
    """All of them, language by language."""
    mark = len(exercise_mark(content))
    for language in content.languages:
        texts = content.text(language)
        for name in TEXTS:
            words = getattr(texts, name)
            if found := _VARIABLE.search(words):
                yield TextFault(item_words([f"{name}.{language}"]), _("{variable} was not filled in").format(variable=found[0]),
                                _("write what is meant in its place"))  # fmt: skip
            if name in SHORTENED and words and len(words) + mark > LIMITS[name]:
                yield TextFault(
                    item_words([f"{name}.{language}"]),
                    _("it has {n} characters, {most} at most").format(n=len(words) + mark, most=LIMITS[name]),
                    _("shorten it, or clear the field and save: then it is made anew"),
                )


def require_texts(content: Content) -> None:
    """Raises BadValue for the first fault."""
    for fault in text_faults(content):
        raise BadValue(fault.thing, fault.rule, fault.remedy)
