"""The one way in which a condition is set: spaces, numbers with their units, nothing else.

It works on the words that the grammar reads, not on the typed tree: an author's units, digits, parentheses and order stay, and
syntax that is added to the grammar is set by the same few rules of spacing.
"""

from __future__ import annotations

from lark import Token

from tocsin.engine.language.condition import clear_parts, parse_hold, tokens_of
from tocsin.engine.language.quantity import DURATION_UNITS, quantity_parts

__all__ = ["tidy_clear", "tidy_condition", "tidy_hold"]

_TIGHT_BEFORE = frozenset({")", "]", ",", ":", ";"})
_TIGHT_AFTER = frozenset({"(", "["})
_OPERAND = frozenset({"QUANTITY", "NAME", "STAGE", "STRING", "RPAR"})


def tidy_condition(text: str) -> str:
    """A condition set anew; where its author broke the line it stays broken. Raises BadRule for what cannot be read."""
    words = tokens_of(text)
    lines: list[str] = [""]
    before: Token | None = None
    for index, word in enumerate(words):
        if before is not None and word.line != before.end_line:
            lines.append(_word(word))
        elif before is None or _touch(before, word, words[index - 2] if index > 1 else None):
            lines[-1] += _word(word)
        else:
            lines[-1] += " " + _word(word)
        before = word
    made = "\n".join(lines)
    return made if _same(words, tokens_of(made)) else text.strip()


def tidy_clear(text: str) -> str:
    """A clear condition with its hold."""
    condition, hold = clear_parts(text)
    return tidy_condition(condition) + (f" for {tidy_hold(hold)}" if hold is not None else "")


def tidy_hold(text: str) -> str:
    """A hold: ``10min and 2 obs``, the time first."""
    parse_hold(text)
    parts = [" ".join(part.split()) for part in text.split(" and ")]
    numbers = [f"{part.removesuffix('obs').strip()} obs" for part in parts if part.endswith("obs")]
    times = [_quantity(part) for part in parts if not part.endswith("obs")]
    made = " and ".join([*times, *numbers])
    return made if parse_hold(made) == parse_hold(text) else text.strip()


def _touch(before: Token, word: Token, earlier: Token | None) -> bool:
    """Whether two words stand together without a space."""
    if str(word) in _TIGHT_BEFORE or str(before) in _TIGHT_AFTER:
        return True
    if str(word) == "(":
        return before.type == "NAME"
    return before.type == "MINUS" and (earlier is None or earlier.type not in _OPERAND)


def _word(word: Token) -> str:
    return _quantity(str(word)) if word.type == "QUANTITY" else str(word)


def _quantity(text: str) -> str:
    """``50mm`` is set ``50 mm``, ``3 h`` is set ``3h``."""
    number, unit = quantity_parts(text)
    return f"{number}{'' if unit in DURATION_UNITS or not unit else ' '}{unit}"


def _same(before: list[Token], after: list[Token]) -> bool:
    return [(word.type, _word(word)) for word in before] == [(word.type, _word(word)) for word in after]
