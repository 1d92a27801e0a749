"""What is public, as one value that fits a file: messages in force, the archive, areas and hazards, in every language.

Pages, widget and GeoJSON are made from this value and a moment alone, so that they can be made without the database, and
say at any moment only what holds then. Times are microseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tocsin.loop.warn.lifecycle import Kind, WarningState

__all__ = [
    "LANGUAGES",
    "Archive",
    "ArchiveLine",
    "Choice",
    "LineWords",
    "OtherWarning",
    "OtherWords",
    "Public",
    "PublicMessage",
    "Words",
    "read",
    "write",
]

LANGUAGES = ("zh-hans", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says in one language; moments in the area's own time."""

    hazard: str
    headline: str
    description: str
    beware: str
    instruction: str
    area: str
    begins: str
    ends: str
    body: str
    issued: str


@dataclass(frozen=True, slots=True)
class PublicMessage:
    """A message as everybody reads it. ``areas``: what it is about, as GeoJSON features without properties but ``area``."""

    identifier: str
    level: int
    hazard: str
    paths: tuple[str, ...]
    kind: str
    state: str
    successor: str
    sha256: str
    issued_us: int
    onset_us: int
    expires_us: int
    exercise: bool
    exercise_note: str
    contact: str
    verdict: str
    words: dict[str, Words]
    areas: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_cancel(self) -> bool:
        """Whether it ended an earlier one."""
        return self.kind == Kind.CANCEL

    def in_force(self, now_us: int) -> bool:
        """Whether it holds at a moment."""
        return self.state == WarningState.ISSUED and not self.is_cancel and now_us < self.expires_us


@dataclass(frozen=True, slots=True)
class OtherWords:
    """What another authority's warning says, in the language of it that a reader gets (``lang``)."""

    lang: str
    authority: str
    headline: str
    area: str
    ends: str


@dataclass(frozen=True, slots=True)
class OtherWarning:
    """Another authority's warning that is relayed; ``until_us`` None where it does not say."""

    identifier: str
    level: int
    verified: bool
    until_us: int | None
    words: dict[str, OtherWords]

    @property
    def until_ms(self) -> int | str:
        """When it is over, for the page's script; "" where it does not say."""
        return self.until_us // 1000 if self.until_us is not None else ""


@dataclass(frozen=True, slots=True)
class LineWords:
    """A line of the archive in one language."""

    hazard: str
    headline: str
    area: str
    issued: str
    ends: str


@dataclass(frozen=True, slots=True)
class ArchiveLine:
    """One actual message of ours that was issued; ``month`` as ``2026-11``, of the deployment's zone."""

    identifier: str
    level: int
    hazard: str
    kind: str
    state: str
    successor: str
    issued_us: int
    expires_us: int
    month: str
    exercise: bool
    words: dict[str, LineWords]


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: an area by its path and rank, a hazard by its code."""

    code: str
    titles: dict[str, str]
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Public:
    """``in_force``: messages in force when it was made, the highest level first; exercises among them. ``alerts`` and
    ``newest``: what the database held, to see whether it holds more now. ``build``: by which templates pages were made."""

    made_us: int
    alerts: int
    newest: str
    build: str
    in_force: list[PublicMessage]
    areas: list[Choice]
    hazards: list[Choice]
    others: list[OtherWarning] = field(default_factory=list)

    def others_holding(self, now_us: int) -> list[OtherWarning]:
        """Which of the other authorities' warnings hold at a moment."""
        return [one for one in self.others if one.until_us is None or now_us < one.until_us]

    def holding(self, now_us: int) -> list[PublicMessage]:
        """What holds at a moment not before it was made."""
        return [message for message in self.in_force if message.in_force(now_us)]

    def ends_us(self, now_us: int) -> int | None:
        """When the first of what holds is over; None where nothing holds."""
        ends = [message.expires_us for message in self.holding(now_us)]
        ends += [one.until_us for one in self.others_holding(now_us) if one.until_us is not None]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True)
class Archive:
    """All lines, the newest first."""

    lines: list[ArchiveLine]


def write(value: Public | Archive) -> bytes:
    """As JSON."""
    return msgspec.json.encode(value)


def read(document: bytes, kind: type[Any]) -> Any:
    """``Public`` or ``Archive`` again. Raises ValueError for what is none (msgspec.MsgspecError is one)."""
    return msgspec.json.decode(document, type=kind)


def title_of(titles: Mapping[str, str], language: str, otherwise: str) -> str:
    """A title in a language, else in English, else the code."""
    return titles.get(language) or titles.get("en") or otherwise
