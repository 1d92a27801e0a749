"""What a scorer hands back: checks that held or did not, tables, and sentences that must stand beside the figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Check", "Score", "Table"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so. ``figures`` says what was counted, whether it held or not."""

    name: str
    held: bool
    figures: str


@dataclass(frozen=True, slots=True)
class Table:
    """Plain cells; None prints as nothing."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(slots=True)
class Score:
    """In the order in which it is to be read."""

    checks: list[Check] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Did every check hold?"""
        return all(check.held for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
