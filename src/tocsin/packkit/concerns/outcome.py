"""Outcome: what became of one example that was tried."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An example that was tried: whether it is a quiet one and whether it passed."""

    name: str
    quiet: bool
    passed: bool
