"""Whether a move of a case may be made, decided from what is known of it. Pure; kernel and worked examples both ask here."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.packkit.lifecycle import CaseKind, Move
from tocsin.packkit.roles import OWNER

__all__ = ["EARLIER", "Standing", "WhyNot", "earlier_name", "put_aside", "still_asked", "why_not"]

EARLIER = "#"  # parts a question from which of its earlier answers it is; no question can be called so


class WhyNot(enum.StrEnum):
    """Why a move is refused."""

    UNKNOWN = "unknown"
    STATE = "state"
    ROLE = "role"
    WHEN = "when"
    SAME_PERSON = "same_person"
    LEGS = "legs"
    CONTESTED = "contested"
    OPERATOR = "operator"
    REPLY = "reply"
    LATE = "late"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a case. ``makers``: by move, the account that made it last (``open`` for who opened it). ``running``:
    clocks whose deadline lies ahead; ``hops_left``: bodies to which its report still has to go up."""

    state: str
    values: Mapping[str, Any] = field(default_factory=dict)
    makers: Mapping[str, str] = field(default_factory=dict)
    legs_open: int = 0
    contested: bool = False
    replied: bool = False
    running: Collection[str] = ()
    hops_left: int = 0


def why_not(
    kind: CaseKind, code: str, standing: Standing, *, role: str, account: str, is_owner: bool, operates: bool = False
) -> WhyNot | None:
    """The first reason against a move, None where it may be made. ``operates``: the account holds a post of the facility."""
    move = kind.moves.get(code)
    if move is None:
        return WhyNot.UNKNOWN
    if standing.state not in move.before:
        return WhyNot.STATE
    if role not in move.who and not (is_owner and OWNER in move.who):
        return WhyNot.ROLE
    if any(standing.values.get(name) != value for name, value in move.when.items()):
        return WhyNot.WHEN
    if account and any(standing.makers.get(name) == account for name in move.someone_else):
        return WhyNot.SAME_PERSON
    if move.within and not any(name in standing.running for name in kind.with_variants(move.within)):
        return WhyNot.LATE
    return _guarded(move, standing, operates)


def still_asked(kind: CaseKind, form: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The questions of a form that have to be asked: those answered once are not asked again."""
    questions = kind.forms[form].questions if form else ()
    return tuple(question.name for question in questions if question.again or question.name not in values)


def put_aside(kind: CaseKind, form: str, names: Collection[str]) -> dict[str, str]:
    """The questions of a form that are asked again and were answered before, each with the name under which that answer goes
    on being kept: ``said#1`` is the oldest. What is left out this time is an earlier answer too, and none stands. ``names``:
    of all answers that are kept."""
    out = {}
    for question in kind.forms[form].questions if form else ():
        if question.again and question.name in names:
            out[question.name] = earlier_name(question.name, names)
    return out


def earlier_name(name: str, names: Collection[str]) -> str:
    """Under which name an answer goes on being kept when another takes its place."""
    times = 1
    while f"{name}{EARLIER}{times}" in names:
        times += 1
    return f"{name}{EARLIER}{times}"


def _guarded(move: Move, standing: Standing, operates: bool) -> WhyNot | None:
    against = {
        "legs_over": (standing.legs_open > 0, WhyNot.LEGS), "not_contested": (standing.contested, WhyNot.CONTESTED),
        "not_operator": (operates, WhyNot.OPERATOR), "replied": (not standing.replied, WhyNot.REPLY),
        "hops_left": (not standing.hops_left, WhyNot.CHAIN),
    }  # fmt: skip
    return next((reason for guard in move.guards for holds, reason in (against[guard],) if holds), None)
