"""Which level of appeal is next. Pure; kernel, pages and worked examples ask here."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.packkit.lifecycle import CaseKind, Desk

__all__ = ["level_of", "next_level"]


def level_of(outcomes: Iterable[bool]) -> int:
    """How many levels have let the outcome stand since it was last changed; ``outcomes``: whether each decided appeal was
    upheld, oldest first.

    >>> level_of([]), level_of([False]), level_of([False, True]), level_of([False, True, False])
    (0, 1, 0, 1)
    """
    level = 0
    for upheld in outcomes:
        level = 0 if upheld else level + 1
    return level


def next_level(kind: CaseKind, outcomes: Iterable[bool]) -> Desk | None:
    """The desk of the next appeal, None after the last level: the same facts are not looked at again."""
    level = level_of(outcomes)
    return kind.appeals[level] if level < len(kind.appeals) else None
