"""[case.NAME.seal] of lifecycle.toml: why sealed content may be read, by whom, how long it is kept, what is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tocsin.packkit.forms import Question
from tocsin.packkit.roles import roles_of
from tocsin.packkit.section import Section

__all__ = ["Purpose", "SealSpec", "read_seal"]

_SEAL_KEYS = ("keep", "clause", "source", "verified", "note", "second", "counts", "purpose")
_PURPOSE_KEYS = ("title", "who")
_LONGEST_DAYS = 36_525  # what is kept is kept for years; what rules remember is not
_EXAMPLE = 'write [case.name.seal] with keep = "1095d" and at least one [case.name.seal.purpose.handle]'


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why sealed content may be read; ``who``: roles, or ``owner``, that may read for it."""

    code: str
    title: Mapping[str, str]
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealSpec:
    """``keep_us``: content is destroyed so many microseconds after the case was over, by ``clause``. ``second``: roles that may
    let somebody read who does not work on the case. ``counts``: questions with choices whose answers are counted, and for that
    lie outside the seal."""

    keep_us: int
    purposes: Mapping[str, Purpose]
    clause: str = ""
    source: str = ""
    verified: bool = False
    second: tuple[str, ...] = ()
    counts: tuple[str, ...] = field(default=())


def read_seal(
    section: Section, sealed: bool, questions: Iterable[Question], decisive: Iterable[str]
) -> SealSpec | None:
    """The seal of a kind, faults reported; None where it is not sealed. ``decisive``: what moves wait for and clocks start on.
    That lies outside the seal, so it must be a choice, a yes or no, a day or a moment: nothing in which one writes."""
    given = section.table("seal")
    if not sealed:
        if given:
            section.fault(
                "seal describes a kind that is not sealed", "write sealed = true, or take the table away", "seal"
            )
        return None
    if not given:
        section.fault("a sealed kind does not say why it is read and how long it is kept", _EXAMPLE, "sealed")
        return None
    inner = Section(section.document, (*section.path, "seal"), given, section.faults)
    inner.known(_SEAL_KEYS)
    verified = inner.boolean("verified", need=True)
    by_name = {question.name: question for question in questions}
    counts = inner.texts("counts")
    _outside(section, inner, by_name, tuple(decisive), counts)
    return SealSpec(
        inner.duration_us("keep", need=True, days=_LONGEST_DAYS), _purposes(inner), inner.text("clause"),
        inner.text("source", need=True), verified,
        roles_of(inner, "second"), tuple(name for name in counts if name in by_name),
    )  # fmt: skip


def _purposes(inner: Section) -> dict[str, Purpose]:
    out = {}
    for code, table in inner.table("purpose").items():
        if not isinstance(table, dict):
            inner.fault(
                f"purpose.{code} must be a table", "write [case.name.seal.purpose.handle]", "purpose", str(code)
            )
            continue
        one = Section(inner.document, (*inner.path, "purpose", str(code)), table, inner.faults)
        one.known(_PURPOSE_KEYS)
        out[str(code)] = Purpose(str(code), one.words("title"), roles_of(one, "who", need=True, owner=True))
    if not out:
        inner.fault("nothing says why it may be read", _EXAMPLE, "purpose")
    return out


def _outside(
    section: Section, inner: Section, questions: Mapping[str, Question], decisive: Iterable[str], counts: Iterable[str]
) -> None:
    for name in counts:
        if name not in questions or questions[name].kind != "choice":
            inner.fault(f"counts names {name!r}, which is no question with choices", "count a choice", "counts")
    for name in {*decisive, *counts} & set(questions):
        question = questions[name]
        if question.sealed:
            section.fault(f"{name!r} is sealed and decides the way of the case, or is counted",
                          "decide by a question that is about no person", "seal")  # fmt: skip
        elif question.kind in ("text", "long"):
            section.fault(
                f"{name!r} decides the way of a sealed case and is written freely", "ask it as a choice", "seal"
            )
