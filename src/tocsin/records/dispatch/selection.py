"""Selections: recipients that are looked up when their shard is expanded, and addresses that are revealed when they are used.

A room that tells the public does not copy a hundred thousand addresses into its transaction: it names a selection and ranges
of it. Whoever keeps the contacts (``records.audience``) registers how ranges become recipients and how a sealed address is
opened; until then and afterwards no table of dispatch holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter, Recipient

__all__ = ["SEALED", "Revealed", "Selection", "expand", "register", "reveal"]

SEALED = "sealed:"  # begins an address that only its keeper can open


@dataclass(frozen=True, slots=True)
class Revealed:
    """An opened address; ``leave``: where this recipient says "no more" with one click; ``footer`` what the letter says
    of it."""

    address: str
    leave: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """``expand(criteria)`` gives the recipients of one range; ``open(addresses, language)`` what they stand for: who is not
    in the answer has left."""

    expand: Callable[[Mapping[str, Any]], Iterable[Recipient]]
    open: Callable[[Sequence[tuple[str, str]]], Mapping[str, Revealed]]


_known: dict[str, Selection] = {}


def register(name: str, selection: Selection) -> None:
    """Called once at start, by the keeper of the contacts."""
    _known[name] = selection


def expand(audience: Mapping[str, Any]) -> list[Recipient]:
    """The recipients of a shard that names a selection. Raises KeyError for one that nobody registered."""
    return list(_known[audience["selection"]].expand(audience))


def reveal(letters: Sequence[Letter]) -> tuple[list[Letter], list[Outcome]]:
    """Letters with their true addresses, and outcomes for those whose recipient has left meanwhile."""
    sealed = [letter for letter in letters if letter.address.startswith(SEALED)]
    if not sealed:
        return list(letters), []
    opened: dict[str, Revealed] = {}
    for selection in _known.values():
        opened |= selection.open([(letter.address, letter.language) for letter in sealed])
    shown, gone = [], []
    for letter in letters:
        if not letter.address.startswith(SEALED):
            shown.append(letter)
        elif (found := opened.get(letter.address)) is not None:
            body = f"{letter.body}\n\n{found.footer}" if found.footer else letter.body
            shown.append(replace(letter, address=found.address, body=body, leave=found.leave))
        else:
            gone.append(Outcome(letter.key, False, "the recipient has left", final=True))
    return shown, gone
