"""What a rule or a condition means, apart from how its author set it: two texts of the same meaning are equal here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

__all__ = ["meaning_of"]


def meaning_of(node: object) -> object:
    """Nested tuples of everything but the author's ``text`` (kept for evidence). Works on trees, holds, rungs and rules."""
    if is_dataclass(node) and not isinstance(node, type):
        parts = [(part.name, meaning_of(getattr(node, part.name))) for part in fields(node) if part.name != "text"]
        return (type(node).__name__, *parts)
    if isinstance(node, Mapping):
        return tuple(sorted((str(key), meaning_of(value)) for key, value in node.items()))
    if isinstance(node, list | tuple):
        return tuple(meaning_of(value) for value in node)
    return node
