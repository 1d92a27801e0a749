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
from tocsin.packkit.lifecycle import CaseKind
from tocsin.packkit.section import Section, tables_of

__all__ = ["CASE_PAPERS", "PAPERS", "PaperPart", "PaperSpec", "default_papers", "read_papers"]

# Each paper and the variables that whoever fills it gives. Those of a case may also say what its forms were answered: {a_NAME}.
_OF_CASE = ("number", "kind", "state", "opened", "place", "facility", "reply", "office", "dated")
CASE_PAPERS = ("first_report", "followup_report", "final_report", "case_order", "reply_letter", "agreement")
_ANSWER = "a_"
PAPERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(CASE_PAPERS, _OF_CASE),
    "statement": ("kind", "number", "event", "place", "office", "dated"),
    "order": ("number", "facility", "condition", "grade", "found", "demand", "limit", "office", "dated"),
    "review": ("event", "place", "office", "dated"),
}
_WITH_SECTIONS = ("statement", "review", "first_report", "followup_report", "final_report")
_MAY_HAVE_SECTIONS = (*_WITH_SECTIONS, "case_order", "reply_letter", "agreement")
_PAPER_KEYS, _CASE_PAPER_KEYS = ("title", "number", "part"), ("title", "number", "part", "cases", "after")
_KINDS = ("to", "heading", "text", "sections", "signature", "parties")


@dataclass(frozen=True, slots=True)
class PaperPart:
    """One part. ``kind``: to (whom it goes to), heading, text, sections (what is known, with its own titles), signature, or
    parties (lines that are signed by hand); ``words`` by language."""

    kind: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PaperSpec:
    """A paper: title and number by language (no number: it has none), and its parts. Of a case: ``cases``, the kinds that have
    it (a reply letter: every kind with a requester); ``after``: the moves by which it goes out, a draft before one was made."""

    title: Mapping[str, str]
    number: Mapping[str, str]
    parts: tuple[PaperPart, ...]
    cases: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def read_papers(folder: Folder, faults: Faults, kinds: Mapping[str, CaseKind] | None = None) -> Mapping[str, PaperSpec]:
    """The papers that a pack declares, faults reported; nothing where it has no papers.toml. ``kinds``: its kinds of case,
    whose papers it may declare, with the words of this package where it gives none of its own."""
    document = folder.document("papers.toml")
    Section(document, (), document.data, faults).known(("paper",))
    out = {}
    for name, section in tables_of(document, "paper", faults):
        if name not in PAPERS:
            section.fault(f"there is no paper {name!r}", nearest(name, tuple(PAPERS)))
            continue
        section.known(_CASE_PAPER_KEYS if name in CASE_PAPERS else _PAPER_KEYS)
        cases, after = _cases(section, name, kinds)
        if kinds is not None and name in CASE_PAPERS and "title" not in section.data and "part" not in section.data:
            given = default_papers()[name]
            out[name] = PaperSpec(given.title, given.number, given.parts, cases, after)
            continue
        known = (*PAPERS[name], *_answers(cases, kinds)) if name in CASE_PAPERS else PAPERS[name]
        parts = tuple(_part(name, each, known) for each in _parts(section, faults))
        if not section.data.get("part"):
            section.fault("it has no part", f"write [[paper.{name}.part]]")
        elif name in _WITH_SECTIONS and not any(part.kind == "sections" for part in parts):
            section.fault("it leaves out what is known", "add a part with sections = true")
        title, number = _words(section, "title", name, known), _words(section, "number", name, known, need=False)
        out[name] = PaperSpec(title, number, parts, cases, after)
    return out


@cache
def default_papers() -> Mapping[str, PaperSpec]:
    """The papers of a deployment whose packs declare none."""
    faults = Faults()
    found = read_papers(Folder(Path(__file__).parent, faults), faults)
    if faults.faults or set(found) != set(PAPERS):
        raise ValueError(f"papers.toml of this package has faults: {faults.faults}")
    return found


def _cases(
    section: Section, name: str, kinds: Mapping[str, CaseKind] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kinds that have a paper of cases, and the moves by which it goes out; a faulty one is reported and left out."""
    if name not in CASE_PAPERS or kinds is None:
        return (), ()
    cases, after = section.texts("cases"), section.texts("after")
    if not cases:
        section.fault("cases is missing", 'name the kinds of case that have it: cases = ["…"]', "cases")
    for code in cases:
        if code not in kinds:
            section.fault(f"no kind of case {code!r}", nearest(code, tuple(kinds)), "cases")
    cases = tuple(code for code in cases if code in kinds)
    moves = {move for code in cases for move in kinds[code].moves}
    for move in after:
        if move not in moves:
            section.fault(f"no move {move!r} in these kinds", nearest(move, tuple(moves)), "after")
    return cases, tuple(move for move in after if move in moves)


def _answers(cases: tuple[str, ...], kinds: Mapping[str, CaseKind] | None) -> Iterator[str]:
    for code in cases:
        for form in (kinds or {})[code].forms.values():
            yield from (f"{_ANSWER}{question.name}" for question in form.questions)


def _parts(section: Section, faults: Faults) -> Iterator[Section]:
    given = section.data.get("part", [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        section.fault("part must be written as [[part]]", "begin each part with [[paper.NAME.part]]", "part")
        return
    for index, each in enumerate(given):
        yield Section(section.document, (*section.path, "part", index), each, faults)


def _part(paper: str, section: Section, known: tuple[str, ...]) -> PaperPart:
    section.known(_KINDS)
    kinds = [kind for kind in _KINDS if kind in section.data]
    if len(kinds) != 1:
        section.fault(
            "a part is one of to, heading, text, sections, signature and parties", "write exactly one of them"
        )
        return PaperPart("text", dict.fromkeys(LANGUAGES, ""))
    kind = kinds[0]
    if kind in ("to", "heading", "text", "parties"):
        return PaperPart(kind, _words(section, kind, paper, known))
    if not section.boolean(kind):
        section.fault(f"{kind} is true or is left out", f"write {kind} = true", kind)
    if kind == "sections" and paper not in _MAY_HAVE_SECTIONS:
        section.fault(f"a paper {paper!r} has no sections", "write what it says as text", kind)
    return PaperPart(kind, {})


def _words(
    section: Section, key: str, paper: str, variables: tuple[str, ...], *, need: bool = True
) -> Mapping[str, str]:
    words = section.words(key, need=need)
    for language, text in words.items():
        for unknown in _unknown(text, variables):
            section.fault(f"no variable {{{unknown}}} in a paper {paper!r}", nearest(unknown, variables), key, language)
    return words


def _unknown(text: str, known: tuple[str, ...]) -> Iterator[str]:
    try:
        used = [(name, spec, how) for _, name, spec, how in string.Formatter().parse(text) if name is not None]
    except ValueError:
        yield text[:40]
        return
    yield from (name for name, spec, how in used if name not in known or spec or how)
