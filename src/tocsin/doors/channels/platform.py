"""Platform: how the official release platform is asked and how it answers: the settings ``release_gateway``, ``release_header``
and ``release_receipt`` read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tocsin.doors.outward.client import Answer
from tocsin.terms.errors import BadValue

__all__ = ["Platform"]


@dataclass(frozen=True, slots=True)
class Platform:
    """``url`` takes messages; ``header`` (``Name: value``) proves who we are; ``receipt``: where its number is in the JSON
    answer, names joined by dots."""

    url: str
    header: str = field(default="", repr=False)
    receipt: str = "receipt"

    def __post_init__(self) -> None:
        if self.header and ":" not in self.header:
            raise BadValue("release header", "has no colon", "write Authorization: Bearer ...")
        if not all(self.receipt.split(".")):
            raise BadValue("setting release_receipt", "has an empty name", "write receipt, or data.receiptNumber")

    def number_in(self, answer: Answer) -> str:
        """The receipt number of an answer; "" where there is none."""
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            return ""
        for name in self.receipt.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
