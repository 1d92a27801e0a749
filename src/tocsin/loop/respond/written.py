"""A statement as it is read: title, sections, remark, by language. The page, the mail and the digest share its items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.loop.respond.known import SECTIONS, section_title
from tocsin.loop.respond.lifecycle import StatementKind

__all__ = ["Section", "Written", "kind_word", "written"]


class Paper(Protocol):
    """What of a statement is needed to write it out."""

    kind: Any
    number: Any
    items: Any
    remark: Any
    exercise: Any


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A whole statement in one language."""

    language: str
    title: str
    sections: tuple[Section, ...]
    remark_title: str
    remark: str
    nothing_new: str

    def plain(self) -> str:
        """For a mail."""
        parts = [f"{section.title}\n" + "\n".join(f"- {line}" for line in section.lines) for section in self.sections]
        if not self.sections:
            parts.append(self.nothing_new)
        if self.remark:
            parts.append(f"{self.remark_title}\n{self.remark}")
        return "\n\n".join([self.title, *parts])


def written(paper: Paper, language: str) -> Written:
    """A statement written out in a language."""
    with translation.override(language):
        title = _("{kind}, no. {n}").format(kind=kind_word(str(paper.kind)), n=paper.number)
        if paper.exercise:
            title = _("EXERCISE. {title}").format(title=title)
        sections = []
        for code in SECTIONS:
            lines = tuple(item["text"].get(language, "") for item in paper.items if item["section"] == code)
            if lines:
                sections.append(Section(section_title(code), lines))
        return Written(language, title, tuple(sections), _("Remark"), paper.remark, _("Nothing has changed since."))


def kind_word(kind: str) -> str:
    """First report, follow-up report or final report."""
    return {
        StatementKind.FIRST: _("First report"), StatementKind.FOLLOW_UP: _("Follow-up report"),
        StatementKind.FINAL: _("Final report"),
    }[StatementKind(kind)]  # fmt: skip
