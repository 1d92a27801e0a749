"""What changed between two texts, as runs of kept, added and removed words (characters, where a language has no spaces)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Run", "text_changes"]

_WORDS = re.compile(r"[A-Za-z0-9.,:;'%°/-]+|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Run:
    """``kind``: kept, added or removed."""

    kind: str
    text: str


def text_changes(before: str, after: str) -> list[Run]:
    """The runs in reading order; what is removed stands before what replaces it.

    >>> [(run.kind, run.text) for run in text_changes("Stay indoors.", "Stay upstairs.")]
    [('kept', 'Stay '), ('removed', 'indoors.'), ('added', 'upstairs.')]
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    runs: list[Run] = []
    for how, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            runs.append(Run("kept", "".join(new[c:d])))
            continue
        if a < b:
            runs.append(Run("removed", "".join(old[a:b])))
        if c < d:
            runs.append(Run("added", "".join(new[c:d])))
    return runs
