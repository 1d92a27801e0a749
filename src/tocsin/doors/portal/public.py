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

    def holding(self, now_us: int) -> list[PublicMessage]:
        """What holds at a moment not before it was made."""
        return [message for message in self.in_force if message.in_force(now_us)]

    def ends_us(self, now_us: int) -> int | None:
        """When the first of what holds is over; None where nothing holds."""
        return min((message.expires_us for message in self.holding(now_us)), default=None)


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
