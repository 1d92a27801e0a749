"""Changing: what may be changed of a draft, and how texts are cleaned before they are kept. Pure but for words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from tocsin.loop.warn.content import FLOWS, Content
from tocsin.loop.warn.item_words import item_words
from tocsin.terms.errors import BadValue, TooBig

__all__ = ["EDITED", "TEXT_LIMITS", "changed", "clean", "require_flow"]

TEXT_LIMITS = {"headline": 160, "description": 2000, "beware": 1000, "instruction": 2000, "short": 200, "brief": 600,
               "speech": 2000}  # fmt: skip
EDITED = ("hazard", "level", "onset", "expires", "areas", "body", "responses", "urgency", "certainty", "exercise",
          "exercise_note", "contact", "place", "texts", "flow")  # fmt: skip
_PLAIN_LIMITS = {"exercise_note": 200, "contact": 200, "place": 200}
_LARGEST_SHAPE = 2000  # points of a pasted outline; what goes out has at most 100
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def changed(before: Content, changes: Mapping[str, Any]) -> Content:
    """The same with some fields changed, texts cleaned. Raises BadValue for a field nobody may change and for invisible
    characters, TooBig."""
    after = before
    for name, value in changes.items():
        if name not in EDITED:
            raise BadValue(_("field {name}").format(name=name), _("nobody may change it"), _("leave it out"))
        if name == "texts":
            for language, texts in value.items():
                said = {
                    key: clean(item_words([f"{key}.{language}"]), words, TEXT_LIMITS[key])
                    for key, words in texts.items()
                }
                after = after.with_text(language, **said)
        elif name in _PLAIN_LIMITS:
            plain: Any = {name: clean(item_words([name]), value, _PLAIN_LIMITS[name], lines=False)}
            after = replace(after, **plain)
        elif name == "flow":
            after = replace(after, flow=require_flow(value))
        elif name == "responses":
            after = replace(after, responses=tuple(value))
        else:
            after = replace(after, **{name: value})
    if sum(len(ring) for ring in after.areas.polygons) > _LARGEST_SHAPE:
        raise TooBig(
            _("drawn area"), _("it has more than {n} points").format(n=_LARGEST_SHAPE), _("draw it more simply")
        )
    return after


def require_flow(flow: str) -> str:
    """Raises BadValue for what is no flow."""
    if flow not in FLOWS:
        raise BadValue(_("flow {name}").format(name=flow), _("nobody knows it"), _("choose ordinary or urgent"))
    return flow


def clean(thing: str, words: str, most: int, *, lines: bool = True) -> str:
    """Plain text: trimmed, without control characters and marks that turn the direction of writing."""
    text = words.replace("\r\n", "\n").replace("\r", "\n").strip()
    text = text if lines else " ".join(text.split())
    if found := _CONTROL.search(text):
        raise BadValue(thing, _("it holds the invisible character U+{code}").format(code=f"{ord(found.group()):04X}"),
                       _("type it again as plain text"))  # fmt: skip
    if len(text) > most:
        raise TooBig(thing, _("it has {n} characters, {most} at most").format(n=len(text), most=most), _("shorten it"))
    return text
