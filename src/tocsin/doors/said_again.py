"""What was said in one language, said again in another. A refusal is worded where it is raised, in the language of whoever is
refused; kept for later it must not stay in that one. So its words are found again in the catalogue of translations: what is
kept is the sentence of the code (the msgid) and what stood in its places, and it is worded when it is read.

What the catalogue does not know - words of packs, of people - stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

__all__ = ["Said", "recognised", "worded"]

Said = list[Any]  # [text] of what is not recognised, else [msgid, {name: Said}]
_PLACE = re.compile(r"\{(\w+)\}")
_LANGUAGE = "zh-hans"  # the one catalogue that there is; English stands in the code
_DEEPEST = 4
_LONGEST = 2000


def recognised(text: str, depth: int = 0) -> Said:
    """Words as they were said in the present language, taken apart. Of several sentences that could have said it, the one with
    the most words of its own."""
    if len(text) > _LONGEST or depth > _DEEPEST:
        return [text]
    plain, patterns = _sentences("zh" if (get_language() or "en").startswith("zh") else "en")
    if text in plain:
        return [plain[text], {}]
    for msgid, pattern in patterns:
        if (found := _taken_apart(pattern, text)) is not None:
            return [msgid, {name: recognised(value, depth + 1) for name, value in found.items()}]
    return [text]


def worded(said: Said, others: Mapping[str, str] = MappingProxyType({})) -> str:
    """The same in the present language. ``others``: words that the catalogue does not know, as they are in this language."""
    if len(said) == 1:
        return others.get(str(said[0]), str(said[0]))
    words, places = gettext(str(said[0])), said[1]
    return _PLACE.sub(lambda place: worded(places[place[1]], others) if place[1] in places else place[0], words)


@lru_cache(maxsize=4)
def _sentences(language: str) -> tuple[Mapping[str, str], list[tuple[str, Sequence[str]]]]:
    """The msgids by the words of a language: those without places, and those with, the most specific first."""
    plain: dict[str, str] = {}
    patterns = []
    for msgid, translated in _catalogue():
        said = translated if language == "zh" else msgid
        if not _PLACE.search(msgid):
            plain.setdefault(said, msgid)
        elif len(bare := _PLACE.sub("", said).strip()) > 1:
            patterns.append((len(bare), msgid, _PLACE.split(said)))
    patterns.sort(key=lambda one: (-one[0], one[1]))
    return plain, [(msgid, pattern) for _length, msgid, pattern in patterns]


def _catalogue() -> Iterator[tuple[str, str]]:
    catalogue = translation(_LANGUAGE)._catalog  # type: ignore[attr-defined] # gettext has no other way to list it
    for msgid in dict.fromkeys(catalogue.keys()):  # ours and Django's own: of what both say, ours is found first
        if isinstance(msgid, str) and msgid and "\x04" not in msgid and (translated := str(catalogue[msgid])):
            yield msgid, translated


def _taken_apart(parts: Sequence[str], text: str) -> dict[str, str] | None:
    """What stands in the places of a sentence, each as short as can be; None where it is another. ``parts``: literal words and
    names of places in turn. One pass from left to right: what is typed is quoted in refusals, and to look for every way in
    which long text may fit would take as long as somebody likes. A place that comes twice holds the same twice."""
    first, last = parts[0], parts[-1]
    at, end = len(first), len(text) - len(last)
    if end < at or not text.startswith(first) or not text.endswith(last):
        return None
    found: dict[str, str] = {}
    for number in range(1, len(parts), 2):
        after = parts[number + 1]
        until = end if number + 2 == len(parts) else text.find(after, at, end)
        if until < 0 or found.setdefault(parts[number], text[at:until]) != text[at:until]:
            return None
        at = until + len(after)
    return found
