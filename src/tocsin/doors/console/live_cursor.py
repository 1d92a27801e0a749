"""The cursor of the live stream: how far detect's feed was read, and how far the ledger was, which tells of everything that
people and the other rooms did (nothing changes without an entry)."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.loop.detect import queries as detect
from tocsin.records.ledger import queries as ledger

__all__ = ["Cursor", "newest_cursor"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """``str``: as the message's id and the page carry it, two whole numbers with a point between."""

    event: int
    entry: int

    def __str__(self) -> str:
        return f"{self.event}.{self.entry}"

    def is_after(self, other: Cursor) -> bool:
        """Whether either part is further on."""
        return self.event > other.event or self.entry > other.entry

    def furthest(self, other: Cursor) -> Cursor:
        """Both parts as far as either got."""
        return Cursor(max(self.event, other.event), max(self.entry, other.entry))

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """The cursor of an id; None for what is none.

        >>> Cursor.read("12.340"), Cursor.read("12"), Cursor.read("x")
        (Cursor(event=12, entry=340), None, None)
        """
        event, _, entry = text.partition(".")
        good = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (event, entry))
        return cls(int(event), int(entry)) if good else None


def newest_cursor() -> Cursor:
    """Where the stream stands now."""
    return Cursor(detect.newest_cursor(), ledger.newest_order())
