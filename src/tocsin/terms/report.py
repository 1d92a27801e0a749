"""Report: an observation made by a person, as the log keeps it: a category of things, a cell, five minutes, a number.

No text, no identity, no case: those stay where they were given. A category that its pack marks sealed is offered only from
``FEWEST`` on, so that a count never points at one caller.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BUCKET_US", "FEWEST", "Report"]

BUCKET_US = 300_000_000  # five minutes
FEWEST = 5  # of a sealed category in one cell and five minutes; fewer are not offered


@dataclass(frozen=True, slots=True)
class Report:
    """``count`` reports of ``category`` from ``cell`` (H3) in the five minutes from ``bucket_us`` on (us, UTC, a whole
    multiple of five minutes). The first of a source, category, cell and bucket counts; later ones are duplicates."""

    category: str
    cell: str
    bucket_us: int
    count: int = 1

    @property
    def counts_from_us(self) -> int:
        """When its five minutes are over: from then on rules see it."""
        return self.bucket_us + BUCKET_US
