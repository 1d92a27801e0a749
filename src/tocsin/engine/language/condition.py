"""Condition text -> typed tree. Bounded on hostile text: length, nesting, operators, numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, partial
from importlib.resources import files

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from tocsin.engine.language.build import Builder
from tocsin.engine.language.faults import bad_rule
from tocsin.engine.language.parser_tables import with_tables
from tocsin.engine.language.quantity import split_quantity, to_microseconds
from tocsin.engine.language.rule import Clear, Hold
from tocsin.engine.language.tree import Truth
from tocsin.engine.language.vocabulary import Vocabulary
from tocsin.terms.limits import (
    CONDITION_CHARACTERS,
    CONDITION_NESTING,
    CONDITION_OPERATORS,
    HOLD_CHARACTERS,
    HOLD_OBSERVATIONS,
)

__all__ = ["clear_parts", "parse_clear", "parse_condition", "parse_hold", "tokens_of"]

_OPERATOR = re.compile(r"\b(?:and|or|not|then|at)\b|[-+*/]|[<>=!]=?")
_STRING = re.compile(r'"[^"\n]*"')
_FOR = re.compile(r"\sfor\s+(?P<hold>[^\"()]*)$")
_HOLD_PART = re.compile(r"(?:(?P<count>[0-9]{1,6})\s*obs|(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[A-Za-z]+))")

_SPOKEN: Mapping[str, str] = {
    "QUANTITY": "a number such as 50 mm", "NAME": "a name such as value or sum(3h)", "STAGE": "a stage such as @alert_level",
    "STRING": "a name in double quotes", "COMPARISON": "a comparison (>= <= > < == !=)", "PLUS": "+", "MINUS": "-",
    "TIMES": "*", "PER": "/", "LPAR": "(", "RPAR": ")", "COMMA": ",", "AND": "and", "OR": "or", "NOT": "not",
    "OVER": "over", "AT": "at",
    "WITHIN": "within", "IN": "in", "THEN": "then", "COLON": ":", "REPORTS": "reports", "$END": "the end of the condition",
}  # fmt: skip


def parse_condition(text: str, vocabulary: Vocabulary) -> Truth:
    """A condition such as ``sum(3h) >= 50 mm`` as a typed tree, its literals in the unit of what they are compared with.

    Raises BadRule with line, column, what was expected and the nearest known name."""
    return Builder(text, vocabulary).condition(_syntax(text))


def parse_clear(text: str, vocabulary: Vocabulary) -> Clear:
    """A clear condition with an optional hold: ``sum(3h) < 30 mm for 1h``, ``value < @alert_level for 2 obs``."""
    condition, hold = clear_parts(text)
    if hold is None:
        return Clear(parse_condition(text, vocabulary), Hold(), text)
    at = len(text) - len(hold)
    return Clear(parse_condition(condition, vocabulary), parse_hold(hold, within=text, at=at), text)


def clear_parts(text: str) -> tuple[str, str | None]:
    """The condition of a clear text and its hold, None where it has none."""
    match = _FOR.search(text)
    return (text, None) if match is None else (text[: match.start()], match["hold"])


def parse_hold(text: str, within: str | None = None, at: int = 0) -> Hold:
    """``0s``, ``10min``, ``2 obs`` or ``10min and 2 obs``. Raises BadRule."""
    time_us, observations = 0, 1
    whole = within if within is not None else text
    if len(text) > HOLD_CHARACTERS:
        raise bad_rule(
            whole,
            at,
            f"a hold is at most {HOLD_CHARACTERS} characters long",
            "write a time, a number of observations, or both",
        )
    for part in text.split(" and "):
        match = _HOLD_PART.fullmatch(part.strip())
        if match is None:
            raise bad_rule(whole, at, f"{text.strip()[:40]!r} is no hold",
                           "write a time such as 10min, a number such as 2 obs, or 10min and 2 obs")  # fmt: skip
        if match["count"]:
            observations = int(match["count"])
            if not 1 <= observations <= HOLD_OBSERVATIONS:
                raise bad_rule(whole, at, f"a hold takes 1 to {HOLD_OBSERVATIONS} observations", "correct the number")
        elif float(match["number"][:40]) == 0 and match["unit"] in ("s", "min", "h", "d"):
            time_us = 0
        else:
            try:
                time_us = to_microseconds(*split_quantity(part.strip()))
            except ValueError as error:
                raise bad_rule(whole, at, str(error), "write a time such as 10min") from None
    return Hold(time_us, observations)


def _syntax(text: str) -> Tree[Token]:
    _refuse_huge(text)
    try:
        return _grammar().parse(text)
    except UnexpectedInput as error:
        raise _syntax_fault(text, error) from None


def _refuse_huge(text: str) -> None:
    """Limits first, by one pass over the characters, so that hostile text costs nothing more."""
    if not text.strip():
        raise bad_rule("", 0, "the condition is empty", "write one, such as sum(3h) >= 50 mm")
    if len(text) > CONDITION_CHARACTERS:
        raise bad_rule(text, CONDITION_CHARACTERS, f"a condition is at most {CONDITION_CHARACTERS} characters long",
                       "split the rule into several")  # fmt: skip
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth > CONDITION_NESTING:
            raise bad_rule(
                text, position, f"parentheses are nested at most {CONDITION_NESTING} deep", "write it flatter"
            )
    operators = list(_OPERATOR.finditer(_STRING.sub(lambda found: "_" * len(found[0]), text)))
    if len(operators) > CONDITION_OPERATORS:
        raise bad_rule(text, operators[CONDITION_OPERATORS].start(), f"a condition has at most {CONDITION_OPERATORS} operators",
                       "split the rule into several")  # fmt: skip


def _syntax_fault(text: str, error: UnexpectedInput) -> Exception:
    position = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(text)
    if isinstance(error, UnexpectedCharacters):
        wanted, found = error.allowed or set(), f"{text[position]!r} has no place here"
    elif isinstance(error, UnexpectedToken):
        ended = error.token.type == "$END"
        position = len(text.rstrip()) if ended else position
        wanted = error.accepts or error.expected
        found = "the condition ends too early" if ended else f"{str(error.token)[:40]!r} has no place here"
    else:
        wanted, found = set(), "the condition cannot be read"
    spoken = sorted({_SPOKEN[name] for name in wanted if name in _SPOKEN})
    return bad_rule(text, position, found, "expected " + (", ".join(spoken) or "a condition such as sum(3h) >= 50 mm"))


def tokens_of(text: str) -> list[Token]:
    """The words of a condition as the grammar reads them, in order: what a formatter sets anew. Raises BadRule."""
    _refuse_huge(text)
    try:
        syntax = _grammar(whole=True).parse(text)
    except UnexpectedInput as error:
        raise _syntax_fault(text, error) from None
    return list(syntax.scan_values(lambda value: isinstance(value, Token)))


@lru_cache(maxsize=2)
def _grammar(whole: bool = False) -> Lark:
    """``whole``: keep the words too that have no meaning of their own (parentheses, commas, and, or)."""
    source = files("tocsin.engine.language").joinpath("grammar.lark").read_text("utf-8")
    make = partial(
        Lark, source, parser="lalr", propagate_positions=True, maybe_placeholders=False, keep_all_tokens=whole
    )
    return with_tables(make, source, whole)
