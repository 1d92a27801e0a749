"""warnings.toml: what a warning of a hazard says at each level, in each language, and what CAP calls it."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tocsin.engine.language.faults import nearest
from tocsin.formats.cap.codes import CATEGORIES, CERTAINTIES, RESPONSE_TYPES, URGENCIES
from tocsin.packkit.document import LANGUAGES, Document, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section, tables_of
from tocsin.terms.level import Scheme

__all__ = ["ENDINGS", "SHORTENED", "TEXTS", "VARIABLES", "VERDICTS", "WarningSpec", "WarningWords", "read_warnings",
           "unknown_variables"]  # fmt: skip

_NEEDED = ("headline", "description", "beware", "instruction")
SHORTENED = ("short", "brief", "speech")  # 90 and 360 characters, and what a telephone reads aloud (P15 of warnings.md)
TEXTS = (*_NEEDED, *SHORTENED)
ENDINGS = ("over", "error")  # why a warning ends: the danger is over, or it was issued in error
_ENDING_TEXTS = ("headline", "description", "instruction")
VARIABLES = ("area", "level", "hazard", "evidence", "place", "from", "until", "body")
VERDICTS = ("unverified", "confirmed")
_CODES = ("urgency", "response", "lasts", "remind")
_HAZARD_KEYS = ("category", "event_code", "source", "verified", "note", *_CODES, *TEXTS)
_HOUR_US = 3_600_000_000
_LASTS_US, _REMIND_US = 6 * _HOUR_US, _HOUR_US // 2


@dataclass(frozen=True, slots=True)
class WarningWords:
    """What is said at one level. ``texts``: one of TEXTS -> language -> text with variables. ``lasts_us``: how long a new
    warning holds; ``remind_us``: how long before its end somebody is told."""

    urgency: str
    responses: tuple[str, ...]
    lasts_us: int
    remind_us: int
    texts: Mapping[str, Mapping[str, str]]

    @property
    def further(self) -> tuple[str, ...]:
        """Languages beside our own in which all of it is said."""
        said = [set(self.texts.get(name, ())) for name in _NEEDED]
        return tuple(sorted(set.intersection(*said) - set(LANGUAGES)))


@dataclass(frozen=True, slots=True)
class WarningSpec:
    """What a pack declares of a hazard's warnings. ``levels`` by rank; ``certainty`` by the event's verdict (unverified,
    confirmed); ``endings``: one of ENDINGS -> text -> language -> words, for languages beside our own."""

    hazard: str
    categories: tuple[str, ...]
    event_code: str
    levels: Mapping[int, WarningWords]
    certainty: Mapping[str, str] = field(default_factory=dict)
    endings: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)


def read_warnings(
    folder: Folder, hazards: Mapping[str, object], scheme: Scheme, faults: Faults
) -> Mapping[str, WarningSpec]:
    """The warnings by hazard, faults reported; nothing where the pack has no warnings.toml."""
    document = folder.document("warnings.toml")
    top = Section(document, (), document.data, faults)
    top.known(("certainty", "ending", "hazard"))
    certainty = _certainty(document, faults) if document.data else {}
    endings = _endings(document, faults)
    out = {}
    for code, section in tables_of(document, "hazard", faults):
        section.known((*_HAZARD_KEYS, *scheme.codes))
        if code not in hazards:
            section.fault(f"no hazard {code!r} in hazards.toml", nearest(code, tuple(hazards)))
        section.boolean("verified", need=True)
        levels = {rank: _words(section, level.code, faults) for rank, level in enumerate(scheme.levels, 1)}
        for language in sorted({other for words in levels.values() for other in words.further}):
            for why in ENDINGS:
                if any(language not in endings[why].get(name, {}) for name in _ENDING_TEXTS):
                    section.fault(f"warns in {language}, but a cancellation has no words in it",
                                  f"write [ending.{why}] with {', '.join(_ENDING_TEXTS)} in {language}")  # fmt: skip
        out[code] = WarningSpec(code, _among(section, "category", CATEGORIES, need=True), section.text("event_code"), levels,
                                certainty, endings)  # fmt: skip
    return out


def _endings(document: Document, faults: Faults) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """What a cancellation says in languages beside our own; ours are the product's."""
    table = document.data.get("ending", {})
    top = Section(document, ("ending",), table if isinstance(table, dict) else {}, faults)
    top.known(ENDINGS)
    found: dict[str, dict[str, dict[str, str]]] = {}
    for why in ENDINGS:
        section = Section(document, ("ending", why), top.table(why), faults)
        section.known(_ENDING_TEXTS)
        found[why] = {name: {k: str(v) for k, v in section.table(name).items()} for name in _ENDING_TEXTS}
        for name, said in found[why].items():
            for language, text in said.items():
                if language in LANGUAGES:
                    section.fault(f"{language} has its own words for it", "leave it out", name, language)
                for unknown in unknown_variables(text):
                    section.fault(
                        f"no variable {{{unknown}}} in a warning", nearest(unknown, VARIABLES), name, language
                    )
    return found


def _certainty(document: Document, faults: Faults) -> Mapping[str, str]:
    table = document.data.get("certainty", {})
    section = Section(document, ("certainty",), table if isinstance(table, dict) else {}, faults)
    section.known(VERDICTS)
    said = {verdict: section.text(verdict, need=True) for verdict in VERDICTS}
    for verdict, word in said.items():
        if word and word not in CERTAINTIES:
            section.fault(f"{word!r} is no certainty of CAP", nearest(word, CERTAINTIES), verdict)
    return said


def _words(hazard: Section, level: str, faults: Faults) -> WarningWords:
    own = Section(hazard.document, (*hazard.path, level), hazard.table(level), faults)
    own.known((*_CODES, *TEXTS))

    def chosen(key: str) -> Section:
        return own if key in own.data else hazard

    urgency = chosen("urgency").text("urgency", need=True)
    if urgency and urgency not in URGENCIES:
        chosen("urgency").fault(f"{urgency!r} is no urgency of CAP", nearest(urgency, URGENCIES), "urgency")
    texts = {}
    for name in TEXTS:
        section = chosen(name)
        texts[name] = section.words(name, need=name in _NEEDED, further=True)
        for language, text in texts[name].items():
            for unknown in unknown_variables(text):
                section.fault(f"no variable {{{unknown}}} in a warning", nearest(unknown, VARIABLES), name, language)
    _same_languages(own, texts)
    return WarningWords(
        urgency, _among(chosen("response"), "response", RESPONSE_TYPES, need=True),
        chosen("lasts").duration_us("lasts") or _LASTS_US, chosen("remind").duration_us("remind") or _REMIND_US, texts,
    )  # fmt: skip


def _same_languages(section: Section, texts: Mapping[str, Mapping[str, str]]) -> None:
    """A further language says all that is needed, or nothing: half a warning is none."""
    for language in sorted({other for said in texts.values() for other in said} - set(LANGUAGES)):
        if missing := [name for name in _NEEDED if language not in texts[name]]:
            section.fault(f"says only part of it in {language}", f"write {', '.join(missing)} in {language} too")


def _among(section: Section, key: str, allowed: tuple[str, ...], *, need: bool) -> tuple[str, ...]:
    values = section.texts(key)
    if need and not values:
        section.fault(f"{key} is missing", f'write {key} = ["{allowed[0]}"]', key)
    for value in values:
        if value not in allowed:
            section.fault(f"{value!r} is no {key} of CAP", nearest(value, allowed), key)
    return values


def unknown_variables(text: str) -> Iterator[str]:
    """Variables that nobody fills; a text that cannot be read is one as a whole."""
    try:
        used = [(name, spec, how) for _, name, spec, how in string.Formatter().parse(text) if name is not None]
    except ValueError:
        yield text[:40]
        return
    for name, spec, how in used:
        if name not in VARIABLES or spec or how:
            yield name
