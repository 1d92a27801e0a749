"""What a paper says, apart from how it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tocsin.terms.errors import TooBig

__all__ = [
    "CHARACTERS_AT_MOST",
    "Heading",
    "Items",
    "Paper",
    "Part",
    "Signature",
    "Signers",
    "Table",
    "Text",
    "WHOLE_ROW",
    "clean",
    "require_bounded",
]

CHARACTERS_AT_MOST = 200_000
WHOLE_ROW = 600  # a row of a table with no longer cell stays on one page
# What XML 1.0 cannot hold, and what turns the direction of writing without being seen.
_UNWANTED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's title."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs, one a line. ``flush``: without indent, as whom a paper goes to."""

    text: str
    flush: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Signers:
    """Lines that are signed by hand."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who issues it and when, as it stands at the end."""

    office: str
    dated: str


Part = Heading | Text | Items | Table | Signers | Signature


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper in one ``language`` (a BCP 47 tag). ``mark`` stands above everything (an exercise, a draft); ``number`` is the
    paper's own; ``made_at`` (aware) goes into the file's properties, so that the same paper gives the same bytes."""

    language: str
    title: str
    parts: tuple[Part, ...]
    made_at: datetime
    number: str = ""
    mark: str = ""


def clean(text: str) -> str:
    """Text that a document can hold: without control characters, and without those that turn the direction of writing."""
    return _UNWANTED.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def require_bounded(paper: Paper) -> None:
    """Raises TooBig for a paper that nobody would read and that would take minutes to lay out."""
    length = sum(map(len, _texts(paper)))
    if length > CHARACTERS_AT_MOST:
        raise TooBig(
            paper.title[:60], f"it has {length:,} characters, {CHARACTERS_AT_MOST:,} at most", "leave out attachments"
        )


def _texts(paper: Paper) -> Iterator[str]:
    yield from (paper.title, paper.number, paper.mark)
    for part in paper.parts:
        match part:
            case Heading(text) | Text(text):
                yield text
            case Items(lines) | Signers(lines):
                yield from lines
            case Table(columns, rows):
                yield from columns
                for row in rows:
                    yield from row
            case Signature(office, dated):
                yield from (office, dated)
