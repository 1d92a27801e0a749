"""The seal of a case as its page shows it: whether it is open to the reader, for which purposes it opens, who has read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tocsin.doors.console.standing import post_title
from tocsin.records.cases.queries import CaseFile, ReadingLine
from tocsin.records.cases.refusals import in_words
from tocsin.records.cases.services.reading import LET_IN, purposes_for
from tocsin.records.org.actor import Actor
from tocsin.terms.moment import to_us

__all__ = ["SealOnPage", "purpose_title", "seal_on_page"]


@dataclass(frozen=True, slots=True)
class SealOnPage:
    """``opened``: to this reader, now. ``purposes``: (code, title). ``reads``: (post, purpose, moment in us). ``asked``: who
    asks to be let in, where this reader is one who may let them: (number, post, purpose). ``purged_us``: nothing is left."""

    opened: bool
    purposes: list[tuple[str, str]]
    reads: list[tuple[str, str, int]]
    asked: list[tuple[int, str, str]]
    may_ask: bool
    purged_us: int | None


def seal_on_page(file: CaseFile, actor: Actor, language: str, now: datetime) -> SealOnPage | None:
    """None where the case is not sealed."""
    spec = file.line.kind.seal
    if spec is None:
        return None
    done = [(post_title(one.post, language), purpose_title(file, one), to_us(one.at)) for one in file.reads if one.at]
    waits = [one for one in file.reads if one.at is None and one.asked_at + LET_IN > now]
    asked = [(one.id, post_title(one.post, language), purpose_title(file, one)) for one in waits
             if actor.role in spec.second and one.post != actor.post]  # fmt: skip
    purged = file.line.purged_at
    return SealOnPage(file.opened, purposes_for(file.line.kind), done, asked, bool(spec.second),
                      None if purged is None else to_us(purged))  # fmt: skip


def purpose_title(file: CaseFile, one: ReadingLine) -> str:
    """A purpose in words, as the pack of the case says it."""
    spec = file.line.kind.seal
    found = spec.purposes.get(one.purpose) if spec else None
    return in_words(found.title) if found else one.purpose
