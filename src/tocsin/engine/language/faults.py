"""Faults in rule texts, said with line and column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tocsin.terms.errors import BadRule

__all__ = ["bad_rule", "nearest"]


def bad_rule(text: str, position: int, rule: str, remedy: str) -> BadRule:
    """A BadRule about ``text`` at a character ``position``; ``line`` and ``column`` count from 1."""
    before = text[:position]
    line = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1) + 1
    shown = " ".join(text.split())
    error = BadRule(f"`{shown[:80]}{'…' if len(shown) > 80 else ''}` line {line} column {column}", rule, remedy)
    error.line, error.column = line, column
    return error


def nearest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """``did you mean "x"?`` or the list of what is known."""
    names = sorted(set(known))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}"
    if otherwise:
        return otherwise
    return "use one of " + ", ".join(names[:24]) if names else "none is declared"
