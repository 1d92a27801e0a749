"""papers.toml: what the papers that leave the house say around what is known, in each language."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tocsin.engine.language.faults import nearest
from tocsin.packkit.document import LANGUAGES, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section, tables_of

__all__ = ["PAPERS", "PaperPart", "PaperSpec", "default_papers", "read_papers"]

# Each paper and the variables that whoever fills it gives.
PAPERS: Mapping[str, tuple[str, ...]] = {
    "statement": ("kind", "number", "event", "place", "office", "dated"),
    "order": ("number", "facility", "condition", "grade", "found", "demand", "limit", "office", "dated"),
    "review": ("event", "place", "office", "dated"),
}
_WITH_SECTIONS = ("statement", "review")
_KINDS = ("heading", "text", "sections", "signature")


@dataclass(frozen=True, slots=True)
class PaperPart:
    """One part. ``kind``: heading, text, sections (what is known, with its own titles) or signature; ``words`` by language."""

    kind: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PaperSpec:
    """A paper: title and number by language (no number: it has none), and its parts."""

    title: Mapping[str, str]
    number: Mapping[str, str]
    parts: tuple[PaperPart, ...]


def read_papers(folder: Folder, faults: Faults) -> Mapping[str, PaperSpec]:
    """The papers that a pack declares, faults reported; nothing where it has no papers.toml."""
    document = folder.document("papers.toml")
    Section(document, (), document.data, faults).known(("paper",))
    out = {}
    for name, section in tables_of(document, "paper", faults):
        if name not in PAPERS:
            section.fault(f"there is no paper {name!r}", nearest(name, tuple(PAPERS)))
            continue
        section.known(("title", "number", "part"))
        parts = tuple(_part(name, each) for each in _parts(section, faults))
        if not section.data.get("part"):
            section.fault("it has no part", f"write [[paper.{name}.part]]")
        elif name in _WITH_SECTIONS and not any(part.kind == "sections" for part in parts):
            section.fault("it leaves out what is known", "add a part with sections = true")
        out[name] = PaperSpec(_words(section, "title", name), _words(section, "number", name, need=False), parts)
    return out


@cache
def default_papers() -> Mapping[str, PaperSpec]:
    """The papers of a deployment whose packs declare none."""
    faults = Faults()
    found = read_papers(Folder(Path(__file__).parent, faults), faults)
    if faults.faults or set(found) != set(PAPERS):
        raise ValueError(f"papers.toml of this package has faults: {faults.faults}")
    return found


def _parts(section: Section, faults: Faults) -> Iterator[Section]:
    given = section.data.get("part", [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        section.fault("part must be written as [[part]]", "begin each part with [[paper.NAME.part]]", "part")
        return
    for index, each in enumerate(given):
        yield Section(section.document, (*section.path, "part", index), each, faults)


def _part(paper: str, section: Section) -> PaperPart:
    section.known(_KINDS)
    kinds = [kind for kind in _KINDS if kind in section.data]
    if len(kinds) != 1:
        section.fault("a part is one of heading, text, sections and signature", "write exactly one of them")
        return PaperPart("text", dict.fromkeys(LANGUAGES, ""))
    kind = kinds[0]
    if kind in ("heading", "text"):
        return PaperPart(kind, _words(section, kind, paper))
    if not section.boolean(kind):
        section.fault(f"{kind} is true or is left out", f"write {kind} = true", kind)
    if kind == "sections" and paper not in _WITH_SECTIONS:
        section.fault(f"a paper {paper!r} has no sections", "write what it says as text", kind)
    return PaperPart(kind, {})


def _words(section: Section, key: str, paper: str, *, need: bool = True) -> Mapping[str, str]:
    words = section.words(key, need=need)
    for language, text in words.items():
        for unknown in _unknown(text, PAPERS[paper]):
            section.fault(
                f"no variable {{{unknown}}} in a paper {paper!r}", nearest(unknown, PAPERS[paper]), key, language
            )
    return words


def _unknown(text: str, known: tuple[str, ...]) -> Iterator[str]:
    try:
        used = [(name, spec, how) for _, name, spec, how in string.Formatter().parse(text) if name is not None]
    except ValueError:
        yield text[:40]
        return
    yield from (name for name, spec, how in used if name not in known or spec or how)
