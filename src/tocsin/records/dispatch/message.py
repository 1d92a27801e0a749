"""Message, recipient and letter: what is to be said, to whom, and one finished text for one recipient. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Letter", "Message", "Recipient", "Text"]


@dataclass(frozen=True, slots=True)
class Text:
    """A subject line and a body in one language."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said, in every language. ``kind`` is a code (``verification_asked``); ``about`` the thing, ``event`` the
    event whose chain tells of it; ``not_after``: past it nobody wants it any more (a warning's expiry); ``link`` a path of
    this deployment. ``asks``: every letter asks its recipient to say that they have it (``answers``).
    ``thread``: of all messages of one thread only the newest is still sent, so that a cancel never
    overtakes what it cancels ("" = stands alone); whoever puts a later one addresses everybody whom it concerns."""

    kind: str
    texts: Mapping[str, Text]
    about: str
    event: str = ""
    level: int = 0
    not_after: datetime | None = None
    link: str = ""
    exercise: bool = False
    thread: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """A post or a subscriber: ``name`` is its id (``post:duty-east``), ``address`` where the channel reaches it."""

    name: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One finished text for one recipient. ``key`` is the same at every attempt, so that a receiver can drop repeats.
    ``leave``: an address under which the recipient takes the wish for such letters back (RFC 8058); ``link``: where it stands
    whole; ``receipt``: where its receiver says that it was delivered or acknowledged (``receipts``)."""

    key: str
    recipient: str
    address: str
    subject: str
    body: str
    language: str
    level: int = 0
    exercise: bool = False
    leave: str = ""
    link: str = ""
    receipt: str = ""
