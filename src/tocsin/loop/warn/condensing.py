"""Condensing: the whole warning in 90 and in 360 characters, and as a telephone reads it aloud, made from its longer texts
(P15 of warnings.md). Whole sentences as far as they fit, the most useful first; a person may write others.

What is said in a language of a pack is put together without words of ours, which have no translation there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.loop.warn.content import LANGUAGES, Content, Texts
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.names import Names

__all__ = ["LIMITS", "condensed", "exercise_mark", "spoken"]

LIMITS = {"short": 90, "brief": 360, "speech": 600}  # 600: about a minute and a half aloud; ours, the others are P15's
_SENTENCES = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*|\n+")
_UNITS = {"mm": ("millimetres", "毫米"), "cm": ("centimetres", "厘米"), "km": ("kilometres", "公里"),
          "m/s": ("metres per second", "米每秒"), "m": ("metres", "米"), "h": ("hours", "小时"),
          "ug/m3": ("micrograms per cubic metre", "微克每立方米"), "µg/m³": ("micrograms per cubic metre", "微克每立方米"),
          "°C": ("degrees", "摄氏度"), "%": ("per cent", "%")}  # fmt: skip
_UNIT = re.compile(
    r"(?<=\d)\s?(" + "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True))) + r")(?![A-Za-z0-9/])"
)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")
_RANKS = {"IV": "四", "III": "三", "II": "二", "I": "一"}


def condensed(content: Content, texts: Texts, names: Names, language: str) -> dict[str, str]:
    """``short``, ``brief`` and ``speech`` of ``texts`` in a language; "" where there is no headline to begin with. Of an
    exercise they leave room for its mark."""
    if not texts.headline.strip():
        return dict.fromkeys(LIMITS, "")
    with translation.override(language if language in LANGUAGES else "en"):
        what, until = texts.headline.strip(" .。"), names.moment(content.expires, content.areas.paths, language)
        lead = _lead(content, what, until, language)
        room = {name: most - len(exercise_mark(content)) for name, most in LIMITS.items()}
        do, beware, said = (_sentences(text) for text in (texts.instruction, texts.beware, texts.description))
        issuer = _issued(content, names, language)
        if language in LANGUAGES:
            beware = [_("Beware: {what}").format(what=beware[0]), *beware[1:]] if beware else []
        aloud = [*([_("Attention.")] if language in LANGUAGES else []), f"{what}{_stop(language)}", *do, *beware, *said]
        made = {
            "short": _fitting(lead, do, room["short"], language),
            "brief": _fitting(lead, [*do, *beware, *issuer], room["brief"], language),
            "speech": _fitting(
                aloud[0], [*aloud[1:], *_until(content, said, until, language), *issuer], room["speech"], language
            ),
        }
        return {**made, "speech": spoken(made["speech"], names, language)}


def exercise_mark(content: Content) -> str:
    """What stands before every text of an exercise, in the present language."""
    return _("EXERCISE") + " " if content.exercise else ""


def spoken(text: str, names: Names, language: str) -> str:
    """As it is said: no Roman numerals, units and clock times in words."""
    for level in names.scheme.levels:
        word = level.word(language)
        if language.startswith("zh"):
            said = re.sub(r"\s*\b(IV|III|II|I)级", lambda found: f"{_RANKS[found[1]]}级", word)
        else:
            said = re.sub(rf"\s*\b{level.numeral}\b", "", word)
        text = text.replace(word, said)
    if language not in LANGUAGES:
        return text
    is_chinese = language.startswith("zh")
    text = _UNIT.sub(lambda found: ("" if is_chinese else " ") + _UNITS[found[1]][is_chinese], text)
    if is_chinese:
        text = _CLOCK.sub(lambda t: f"{int(t[1])}时" + (f"{int(t[2])}分" if int(t[2]) else ""), text)
    return text


def _lead(content: Content, what: str, until: str, language: str) -> str:
    if content.kind is Kind.CANCEL:
        return f"{what}{_stop(language)}"
    if language not in LANGUAGES:
        return f"{what} ({until})."
    return _("{what}, until {until}.").format(what=what, until=until)


def _until(content: Content, said: list[str], until: str, language: str) -> list[str]:
    """When it ends, where the description has not said it."""
    if content.kind is Kind.CANCEL or language not in LANGUAGES or any(until in sentence for sentence in said):
        return []
    return [_("The warning holds until {until}.").format(until=until)]


def _issued(content: Content, names: Names, language: str) -> list[str]:
    body = names.body(content.body, language)
    if not body:
        return []
    return [_("Issued by {body}").format(body=body) + _stop(language) if language in LANGUAGES else f"{body}."]


def _stop(language: str) -> str:
    return "。" if language.startswith("zh") else "."


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCES.split(text) if part.strip()]


def _fitting(first: str, others: Iterable[str], most: int, language: str) -> str:
    """The first part, cut where it must be, and of the others as many as fit, in their order and without a gap."""
    text = first if len(first) <= most else first[: most - 1].rstrip(" ,，.。") + "…"
    between = "" if language.startswith("zh") else " "
    for sentence in others:
        if len(text) + len(between) + len(sentence) > most:
            break
        text = f"{text}{between}{sentence}"
    return text
